//! The laboratory's own clock and random source: it stands outside of all that decides.
use chrono::{DateTime, Utc};

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "the laboratory is an edge")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Today at the customs offices.
pub fn today() -> chrono::NaiveDate {
    now().with_timezone(&chrono_tz::Asia::Ho_Chi_Minh).date_naive()
}
