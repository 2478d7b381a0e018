//! Everything a decision rests on, in one canonical text.
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use values::Digest;

use crate::{assign::Assignment, facts::Facts, select::Selection};

/// The trace of one decision; as JSON in the order of its fields it is canonical: texts and integers alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub office: String,
    /// YYYY-MM-DD: the open day whose key was drawn from.
    pub day: String,
    /// YYYY-MM-DD: the day of the first version's decision, whose key the selection draws come from: an amendment keeps its draws.
    pub selection_day: String,
    /// Microseconds since 1970.
    pub now_us: i64,
    pub declaration: String,
    pub version: u32,
    /// Raised by every further assignment of the same version.
    pub round: u32,
    pub facts: Facts,
    /// Hex.
    pub rules: String,
    /// Hex.
    pub roster: String,
    pub selection: Selection,
    /// Absent on the green lane.
    pub assignment: Option<Assignment>,
    /// Officers who were not to get it.
    pub excluded: Vec<String>,
    pub points: u32,
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

/// `SHA-256(salt ‖ trace)`: the salt keeps a guessed trace from being confirmed.
pub fn digest(salt: &[u8; 16], trace: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(trace);
    hash.finalize().into()
}
