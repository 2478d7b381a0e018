//! All SQL of intake: declarations loaded and saved in sets, never one by one.
mod load;
mod save;

use platform::Instant;

pub use self::{
    load::{find, list, lock, payments, serials, versions},
    save::{insert, keep_payments, keep_versions, replace, update},
};

/// A declaration as it stands in the table.
#[derive(Debug, Clone)]
pub struct DeclarationRow {
    pub key: String,
    pub version: i16,
    pub state: String,
    pub lane: String,
    pub officer: String,
    pub sender: String,
    pub reference: String,
    pub class: String,
    pub office: String,
    pub wire: String,
    pub digest: Vec<u8>,
    pub body: Vec<u8>,
    pub duty_vnd: i64,
    pub paid_vnd: i64,
    pub guaranteed: bool,
    pub lodged_at: Instant,
    pub changed_at: Instant,
}

/// A version that was superseded.
#[derive(Debug, Clone)]
pub struct VersionRow {
    pub key: String,
    pub version: i16,
    pub digest: Vec<u8>,
    pub body: Vec<u8>,
    pub at: Instant,
}

/// A payment that was accepted.
#[derive(Debug, Clone)]
pub struct PaymentRow {
    pub reference: String,
    pub key: String,
    pub amount_vnd: i64,
    pub at: Instant,
}
