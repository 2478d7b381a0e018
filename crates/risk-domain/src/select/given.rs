//! What a selection is made from: profiles that hold, scores, rates, and what was decided before.
use serde::{Deserialize, Serialize};
use values::Lane;

use super::WHOLE;
use crate::{
    code::Form,
    draw::{Draw, Urn},
};

/// A profile whose criterion holds for the declaration.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    pub profile: &'a str,
    pub version: u32,
    /// First line that matched; 0: the declaration as a whole.
    pub line: u32,
    pub lane: Lane,
    pub form: Form,
    /// Millionths of the matching declarations that are selected.
    pub share: u32,
    /// Millionths added to the rule score.
    pub weight: u32,
    pub ground: &'a str,
    /// Hits an office and day at most; 0: any number.
    pub cap_per_day: u32,
    /// Checks of the same trader with nothing found, after which it is spared; 0: never.
    pub spare_after: u32,
}

/// Rates in millionths for an office and a direction (ASYCUDA: random quota and expected rates).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub random_documents: u32,
    pub random_scan: u32,
    /// Law's ceiling on random scanning (Circular 38/2015/TT-BTC article 9).
    pub most_scan: u32,
    pub expected_yellow: u32,
    pub expected_red: u32,
    /// The likeliest that one declaration is topped up: at certainty the next one could be foretold.
    pub top_up_most: u32,
    /// Of the declarations that the model is unsure about.
    pub explore_uncertain: u32,
    /// Of all.
    pub explore_random: u32,
}

/// Scores in millionths from which the model selects; `WHOLE + 1` and above: never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    pub yellow_at: u32,
    pub red_at: u32,
    pub critical_red_at: u32,
}

impl Thresholds {
    /// The model selects nothing.
    pub const NEVER: Self = Self { yellow_at: WHOLE + 1, red_at: WHOLE + 1, critical_red_at: WHOLE + 1 };
}

/// The learned score of one line, in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineScore {
    pub line: u32,
    pub fraud: u32,
    pub critical: u32,
}

/// What was decided before, on the same day, at the same office, in the same direction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    pub decided: u32,
    pub yellow: u32,
    pub red: u32,
    /// Scans selected by chance.
    pub scans: u32,
    /// (profile, hits today) of the profiles that match and have a cap.
    pub hits: Vec<(String, u32)>,
    /// (profile, checks of this trader as of yesterday with nothing found) of the profiles that match and spare.
    pub fruitless: Vec<(String, u32)>,
}

/// Everything a selection is made from.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub hits: &'a [Hit<'a>],
    pub scores: &'a [LineScore],
    pub thresholds: Thresholds,
    pub rates: Rates,
    pub counters: &'a Counters,
    pub earlier_lane: Option<Lane>,
    /// Draws of earlier versions.
    pub earlier: &'a [Draw],
    pub urn: Urn<'a>,
}
