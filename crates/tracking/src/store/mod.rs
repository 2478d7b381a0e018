//! All SQL of tracking: sets of rows, never one by one.
//!
//! [`find`] locks and loads what a batch is about (by table, then key: vehicles, then carried), [`save`] writes it, [`view`] is what callers read.
mod find;
mod save;
pub mod view;

use platform::Instant;

pub use self::{
    find::{bound, concerned, existing, judged, lock_carried, lock_vehicles, open_visits, seen},
    save::{bind, keep, save_carried, save_vehicles, save_visits},
};

/// A vehicle as it stands in the table.
#[derive(Debug, Clone)]
pub struct VehicleRow {
    pub id: String,
    pub plate: String,
    pub country: String,
    pub announced_gate: String,
    pub announced_at: Option<Instant>,
    pub announced: String,
    pub held_gate: String,
    pub held_reason: String,
    pub held_at: Option<Instant>,
}

/// A declaration as tracking knows it.
#[derive(Debug, Clone)]
pub struct CarriedRow {
    pub key: String,
    pub version: i16,
    pub vehicle: String,
    pub direction: String,
    pub cleared: i16,
    pub withdrawn: bool,
    pub departed: bool,
}

/// A visit without what it carries.
#[derive(Debug, Clone)]
pub struct VisitRow {
    pub id: String,
    pub vehicle: String,
    pub gate: String,
    pub office: String,
    pub state: String,
    pub reason: String,
    pub arrived_at: Instant,
    pub departed_at: Option<Instant>,
}

/// A declaration bound to a visit.
#[derive(Debug, Clone)]
pub struct Bound {
    pub visit: String,
    pub declaration: String,
}

/// What makes a reading unique for ever: camera, time, keyed hash of the plate.
pub type NaturalKey = (String, Instant, String);

/// A reading and what it led to.
#[derive(Debug, Clone)]
pub struct ReadingRow {
    pub camera: String,
    pub observed_at: Instant,
    pub plate: String,
    pub vehicle: String,
    pub gate: String,
    pub direction: String,
    pub confidence: i16,
    pub image: String,
    pub outcome: String,
    pub reason: String,
    pub visit: String,
}

/// An earlier reading that was no repeat.
#[derive(Debug, Clone)]
pub struct Judged {
    pub vehicle: String,
    pub gate: String,
    pub direction: String,
    pub observed_at: Instant,
    pub outcome: String,
    pub reason: String,
}

/// A vehicle whose earlier readings matter, and the span in which they do.
#[derive(Debug, Clone)]
pub struct Span {
    pub vehicle: String,
    pub from: Instant,
    pub to: Instant,
}
