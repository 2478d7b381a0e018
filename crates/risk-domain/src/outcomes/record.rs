//! What one profile, or the model, has found.
#![expect(clippy::cast_precision_loss, reason = "counts of checks are far below 2^52")]
use serde::{Deserialize, Serialize};
use values::Day;

use super::{
    Outcome,
    rate::{Estimate, LEAST, Rate, difference, wilson},
};

/// Hits, examinations and finds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Declarations selected.
    pub hits: u64,
    /// Of them, those whose check is concluded.
    pub examinations: u64,
    /// Of those, the ones that did not conform.
    pub found: u64,
    /// Found ÷ examinations; absent below [`LEAST`] examinations.
    pub rate: Option<Rate>,
    pub revenue_vnd: i64,
    /// Since a declaration was last selected; absent when none was.
    pub days_since_hit: Option<i64>,
    /// Since the last declaration whose check did not conform was selected.
    pub days_since_find: Option<i64>,
    /// Rate less that of the random stratum; absent unless both are known.
    pub difference: Option<Rate>,
    pub verdict: Verdict,
}

/// One version of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileRecord {
    pub id: String,
    pub version: u32,
    pub record: Record,
}

/// The rate beside the random stratum's.
///
/// Worse and better need the 95 % interval of the difference (Newcombe 1998) to lie wholly on one side of 0. Whenever the upper Wilson bound
/// is below the stratum's lower bound, so is that interval: the rule proposes every such profile, and sees a real difference earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    NoDifference,
    /// Proposed for retirement.
    Worse,
    /// Fewer than [`LEAST`] examinations of its own.
    TooFew,
    /// The random stratum itself has too few.
    NoStratum,
}

/// Adds a [`Record`] up.
#[derive(Default)]
pub(super) struct Tally {
    hits: u64,
    examinations: u64,
    found: u64,
    revenue_vnd: i64,
    last: Option<Day>,
    last_find: Option<Day>,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.hits += 1;
        self.examinations += u64::from(outcome.found.is_some());
        self.found += u64::from(outcome.found == Some(true));
        self.revenue_vnd = self.revenue_vnd.saturating_add(outcome.revenue_vnd);
        self.last = self.last.max(Some(outcome.day));
        if outcome.found == Some(true) {
            self.last_find = self.last_find.max(Some(outcome.day));
        }
    }

    pub(super) fn end(&self, random: &Estimate, today: Day) -> Record {
        let rate = (self.examinations >= LEAST).then(|| wilson(self.found as f64, self.examinations as f64));
        let difference = rate.zip(random.rate).map(|(own, stratum)| difference(own, stratum));
        let verdict = match (rate, difference) {
            (None, _) => Verdict::TooFew,
            (_, None) => Verdict::NoStratum,
            (_, Some(d)) if d.high < 0.0 => Verdict::Worse,
            (_, Some(d)) if d.low > 0.0 => Verdict::Better,
            _ => Verdict::NoDifference,
        };
        let since = |last: Day| today.signed_duration_since(last).num_days();
        Record {
            hits: self.hits,
            examinations: self.examinations,
            found: self.found,
            rate,
            revenue_vnd: self.revenue_vnd,
            days_since_hit: self.last.map(since),
            days_since_find: self.last_find.map(since),
            difference,
            verdict,
        }
    }
}
