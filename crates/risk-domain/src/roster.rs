//! Who can take files at an office, and when.
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use values::Digest;

/// An officer as the roster names him or her.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Officer {
    pub code: String,
    /// import, export, special; empty: all.
    pub lists: Vec<String>,
    /// Prefixes of commodity codes; empty: all.
    pub skills: Vec<String>,
    /// Open files at most; 0: the set's default.
    pub cap: u32,
    /// Tax codes and declarant codes that this officer must never be given.
    pub conflicts: Vec<String>,
    /// (from, to) in microseconds since 1970, `to` exclusive.
    pub shifts: Vec<(i64, i64)>,
}

/// All officers of an office, sorted by service code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    officers: Vec<Officer>,
}

impl Roster {
    /// Sorts by service code; of two with the same code the first counts.
    pub fn new(mut officers: Vec<Officer>) -> Self {
        officers.sort_by(|a, b| a.code.cmp(&b.code));
        officers.dedup_by(|a, b| a.code == b.code);
        Self { officers }
    }

    pub fn officers(&self) -> &[Officer] {
        &self.officers
    }

    /// SHA-256 of the roster as JSON in the order of its fields.
    pub fn digest(&self) -> Digest {
        // A roster of texts and integers always serialises.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

impl Officer {
    /// On shift at a moment.
    pub fn on_shift(&self, now_us: i64) -> bool {
        self.shifts.iter().any(|(from, to)| (*from..*to).contains(&now_us))
    }

    /// Minutes on roster from the start of the month to now, at least 1.
    pub fn minutes(&self, month_start_us: i64, now_us: i64) -> u64 {
        let worked: i64 = self.shifts.iter().map(|(from, to)| (*to.min(&now_us) - *from.max(&month_start_us)).max(0)).sum();
        (worked / 60_000_000).max(1).unsigned_abs()
    }
}
