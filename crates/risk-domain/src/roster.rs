//! Who can take files at an office, and when.
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use values::Digest;

use crate::watch::Watch;

/// An officer as the roster names him or her.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Officer {
    pub code: String,
    /// import, export, special; empty: all.
    pub lists: Vec<String>,
    /// Commodity codes as prefixes (`2402`) or ranges of equal length (`84-90`); empty: all.
    pub skills: Vec<String>,
    /// Loading or unloading places; empty: all.
    #[serde(default)]
    pub places: Vec<String>,
    /// Open files at most; 0: the default of the rules in force.
    pub cap: u32,
    /// Tax codes and declarant codes that this officer must never be given: declared by the officer.
    pub conflicts: Vec<String>,
    /// The same, found by the pair monitor.
    #[serde(default)]
    pub learnt: Vec<String>,
    /// (from, to) in microseconds since 1970, `to` exclusive.
    pub shifts: Vec<(i64, i64)>,
    /// The same, of absences.
    #[serde(default)]
    pub leave: Vec<(i64, i64)>,
    #[serde(default)]
    pub suspended: bool,
}

/// All officers of an office, sorted by service code; nobody both examines and supervises (ASYCUDA: G1 and G2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    officers: Vec<Officer>,
    #[serde(default)]
    supervisors: Vec<Officer>,
    #[serde(skip)]
    digest: Once,
}

/// The digest of a roster, which every pick names: computed once. It follows from the rest and takes no part in comparisons.
#[derive(Debug, Clone, Default)]
struct Once(OnceLock<Digest>);

impl PartialEq for Once {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Once {}

impl Roster {
    /// Sorts by service code; of two with the same code the first counts, and an examiner before a supervisor.
    pub fn new(officers: Vec<Officer>, supervisors: Vec<Officer>) -> Self {
        let officers = sorted(officers);
        let mut supervisors = sorted(supervisors);
        supervisors.retain(|s| officers.binary_search_by(|o| o.code.cmp(&s.code)).is_err());
        Self { officers, supervisors, digest: Once::default() }
    }

    pub fn officers(&self) -> &[Officer] {
        &self.officers
    }

    pub fn supervisors(&self) -> &[Officer] {
        &self.supervisors
    }

    /// The examiners from `now` until somebody's shift or leave begins or ends.
    pub fn watch(&self, month_start_us: i64, now_us: i64) -> Watch {
        Watch::new(&self.officers, month_start_us, now_us)
    }

    /// Some examiner could take a file as far as the roster tells.
    pub fn is_manned(&self, now_us: i64) -> bool {
        self.officers.iter().any(|o| !o.suspended && o.on_shift(now_us) && !o.on_leave(now_us))
    }

    /// An examining officer by code.
    pub fn officer(&self, code: &str) -> Option<&Officer> {
        self.officers.binary_search_by(|o| o.code.as_str().cmp(code)).ok().map(|index| &self.officers[index])
    }

    /// SHA-256 of the roster as JSON in the order of its fields.
    pub fn digest(&self) -> Digest {
        // A roster of texts and integers always serialises.
        *self.digest.0.get_or_init(|| Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into())
    }
}

fn sorted(mut officers: Vec<Officer>) -> Vec<Officer> {
    officers.sort_by(|a, b| a.code.cmp(&b.code));
    officers.dedup_by(|a, b| a.code == b.code);
    officers
}

impl Officer {
    /// On shift at a moment, whether absent or not.
    pub fn on_shift(&self, now_us: i64) -> bool {
        within(&self.shifts, now_us)
    }

    /// On leave at a moment.
    pub fn on_leave(&self, now_us: i64) -> bool {
        within(&self.leave, now_us)
    }

    /// Minutes on roster from the start of the month to now, without leave, at least 1.
    pub fn minutes(&self, month_start_us: i64, now_us: i64) -> u64 {
        whole_minutes(self.worked_us(month_start_us, now_us))
    }

    /// Microseconds on roster from the start of the month to now, without leave.
    pub(crate) fn worked_us(&self, month_start_us: i64, now_us: i64) -> i64 {
        let worked = |shift: &(i64, i64)| {
            let (from, to) = (shift.0.max(month_start_us), shift.1.min(now_us));
            let away: i64 = self.leave.iter().map(|leave| overlap(*leave, (from, to))).sum();
            (to - from).max(0) - away
        };
        self.shifts.iter().map(worked).sum()
    }
}

/// At least 1.
pub(crate) fn whole_minutes(us: i64) -> u64 {
    (us / 60_000_000).max(1).unsigned_abs()
}

pub(crate) fn within(spans: &[(i64, i64)], now_us: i64) -> bool {
    spans.iter().any(|(from, to)| (*from..*to).contains(&now_us))
}

fn overlap(a: (i64, i64), b: (i64, i64)) -> i64 {
    (a.1.min(b.1) - a.0.max(b.0)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn nobody_examines_and_supervises() {
        let named = |code: &str| Officer { code: code.to_owned(), ..Officer::default() };
        let roster = Roster::new(vec![named("B"), named("A")], vec![named("B"), named("C")]);
        let codes = |list: &[Officer]| list.iter().map(|o| o.code.clone()).collect::<Vec<_>>();
        assert_eq!((codes(roster.officers()), codes(roster.supervisors())), (vec!["A".into(), "B".into()], vec!["C".to_owned()]));
    }

    #[test]
    fn leave_is_not_time_on_roster() {
        let officer = Officer { shifts: vec![(0, 100 * MINUTE)], leave: vec![(50 * MINUTE, 70 * MINUTE)], ..Officer::default() };
        assert_eq!((officer.minutes(0, 60 * MINUTE), officer.minutes(0, 100 * MINUTE)), (50, 80));
        assert!(officer.on_leave(50 * MINUTE) && !officer.on_leave(70 * MINUTE));
    }
}
