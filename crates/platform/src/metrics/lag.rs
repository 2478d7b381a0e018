//! How far behind a reader is in time: a pure decision about what was seen of a partition.
use tokio::time::Instant;

/// The last fact applied of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    pub at: Instant,
    /// When its producer wrote it.
    pub recorded_at: crate::Instant,
}

/// Seconds that a reader is behind: 0 when level. While it applies facts, the age of the last one; when it applies none, the time since it
/// fell behind. A last fact from before that says nothing: on a quiet stream it may be hours old.
pub fn seconds(behind_since: Option<Instant>, applied: Option<Applied>, now: Instant, clock: crate::Instant) -> f64 {
    let Some(since) = behind_since else { return 0.0 };
    match applied.filter(|applied| applied.at >= since) {
        Some(applied) => (clock - applied.recorded_at).to_std().unwrap_or_default().as_secs_f64(),
        None => now.saturating_duration_since(since).as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn a_reader_is_behind_by_the_age_of_what_it_applies_or_since_it_applies_nothing() {
        let (begin, day) = (Instant::now(), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let (now, clock) = (begin + Duration::from_secs(100), day + TimeDelta::seconds(100));
        let applied = |at: u64, recorded: i64| Some(Applied { at: begin + Duration::from_secs(at), recorded_at: day + TimeDelta::seconds(recorded) });
        assert_eq!(seconds(None, applied(50, 10), now, clock), 0.0, "level");
        assert_eq!(seconds(Some(begin), applied(99, -3_500), now, clock), 3_600.0, "it works off an hour's backlog");
        assert_eq!(
            seconds(Some(begin + Duration::from_secs(98)), applied(10, -10_000), now, clock),
            2.0,
            "after a quiet night the first fact just came"
        );
        assert_eq!(seconds(Some(begin), None, now, clock), 100.0, "nothing was ever applied");
        assert_eq!(seconds(Some(begin), applied(99, 500), now, clock), 0.0, "the producer's clock is ahead");
    }
}
