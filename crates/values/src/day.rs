//! Instants in UTC and days as the offices live them.
use chrono::{DateTime, Datelike, NaiveDate, Utc};

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
        let before = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let midnight = local_day(before).succ_opt().unwrap().and_hms_opt(0, 0, 0).unwrap();
        let utc = midnight.and_local_timezone(ZONE).unwrap().with_timezone(&Utc);
        assert_eq!(local_day(utc - chrono::TimeDelta::microseconds(1)).succ_opt(), Some(local_day(utc)));
    }
}
