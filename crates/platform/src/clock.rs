//! The one place where the machine's clock and random source are read.
use chrono::{DateTime, TimeDelta};

use crate::{Instant, laboratory};

/// The present moment, cut to microseconds as journals keep it.
#[expect(clippy::disallowed_methods, reason = "this is the edge at which the clock is read")]
pub fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    DateTime::UNIX_EPOCH + TimeDelta::microseconds(micros.saturating_add(laboratory::shift()))
}

/// A random array from the operating system, for keys and salts.
#[expect(clippy::disallowed_methods, reason = "this is the edge at which random bytes are drawn")]
pub fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Between half of a pause and one and a half, so that those who failed together do not come back together.
pub fn jittered(pause: std::time::Duration) -> std::time::Duration {
    let [jitter] = random::<1>().unwrap_or([128]);
    pause / 2 + pause * u32::from(jitter) / 255
}
