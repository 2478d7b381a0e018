//! Everything a decision rests on, in one canonical text.
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use values::Digest;

use crate::{
    assign::Assignment,
    draw::Draw,
    facts::Facts,
    select::{Counters, LineScore, Selection},
};

/// The trace of one decision; as JSON in the order of its fields it is canonical: texts and integers alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub office: String,
    /// YYYY-MM-DD: the open day.
    pub day: String,
    /// Microseconds since 1970: `recorded_at` of the decision.
    pub now_us: i64,
    pub declaration: String,
    pub version: u32,
    pub facts: Facts,
    /// Digest of the rules in force, hex.
    pub rules: String,
    /// Digest of the model in force, hex; '' without one.
    pub model: String,
    /// Of each line, in order; empty without a model.
    pub scores: Vec<LineScore>,
    /// What had been decided on this day, at this office and in this direction, before.
    pub counters: Counters,
    /// Draws of earlier versions, which an amendment keeps.
    pub earlier: Vec<Draw>,
    pub selection: Selection,
    pub points: u32,
    /// Absent on the green lane.
    pub pick: Option<PickTrace>,
}

/// What an assignment rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickTrace {
    pub office: String,
    /// YYYY-MM-DD: the open day whose key was drawn from.
    pub day: String,
    /// Microseconds since 1970: `recorded_at` of the assignment.
    pub now_us: i64,
    pub declaration: String,
    pub version: u32,
    /// Raised by every further assignment of the same version.
    pub round: u32,
    /// Digest of the roster, hex.
    pub roster: String,
    /// import, export or special.
    pub list: String,
    pub commodities: Vec<String>,
    pub places: Vec<String>,
    pub trader: String,
    pub declarant: String,
    /// Officers who were not to get it.
    pub excluded: Vec<String>,
    /// Open files at most for who has no cap of his own.
    pub default_cap: u32,
    /// A supervisor is drawn too.
    pub supervised: bool,
    /// Who had the version before, or has the group: (officer, number), RETURNED or TOGETHER when nothing hinders him.
    pub preferred: Option<Preferred>,
    pub assignment: Assignment,
    /// DRAWN, ONLY, RETURNED, TOGETHER or QUEUED.
    pub how: String,
    /// Supervisors whom nothing hinders, by code.
    pub supervisors: Vec<String>,
    /// One of them; '' when none is needed or there.
    pub supervisor: String,
    /// Absent when there was nothing to choose.
    pub supervisor_draw: Option<Draw>,
}

/// The officer to whom a file belongs before any draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferred {
    pub officer: String,
    /// RETURNED or TOGETHER.
    pub how: String,
    /// The declaration that he has.
    pub from: String,
}

impl Trace {
    /// Canonical JSON.
    pub fn bytes(&self) -> Vec<u8> {
        // Texts and integers always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Trace::bytes`] wrote.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

impl PickTrace {
    /// Canonical JSON.
    pub fn bytes(&self) -> Vec<u8> {
        // Texts and integers always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`PickTrace::bytes`] wrote.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// `SHA-256(salt ‖ trace)`: the salt keeps a guessed trace from being confirmed.
pub fn digest(salt: &[u8; 16], trace: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(trace);
    hash.finalize().into()
}
