//! Who is there and for how long, between two changes of one roster: computed once, asked at every decision.
use crate::roster::{Officer, whole_minutes, within};

/// The examiners of a roster over a stretch in which nobody's shift or leave begins or ends.
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

/// What an officer has worked at the start of a watch, and how fast it grows through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hours {
    worked_us: i64,
    /// Shifts that run, less the leaves that run through each.
    running: i64,
    on: bool,
}

impl Watch {
    pub(crate) fn new(officers: &[Officer], month_start_us: i64, now_us: i64) -> Self {
        let spans = officers.iter().flat_map(|o| o.shifts.iter().chain(&o.leave));
        let edges = spans.flat_map(|(from, to)| [*from, *to]).chain([month_start_us]);
        let until_us = edges.filter(|edge| *edge > now_us).min().unwrap_or(i64::MAX);
        let hours: Vec<Hours> = officers.iter().map(|officer| Hours::new(officer, month_start_us, now_us)).collect();
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

impl Hours {
    fn new(officer: &Officer, month_start_us: i64, now_us: i64) -> Self {
        let count = |spans: &[(i64, i64)]| i64::try_from(spans.iter().filter(|span| within(&[**span], now_us)).count()).unwrap_or(0);
        let shifts = if now_us < month_start_us { 0 } else { count(&officer.shifts) };
        Self { worked_us: officer.worked_us(month_start_us, now_us), running: shifts * (1 - count(&officer.leave)), on: officer.on_shift(now_us) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::roster::Roster;

    const MINUTE: i64 = 60_000_000;

    fn spans(list: &[(i64, i64)]) -> Vec<(i64, i64)> {
        list.iter().map(|(from, long)| (from * MINUTE, (from + long) * MINUTE)).collect()
    }

    proptest! {
        #[test]
        fn a_watch_says_what_the_officers_say_until_something_changes(
            lists in prop::collection::vec(
                (prop::collection::vec((0_i64..100, 0_i64..30), 0..4), prop::collection::vec((0_i64..100, 0_i64..30), 0..2)), 1..5),
            month in 0_i64..40,
            start in 0_i64..120,
        ) {
            let officers = lists.iter().enumerate().map(|(n, (shifts, leave))| {
                Officer { code: format!("O{n}"), shifts: spans(shifts), leave: spans(leave), ..Officer::default() }
            });
            let roster = Roster::new(officers.collect(), vec![]);
            let watch = roster.watch(month * MINUTE, start * MINUTE);
            for now in (start..130).map(|m| m * MINUTE).take_while(|now| watch.covers(month * MINUTE, *now)) {
                for (index, officer) in roster.officers().iter().enumerate() {
                    prop_assert_eq!(watch.on_shift(index), officer.on_shift(now));
                    prop_assert_eq!(watch.on().contains(&index), officer.on_shift(now));
                    prop_assert_eq!(watch.minutes(index, now), officer.minutes(month * MINUTE, now));
                }
            }
        }
    }
}
