//! The one place of the command line that reads the clock.

use std::time::{Duration, SystemTime};

/// Time since 1970-01-01 UTC.
#[expect(clippy::disallowed_methods, reason = "the command line is an edge: it stamps tokens and pid files")]
pub fn now() -> Duration {
    // A clock before 1970 counts as 1970: tokens are then expired, which is the safe side.
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Microseconds since 1970, for names of runs.
pub fn now_micros() -> u128 {
    now().as_micros()
}

/// The local day of the offices.
pub fn today_date() -> chrono::NaiveDate {
    let seconds = i64::try_from(now().as_secs()).unwrap_or(0);
    let utc = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    values::local_day(utc)
}

/// The same as YYYY-MM-DD.
pub fn today() -> String {
    today_date().to_string()
}

/// A time as people of the offices read it.
pub fn local(at: &pbjson_types::Timestamp) -> String {
    let nanos = u32::try_from(at.nanos).unwrap_or(0);
    let utc = chrono::DateTime::from_timestamp(at.seconds, nanos).unwrap_or_default();
    utc.with_timezone(&values::ZONE).format("%Y-%m-%d %H:%M:%S").to_string()
}
