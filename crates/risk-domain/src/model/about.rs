//! What an artefact says of itself.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ModelFault;

/// Description of a model: where it comes from and how it is to be read. Whole numbers only, so that it is the same text everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The history in words.
    pub source: String,
    /// Whether the history was generated rather than observed.
    pub made_up: bool,
    /// First and last day of the history, YYYY-MM-DD.
    pub from: String,
    pub to: String,
    /// Rows of the history, and frauds and critical frauds among them.
    pub rows: u32,
    pub frauds: u32,
    pub critical: u32,
    /// Rows that set the thresholds.
    pub valid_rows: u32,
    /// SHA-256 of history and valid rows, in hex.
    pub data_digest: String,
    /// Name and version of what grew the trees.
    pub trainer: String,
    pub seed: u64,
    /// Millionths of the score.
    pub thresholds: Thresholds,
    /// Millionths by name, measured on the valid rows.
    pub metrics: BTreeMap<String, i64>,
}

/// Thresholds of both targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Thresholds {
    pub fraud: Cuts,
    pub critical: Cuts,
}

/// Lowest scores, in millionths, of a band and of the lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cuts {
    /// From here to `yellow` the model is unsure: the band that exploration samples.
    pub uncertain: u32,
    pub yellow: u32,
    pub red: u32,
}

impl About {
    pub(super) fn check(&self) -> Result<(), ModelFault> {
        let ordered = |cuts: Cuts| cuts.uncertain <= cuts.yellow && cuts.yellow <= cuts.red;
        if ordered(self.thresholds.fraud) && ordered(self.thresholds.critical) { Ok(()) } else { Err(ModelFault::Thresholds) }
    }
}
