//! Whether a part of the process is stuck: a pure decision about what was seen of it.
//!
//! A part is stuck when it has had work for a set time and neither came back for more nor failed in a way that operators see. What a restart
//! does not mend never counts: a database or broker that is away, a batch that fails again and again and says why.
use std::time::Duration;

use tokio::time::Instant;

/// What was seen of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// When it last came round: began anew, or came back for more work.
    pub came_round: Instant,
    /// Since when it has work.
    pub work: Work,
    /// When its work last failed with a reason that is shown.
    pub failed: Option<Instant>,
}

/// Whether a part has something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It comes round by itself all the time.
    Always,
    /// Since then, counted anew when it came back for more.
    Since(Instant),
    /// It may wait for ever.
    Nothing,
}

/// Whether the part is stuck at `now`. `database_since`: since when the database has been usable, `None` while it is away.
pub fn stuck(facts: Facts, database_since: Option<Instant>, now: Instant, bound: Duration) -> bool {
    let Some(usable) = database_since else { return false };
    let since = match facts.work {
        Work::Nothing => return false,
        Work::Always => facts.came_round,
        Work::Since(since) => since,
    };
    let since = facts.failed.map_or(since, |failed| failed.max(since)).max(usable);
    now.saturating_duration_since(since) >= bound
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUND: Duration = Duration::from_secs(120);

    fn at(begin: Instant, seconds: u64) -> Instant {
        begin + Duration::from_secs(seconds)
    }

    #[test]
    fn work_that_neither_ends_nor_fails_is_stuck_after_the_bound() {
        let begin = Instant::now();
        let facts = Facts { came_round: begin, work: Work::Since(at(begin, 10)), failed: None };
        assert!(!stuck(facts, Some(begin), at(begin, 129), BOUND));
        assert!(stuck(facts, Some(begin), at(begin, 130), BOUND));
    }

    #[test]
    fn an_idle_consumer_is_live_for_ever() {
        let begin = Instant::now();
        let facts = Facts { came_round: begin, work: Work::Nothing, failed: None };
        assert!(!stuck(facts, Some(begin), at(begin, 1_000_000), BOUND));
    }

    #[test]
    fn what_fails_visibly_is_not_stuck_until_it_falls_silent() {
        let begin = Instant::now();
        let facts = Facts { came_round: begin, work: Work::Since(begin), failed: Some(at(begin, 1_000)) };
        assert!(!stuck(facts, Some(begin), at(begin, 1_119), BOUND));
        assert!(stuck(facts, Some(begin), at(begin, 1_120), BOUND));
    }

    #[test]
    fn while_the_database_is_away_nothing_is_stuck_and_the_bound_begins_anew_with_it() {
        let begin = Instant::now();
        let facts = Facts { came_round: begin, work: Work::Since(begin), failed: None };
        assert!(!stuck(facts, None, at(begin, 1_000_000), BOUND));
        assert!(!stuck(facts, Some(at(begin, 5_000)), at(begin, 5_119), BOUND));
        assert!(stuck(facts, Some(at(begin, 5_000)), at(begin, 5_120), BOUND));
    }

    proptest! {
        #[test]
        fn time_alone_never_heals_and_a_sign_of_life_never_harms(
            work in 0_u64..300, failed in prop::option::of(0_u64..300), usable in 0_u64..300, now in 300_u64..900, more in 0_u64..500,
        ) {
            let begin = Instant::now();
            let facts = Facts { came_round: begin, work: Work::Since(at(begin, work)), failed: failed.map(|f| at(begin, f)) };
            let usable = Some(at(begin, usable));
            let before = stuck(facts, usable, at(begin, now), BOUND);
            prop_assert!(!before || stuck(facts, usable, at(begin, now + more), BOUND));
            let alive = Facts { failed: Some(at(begin, now)), ..facts };
            prop_assert!(!stuck(alive, usable, at(begin, now), BOUND));
        }
    }
}
