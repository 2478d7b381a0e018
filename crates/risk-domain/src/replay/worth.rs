//! What the other rules would have found: counted where the outcome is known, estimated from the random stratum where it is not.
use serde::{Deserialize, Serialize};
use values::Lane;

use crate::{
    outcomes::{Estimate, Sample},
    select::{MatchOutcome, Selection, WHOLE},
    trace::Trace,
};

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// It did not conform.
    pub found: bool,
    pub revenue_vnd: i64,
}

/// A set of declarations and what is known of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    pub files: u64,
    /// Of them, those whose outcome is known; nothing is known of the others.
    pub known: u64,
    pub found: u64,
    pub revenue_vnd: i64,
}

impl Fate {
    fn add(&mut self, known: Option<Known>) {
        self.files += 1;
        if let Some(known) = known {
            self.known += 1;
            self.found += u64::from(known.found);
            self.revenue_vnd = self.revenue_vnd.saturating_add(known.revenue_vnd);
        }
    }
}

/// Declarations that the other rules select on purpose and the recorded ones did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Newly {
    pub files: u64,
    /// Of them, those that the draw had put into the random stratum, so that they were checked all the same.
    pub in_stratum: u64,
    /// What that stratum says of all of them; no rate when too few were concluded to say anything.
    pub estimate: Estimate,
}

/// Hits won and lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Green before, checked now.
    pub won: Fate,
    /// Checked before, green now.
    pub lost: Fate,
    /// Checked in both worlds.
    pub kept: Fate,
    pub newly: Newly,
}

/// Collects [`Worth`].
#[derive(Default)]
pub(super) struct Scale {
    worth: Worth,
    sample: Sample,
}

impl Scale {
    pub(super) fn add(&mut self, trace: &Trace, again: &Selection, known: Option<Known>) {
        let recorded = &trace.selection;
        match (recorded.lane > Lane::Green, again.lane > Lane::Green) {
            (false, true) => self.worth.won.add(known),
            (true, false) => self.worth.lost.add(known),
            (true, true) => self.worth.kept.add(known),
            (false, false) => {}
        }
        // An amendment shares the draws of its first version: it is not another draw from the stratum.
        if trace.facts.history.earlier_lane.is_none() && on_purpose(again) && !on_purpose(recorded) {
            self.worth.newly.files += 1;
            if recorded.random {
                self.worth.newly.in_stratum += 1;
                self.sample.add(recorded.random_propensity, known.map(|k| k.found));
            }
        }
    }

    pub(super) fn end(self) -> Worth {
        let newly = Newly { estimate: self.sample.estimate(), ..self.worth.newly };
        Worth { newly, ..self.worth }
    }
}

/// Selected by a profile or by the model; a share that was drawn for a profile counts, chance without a criterion does not.
fn on_purpose(selection: &Selection) -> bool {
    selection.propensity >= WHOLE || selection.matched.iter().any(|m| m.outcome == MatchOutcome::Selected)
}
