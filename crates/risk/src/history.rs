//! What closed days say of a trader, a declarant or a vehicle: the database is asked once a day.
//!
//! A transaction adds to the day in which it works and asks for the days before it alone, for checks by sparing profiles as well. So the sums
//! before a day are final as soon as no transaction works in an earlier one. Half an hour after midnight that is so: clocks are closer to each
//! other, and what began before midnight has been committed or was ended by its timeouts. Until then, and while an office is ahead of the clock
//! in another day, nothing is remembered and what was is forgotten. Should a late count come nonetheless, decisions of this process miss it
//! until the next day; they can still be taken again, since each trace has the history that was used.
use std::sync::RwLock;

use chrono::{NaiveDate, TimeDelta};
use platform::{Failure, Instant};
use risk_domain::Past;
use sqlx::PgConnection;
use values::local_day;

use crate::{by_code::ByCode, store};

/// Histories that are asked for, and what is known of them.
pub type Asked = ByCode<Option<Past>>;

/// After midnight: ten minutes for clocks that differ, twenty for transactions under way.
const SETTLED: TimeDelta = TimeDelta::minutes(30);
/// Codes that are remembered; about 100 bytes each, so 10 MB, and 20 MB where maps have just grown.
const MOST: usize = 100_000;

/// The histories before one day, shared by all transactions of a process.
#[derive(Default)]
pub struct Remembered {
    held: RwLock<Held>,
}

#[derive(Default)]
struct Held {
    day: Option<NaiveDate>,
    past: ByCode<Past>,
}

impl Remembered {
    /// Answers what is asked for, as of the day before `day`; only what is not remembered comes from the database.
    pub async fn answer(&self, conn: &mut PgConnection, asked: &mut Asked, day: NaiveDate, clock: Instant) -> Result<(), Failure> {
        let settled = is_settled(day, clock);
        if settled {
            self.recall(asked, day);
        } else {
            self.forget();
        }
        let missing: Vec<(&str, &str)> = asked.iter().filter(|(.., past)| past.is_none()).map(|(kind, code, _)| (kind, code)).collect();
        let found = store::counts(conn, &missing, day).await?;
        if settled && !missing.is_empty() {
            self.learn(&missing, &found, day);
        }
        for (kind, code, past) in &found {
            asked.put(kind, code, Some(*past));
        }
        Ok(())
    }

    fn recall(&self, asked: &mut Asked, day: NaiveDate) {
        let Ok(held) = self.held.read() else { return };
        if held.day == Some(day) {
            for (kind, code, past) in asked.iter_mut() {
                *past = held.past.get(kind, code).copied();
            }
        }
    }

    /// Of what was missing, that which was not found has no history: this is remembered too.
    fn learn(&self, missing: &[(&str, &str)], found: &[(String, String, Past)], day: NaiveDate) {
        let Ok(mut held) = self.held.write() else { return };
        if held.day != Some(day) || held.past.len() + missing.len() > MOST {
            *held = Held { day: Some(day), past: ByCode::default() };
        }
        if missing.len() <= MOST {
            missing.iter().for_each(|(kind, code)| held.past.put(kind, code, Past::default()));
            found.iter().for_each(|(kind, code, past)| held.past.put(kind, code, *past));
        }
    }

    fn forget(&self) {
        if let Ok(mut held) = self.held.write() {
            *held = Held::default();
        }
    }
}

/// The day's history is final: it has been this day for a while, by the clock.
fn is_settled(day: NaiveDate, clock: Instant) -> bool {
    local_day(clock - SETTLED) == day
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn day(of_month: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, of_month).unwrap()
    }

    fn asked(codes: &[&str]) -> Asked {
        let mut asked = Asked::default();
        codes.iter().for_each(|code| asked.put("trader", code, None));
        asked
    }

    fn recalled(remembered: &Remembered, code: &str, day: NaiveDate) -> Option<Past> {
        let mut asked = asked(&[code]);
        remembered.recall(&mut asked, day);
        asked.get("trader", code).copied().flatten()
    }

    fn seen(times: i64) -> Past {
        Past { seen_30d: times, seen_90d: times, seen_365d: times, ..Past::default() }
    }

    #[test]
    fn what_was_asked_once_is_known_and_so_is_that_there_is_nothing() {
        let remembered = Remembered::default();
        remembered.learn(&[("trader", "A"), ("trader", "B")], &[("trader".to_owned(), "A".to_owned(), seen(3))], day(24));
        assert_eq!(recalled(&remembered, "A", day(24)), Some(seen(3)));
        assert_eq!(recalled(&remembered, "B", day(24)), Some(Past::default()));
        assert_eq!(recalled(&remembered, "C", day(24)), None);
    }

    #[test]
    fn one_day_says_nothing_of_another_and_the_next_one_empties_it() {
        let remembered = Remembered::default();
        remembered.learn(&[("trader", "A")], &[], day(24));
        assert_eq!(recalled(&remembered, "A", day(25)), None);
        remembered.learn(&[("trader", "B")], &[], day(25));
        assert_eq!(remembered.held.read().unwrap().past.len(), 1);
        assert_eq!((recalled(&remembered, "A", day(24)), recalled(&remembered, "A", day(25))), (None, None));
        remembered.forget();
        assert_eq!(recalled(&remembered, "B", day(25)), None);
    }

    #[test]
    fn it_never_holds_more_than_its_bound() {
        let remembered = Remembered::default();
        let codes: Vec<String> = (0..=MOST).map(|n| n.to_string()).collect();
        let missing: Vec<(&str, &str)> = codes.iter().map(|code| ("trader", code.as_str())).collect();
        for some in missing.chunks(30_000) {
            remembered.learn(some, &[], day(24));
            assert!(remembered.held.read().unwrap().past.len() <= MOST);
        }
        assert_eq!((recalled(&remembered, "0", day(24)), recalled(&remembered, "99999", day(24))), (None, Some(Past::default())));
        remembered.learn(&missing, &[], day(24));
        assert_eq!(remembered.held.read().unwrap().past.len(), 0);
    }

    #[test]
    fn a_day_is_settled_from_half_past_midnight_on_and_never_ahead_of_the_clock() {
        let midnight = DateTime::parse_from_rfc3339("2026-11-24T00:00:00+07:00").unwrap().to_utc();
        let settled = |minutes: i64, of_month: u32| is_settled(day(of_month), midnight + TimeDelta::minutes(minutes));
        assert!([30, 31, 720, 1439].iter().all(|minutes| settled(*minutes, 24)));
        assert!([-60, -1, 0, 1, 29].iter().all(|minutes| !settled(*minutes, 24)));
        assert!([30, 720, 1439].iter().all(|minutes| !settled(*minutes, 25)));
    }
}
