//! Does the world still look as it did when the model was trained, and does chance still find as much?
use serde::{Deserialize, Serialize};

use super::{
    LEAST, Outcome,
    compare::{BINS, same_distribution, same_rate, stability},
};
use crate::select::WHOLE;

/// What the model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Declarations by tenth of the score.
    pub scores: [u64; BINS],
}

/// Indices from which scores have shifted somewhat and considerably: the usual rules of thumb (Siddiqi 2006, Credit Risk Scorecards).
const WATCH: f64 = 0.10;
const SHIFTED: f64 = 0.25;

/// Below this probability chance alone is no explanation any more.
const UNLIKELY: f64 = 0.01;

/// Days at the end of the stretch whose random checks are set against those before.
const RECENT_DAYS: i64 = 30;

/// What has drifted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Declarations by tenth of the score.
    pub scores: [u64; BINS],
    /// Absent without a reference or without declarations.
    pub score: Option<Shift>,
    /// (found, concluded) of the random stratum in the last 30 days, and before.
    pub recent: (u64, u64),
    pub before: (u64, u64),
    /// Fisher's exact test of the two; absent when either is too small to say anything.
    pub rate_p: Option<f64>,
    pub rate_alarm: Alarm,
}

/// The shift of scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// Population stability index.
    pub stability: f64,
    /// Chi-square test of homogeneity.
    pub p: f64,
    pub alarm: Alarm,
}

/// How loud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// Too little to say anything.
    Unknown,
    None,
    Watch,
    Alarm,
}

#[derive(Default)]
pub(super) struct Watch {
    scores: [u64; BINS],
    /// Concluded random checks by day.
    random: std::collections::BTreeMap<values::Day, (u64, u64)>,
}

impl Watch {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let bin = usize::try_from(outcome.score / (WHOLE / 10)).unwrap_or(BINS).min(BINS - 1);
        self.scores[bin] += 1;
        if let (true, Some(found)) = (outcome.random, outcome.found) {
            let day = self.random.entry(outcome.day).or_default();
            *day = (day.0 + u64::from(found), day.1 + 1);
        }
    }

    pub(super) fn end(&self, reference: Option<&Reference>) -> Drift {
        let (mut recent, mut before) = ((0, 0), (0, 0));
        if let Some(last) = self.random.keys().next_back() {
            for (day, (found, concluded)) in &self.random {
                let part = if last.signed_duration_since(*day).num_days() < RECENT_DAYS { &mut recent } else { &mut before };
                *part = (part.0 + found, part.1 + concluded);
            }
        }
        let rate_p = (recent.1 >= LEAST && before.1 >= LEAST).then(|| same_rate(recent, before));
        let rate_alarm = match rate_p {
            None => Alarm::Unknown,
            Some(p) if p < UNLIKELY => Alarm::Alarm,
            Some(_) => Alarm::None,
        };
        Drift { scores: self.scores, score: reference.and_then(|r| shift(&r.scores, &self.scores)), recent, before, rate_p, rate_alarm }
    }
}

/// The index alone calls chance a shift in a small sample, and the test calls any trifle one in a large sample: an alarm needs both.
fn shift(then: &[u64; BINS], now: &[u64; BINS]) -> Option<Shift> {
    let (stability, p) = (stability(then, now)?, same_distribution(then, now)?);
    let alarm = match (p < UNLIKELY, stability) {
        (true, s) if s >= SHIFTED => Alarm::Alarm,
        (true, s) if s >= WATCH => Alarm::Watch,
        _ => Alarm::None,
    };
    Some(Shift { stability, p, alarm })
}
