//! Where a vehicle is and whether it may pass: readings of plates are evidence, a visit is what they prove.
//!
//! Everything is pure: time, secrets and what is known come in as arguments, a [`Verdict`] goes out.
//! A service parses ([`Reading::parse`]), loads what is known ([`Sight`]), asks ([`judge`]) and carries the verdict out on a [`Visit`].

mod confusable;
mod fault;
mod gate;
mod judge;
mod reading;
mod settings;
mod sight;
mod vehicle;
mod visit;

#[cfg(test)]
mod tests;

pub use confusable::{confusable, confusable_plates};
pub use fault::Fault;
pub use gate::{Gate, Gates, GatesError};
pub use judge::{Doubt, HoldReason, Verdict, judge};
pub use reading::{Observed, Reading, Way};
pub use settings::{Settings, SettingsError};
pub use sight::{Announcement, Carried, LastReading, LookOut, OpenVisit, Sight};
pub use vehicle::{Vehicle, plate_id, vehicle_id};
pub use visit::{Illegal, Released, Visit, VisitState, visit_id};
