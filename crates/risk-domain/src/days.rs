//! An office's days: keys committed ahead, one day open at a time, dates only rise, a key is revealed only after its day is closed.
use chrono::{Datelike, TimeDelta};
use values::{Day, Instant, local_day, start_of};

/// Days ahead for which keys are committed.
pub const AHEAD: u64 = 8;

/// Where an office stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfficeDays {
    pub open: Option<Day>,
    /// The last day that was closed.
    pub closed: Option<Day>,
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

/// One microsecond: rows of one office are recorded at rising times, so that their order is known across streams.
const TICK: TimeDelta = TimeDelta::microseconds(1);

/// The time at which the next row is recorded, and the steps before it: `now = max(clock, the office's last + 1 µs)`.
pub fn advance(days: &mut OfficeDays, clock: Instant) -> (Instant, Vec<Step>) {
    let now = tick(days, clock);
    let today = local_day(now);
    if days.open.is_some_and(|open| open >= today) {
        return (now, Vec::new());
    }
    let mut steps = end(days);
    let next = days.closed.and_then(|closed| closed.succ_opt()).map_or(today, |after| after.max(today));
    steps.push(Step::Open { day: next });
    days.open = Some(next);
    days.decisions = 0;
    (now, steps)
}

/// Ends the open day before its time: what follows is decided on the next one.
pub fn close(days: &mut OfficeDays, clock: Instant) -> (Instant, Vec<Step>) {
    (tick(days, clock), end(days))
}

fn tick(days: &mut OfficeDays, clock: Instant) -> Instant {
    let now = days.last.map_or(clock, |last| (last + TICK).max(clock));
    days.last = Some(now);
    now
}

fn end(days: &mut OfficeDays) -> Vec<Step> {
    let Some(day) = days.open.take() else { return Vec::new() };
    days.closed = Some(day);
    vec![Step::Close { day, decisions: days.decisions }, Step::Reveal { day }]
}

/// Days that have no key yet, from today or the open day on.
pub fn days_to_commit(today: Day, open: Option<Day>, committed: &[Day]) -> Vec<Day> {
    let from = open.map_or(today, |open| open.max(today));
    from.iter_days().take(usize::try_from(AHEAD).unwrap_or(8) + 1).filter(|d| !committed.contains(d)).collect()
}

/// Microseconds since 1970 at which the month of a day began, local time.
pub fn month_start_us(day: Day) -> i64 {
    start_of(day.with_day(1).unwrap_or(day)).timestamp_micros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dates_only_rise_and_keys_are_revealed_after_their_day(jumps in prop::collection::vec(-200_000_i64..400_000, 1..60)) {
            let mut days = OfficeDays::default();
            let mut clock = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            let (mut last, mut opened, mut closed) = (None, Vec::<Day>::new(), Vec::<Day>::new());
            for jump in jumps {
                clock += TimeDelta::seconds(jump);
                let early = jump % 5 == 0;
                let (now, steps) = if early { close(&mut days, clock) } else { advance(&mut days, clock) };
                prop_assert!(last.is_none_or(|l| l < now) && now >= clock);
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
                prop_assert_eq!(days.open.is_some(), opened.len() > closed.len());
                prop_assert!(early || days.open == opened.last().copied());
            }
        }
    }

    #[test]
    fn keys_are_made_for_today_and_eight_days_ahead() {
        let today = Day::from_ymd_opt(2026, 11, 24).unwrap();
        assert_eq!(days_to_commit(today, None, &[]).len(), 9);
        assert_eq!(days_to_commit(today, today.succ_opt(), &[]).first(), today.succ_opt().as_ref());
        assert_eq!(days_to_commit(today, None, &[today]).first(), today.succ_opt().as_ref());
    }
}
