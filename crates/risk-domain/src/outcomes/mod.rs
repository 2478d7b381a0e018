//! What checks found: per profile and for the model, beside the random stratum; pure statistics that decide nothing.
mod compare;
mod drift;
mod rate;
mod record;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::{Day, Lane};

pub use compare::{BINS, chi_square_tail, same_distribution, same_rate, stability};
pub use drift::{Alarm, Drift, Reference, Shift};
pub use rate::{Estimate, LEAST, Rate, Sample, Total, difference, wilson};
pub use record::{ProfileRecord, Record, Verdict};

/// Format of [`Report`] as JSON.
pub const FORMAT: &str = "cleargate.outcomes/1";

/// One decided declaration, checked or not, and what its check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// (id, version) of the profiles that selected it.
    pub profiles: Vec<(String, u32)>,
    /// What decided, as in [`crate::Selection::by`].
    pub by: String,
    /// In the random stratum.
    pub random: bool,
    /// Millionths: how likely it was to be in the random stratum.
    pub random_propensity: u32,
    /// Millionths: how likely it was to leave the green lane.
    pub propensity: u32,
    /// Millionths: the model's highest line.
    pub score: u32,
    pub lane: Lane,
    /// The check did not conform; absent while it is not concluded, and on the green lane.
    pub found: Option<bool>,
    pub revenue_vnd: i64,
    pub day: Day,
}

/// Hits, rates and alarms of a stretch of days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub format: String,
    pub from: Option<Day>,
    /// Inclusive.
    pub to: Option<Day>,
    pub declarations: u64,
    /// The rate among all declarations, from those that were selected by a draw that looks at nothing.
    pub random: Estimate,
    pub model: Record,
    /// By id, then version.
    pub profiles: Vec<ProfileRecord>,
    /// (id, version) of profiles that find less than chance does.
    pub retire: Vec<(String, u32)>,
    pub drift: Drift,
}

/// Adds it all up; `today` is the day that days since the last hit are counted to.
pub fn report<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>, reference: Option<&Reference>, today: Day) -> Report {
    let mut sums = Sums::default();
    for outcome in outcomes {
        sums.add(outcome);
    }
    sums.end(reference, today)
}

#[derive(Default)]
struct Sums<'o> {
    declarations: u64,
    days: Option<(Day, Day)>,
    random: Sample,
    model: record::Tally,
    profiles: BTreeMap<(&'o str, u32), record::Tally>,
    watch: drift::Watch,
}

impl<'o> Sums<'o> {
    fn add(&mut self, outcome: &'o Outcome) {
        self.declarations += 1;
        self.days = Some(self.days.map_or((outcome.day, outcome.day), |(from, to)| (from.min(outcome.day), to.max(outcome.day))));
        self.watch.add(outcome);
        if outcome.random {
            self.random.add(outcome.random_propensity, outcome.found);
        }
        if outcome.by == "model" {
            self.model.add(outcome);
        }
        for (id, version) in &outcome.profiles {
            self.profiles.entry((id, *version)).or_default().add(outcome);
        }
    }

    fn end(self, reference: Option<&Reference>, today: Day) -> Report {
        let random = self.random.estimate();
        let profiles: Vec<ProfileRecord> = self
            .profiles
            .into_iter()
            .map(|((id, version), tally)| ProfileRecord { id: id.to_owned(), version, record: tally.end(&random, today) })
            .collect();
        let retire = profiles.iter().filter(|p| p.record.verdict == Verdict::Worse).map(|p| (p.id.clone(), p.version)).collect();
        Report {
            format: FORMAT.to_owned(),
            from: self.days.map(|d| d.0),
            to: self.days.map(|d| d.1),
            declarations: self.declarations,
            random,
            model: self.model.end(&random, today),
            profiles,
            retire,
            drift: self.watch.end(reference),
        }
    }
}

#[cfg(test)]
mod tests;
