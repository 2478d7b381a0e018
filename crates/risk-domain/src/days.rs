//! An office's days: keys committed ahead, one day open at a time, dates only rise, a key is revealed only after its day is closed.
use values::{Day, Instant, local_day};

/// Days ahead for which keys are committed.
pub const AHEAD: u64 = 8;

/// Where an office stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfficeDays {
    pub open: Option<Day>,
    /// On the open day.
    pub decisions: u32,
    /// Time of the last row of the office.
    pub last: Option<Instant>,
}

/// What must be journaled before the next decision, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Close { day: Day, decisions: u32 },
    Reveal { day: Day },
    Open { day: Day },
}

/// The time at which the next row is recorded, and the steps before it: `now = max(clock, the office's last)`.
pub fn advance(days: &mut OfficeDays, clock: Instant) -> (Instant, Vec<Step>) {
    let now = days.last.map_or(clock, |last| last.max(clock));
    let today = local_day(now);
    days.last = Some(now);
    let mut steps = Vec::new();
    match days.open {
        Some(open) if open >= today => return (now, steps),
        Some(open) => {
            steps.push(Step::Close { day: open, decisions: days.decisions });
            steps.push(Step::Reveal { day: open });
        }
        None => {}
    }
    steps.push(Step::Open { day: today });
    days.open = Some(today);
    days.decisions = 0;
    (now, steps)
}

/// Days from today on that have no key yet.
pub fn days_to_commit(today: Day, committed: &[Day]) -> Vec<Day> {
    today.iter_days().take(usize::try_from(AHEAD).unwrap_or(8) + 1).filter(|d| !committed.contains(d)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dates_only_rise_and_keys_are_revealed_after_their_day(jumps in prop::collection::vec(-200_000_i64..400_000, 1..60)) {
            let mut days = OfficeDays::default();
            let mut clock = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            let (mut last, mut opened, mut closed) = (None, Vec::<Day>::new(), Vec::<Day>::new());
            for jump in jumps {
                clock += TimeDelta::seconds(jump);
                let (now, steps) = advance(&mut days, clock);
                prop_assert!(last.is_none_or(|l| l <= now) && now >= clock);
                last = Some(now);
                for step in steps {
                    match step {
                        Step::Open { day } => {
                            prop_assert!(opened.last().is_none_or(|o| *o < day));
                            prop_assert_eq!(opened.len(), closed.len());
                            opened.push(day);
                        }
                        Step::Close { day, .. } => {
                            prop_assert_eq!(opened.last(), Some(&day));
                            closed.push(day);
                        }
                        Step::Reveal { day } => prop_assert_eq!(closed.last(), Some(&day)),
                    }
                }
                prop_assert_eq!(days.open, opened.last().copied());
            }
        }
    }

    #[test]
    fn keys_are_made_for_today_and_eight_days_ahead() {
        let today = Day::from_ymd_opt(2026, 11, 24).unwrap();
        assert_eq!(days_to_commit(today, &[]).len(), 9);
        assert_eq!(days_to_commit(today, &[today]).first(), today.succ_opt().as_ref());
    }
}
