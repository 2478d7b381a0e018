//! Instants in UTC and days as the offices live them.
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

/// A moment in UTC; journals keep microseconds.
pub type Instant = DateTime<Utc>;

/// A calendar day in the local time of the offices.
pub type Day = NaiveDate;

/// The time zone in which days and months are counted and times are shown.
pub const ZONE: chrono_tz::Tz = chrono_tz::Asia::Ho_Chi_Minh;

/// The office-local day of a moment.
pub fn local_day(at: Instant) -> Day {
    at.with_timezone(&ZONE).date_naive()
}

/// The moment at which a local day begins. A day without midnight, as no year since 1979 has had one, counts from midnight UTC.
pub fn start_of(day: Day) -> Instant {
    let midnight = day.and_time(NaiveTime::MIN);
    midnight.and_local_timezone(ZONE).earliest().map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

/// First day of the local month of a moment.
pub fn local_month(at: Instant) -> Day {
    let day = local_day(at);
    day.with_day(1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_seventeen_hundred_utc() {
        let day = Day::from_ymd_opt(2026, 11, 27).unwrap();
        let start = start_of(day);
        assert_eq!(start.to_rfc3339(), "2026-11-26T17:00:00+00:00");
        assert_eq!(local_day(start), day);
        assert_eq!(local_day(start - chrono::TimeDelta::microseconds(1)).succ_opt(), Some(day));
    }
}
