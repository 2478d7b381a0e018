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

    /// The roster from `now` until somebody's shift begins or ends.
    pub fn watch(&self, month_start_us: i64, now_us: i64) -> Watch {
        Watch::new(&self.officers, month_start_us, now_us)
    }

    /// SHA-256 of the roster as JSON in the order of its fields.
    pub fn digest(&self) -> Digest {
        // A roster of texts and integers always serialises.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// Who is on shift and for how long, between two changes of shift of one roster: computed once, asked at every decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    month_start_us: i64,
    /// It holds from here.
    from_us: i64,
    /// To here, exclusive.
    until_us: i64,
    /// By index in the roster.
    hours: Vec<Hours>,
    /// Indices in the roster of those on shift.
    on: Vec<usize>,
}

/// What an officer has worked at the start of a watch, and how many of the shifts run on through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hours {
    worked_us: i64,
    running: i64,
    on: bool,
}

impl Hours {
    /// Lowers `until_us` to the officer's next change.
    fn new(officer: &Officer, month_start_us: i64, now_us: i64, until_us: &mut i64) -> Self {
        let mut hours = Self { worked_us: 0, running: 0, on: false };
        for &(from, to) in &officer.shifts {
            let begin = from.max(month_start_us);
            hours.worked_us += (to.min(now_us) - begin).max(0);
            hours.running += i64::from((begin..to).contains(&now_us));
            hours.on |= (from..to).contains(&now_us);
            for edge in [from, to] {
                *until_us = if edge > now_us { edge.min(*until_us) } else { *until_us };
            }
        }
        hours
    }
}

impl Watch {
    fn new(officers: &[Officer], month_start_us: i64, now_us: i64) -> Self {
        let mut until_us = if month_start_us > now_us { month_start_us } else { i64::MAX };
        let hours: Vec<Hours> = officers.iter().map(|officer| Hours::new(officer, month_start_us, now_us, &mut until_us)).collect();
        let on = hours.iter().enumerate().filter(|(_, h)| h.on).map(|(index, _)| index).collect();
        Self { month_start_us, from_us: now_us, until_us, hours, on }
    }

    /// True if it answers for this month and moment of its roster.
    pub fn covers(&self, month_start_us: i64, now_us: i64) -> bool {
        self.month_start_us == month_start_us && (self.from_us..self.until_us).contains(&now_us)
    }

    /// Indices in the roster of those on shift, rising.
    pub fn on(&self) -> &[usize] {
        &self.on
    }

    /// On shift; `index` in the roster.
    pub fn on_shift(&self, index: usize) -> bool {
        self.hours.get(index).is_some_and(|h| h.on)
    }

    /// [`Officer::minutes`] of the one at `index` in the roster, at a moment that it covers.
    pub fn minutes(&self, index: usize, now_us: i64) -> u64 {
        let Some(hours) = self.hours.get(index) else { return 1 };
        whole_minutes(hours.worked_us + hours.running * (now_us - self.from_us))
    }
}

/// At least 1.
fn whole_minutes(us: i64) -> u64 {
    (us / 60_000_000).max(1).unsigned_abs()
}

impl Officer {
    /// On shift at a moment.
    pub fn on_shift(&self, now_us: i64) -> bool {
        self.shifts.iter().any(|(from, to)| (*from..*to).contains(&now_us))
    }

    /// Minutes on roster from the start of the month to now, at least 1.
    pub fn minutes(&self, month_start_us: i64, now_us: i64) -> u64 {
        whole_minutes(self.worked_us(month_start_us, now_us))
    }

    fn worked_us(&self, month_start_us: i64, now_us: i64) -> i64 {
        self.shifts.iter().map(|(from, to)| (*to.min(&now_us) - *from.max(&month_start_us)).max(0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_watch_says_what_the_officers_say_until_a_shift_changes(
            shifts in prop::collection::vec(prop::collection::vec((0_i64..100, 0_i64..30), 0..4), 1..5),
            month in 0_i64..40,
            start in 0_i64..120,
        ) {
            let minute = 60_000_000;
            let officer = |(n, list): (usize, Vec<(i64, i64)>)| {
                let shifts = list.into_iter().map(|(from, long)| (from * minute, (from + long) * minute)).collect();
                Officer { code: format!("O{n}"), shifts, ..Officer::default() }
            };
            let roster = Roster::new(shifts.into_iter().enumerate().map(officer).collect());
            let watch = roster.watch(month * minute, start * minute);
            for now in (start..130).map(|m| m * minute).take_while(|now| watch.covers(month * minute, *now)) {
                for (index, officer) in roster.officers().iter().enumerate() {
                    prop_assert_eq!(watch.on_shift(index), officer.on_shift(now));
                    prop_assert_eq!(watch.on().contains(&index), officer.on_shift(now));
                    prop_assert_eq!(watch.minutes(index, now), officer.minutes(month * minute, now));
                }
            }
        }
    }
}
