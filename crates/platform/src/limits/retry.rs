//! A retry budget: whoever calls another service repeats at most one call in ten, and a lost one once a second.
//!
//! All repeats towards one service draw from one budget: those of a reader that asks again, and those that hand a call to another replica. So
//! that many partitions of many replicas do not bury a service that has just come back, a repeat needs a token; ten calls that were no repeats make one.
use std::time::Duration;

use tokio::time::Instant;

/// Tenths of a token that one first call makes.
const SHARE: u32 = 1;
/// Tenths of a token that a repeat costs.
const COST: u32 = 10;
/// Without any token, one repeat after this time: how a service that is back is found.
const PROBE: Duration = Duration::from_secs(1);

/// The budget towards one other service.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    tenths: u32,
    /// Tenths that are kept at most.
    most: u32,
    repeated: Option<Instant>,
}

impl Budget {
    /// One that begins with all the tokens that it can hold, so that what is in hand when a replica goes away is repeated at once.
    pub fn full(tokens: u32) -> Self {
        let most = tokens.saturating_mul(COST);
        Self { tenths: most, most, repeated: None }
    }

    /// A call that repeats nothing.
    pub fn first(&mut self) {
        self.tenths = (self.tenths + SHARE).min(self.most);
    }

    /// Whether a failed call may be repeated now.
    pub fn repeat(&mut self, now: Instant) -> bool {
        let probes = self.repeated.is_none_or(|last| now.duration_since(last) >= PROBE);
        if self.tenths < COST && !probes {
            return false;
        }
        self.tenths = self.tenths.saturating_sub(COST);
        self.repeated = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKENS: u32 = 20;

    proptest! {
        #[test]
        fn repeats_stay_within_the_balance_a_tenth_of_the_calls_and_one_a_second(steps in prop::collection::vec((any::<bool>(), 0_u64..400), 1..2_000)) {
            let (begin, mut budget) = (Instant::now(), Budget::full(TOKENS));
            let (mut now, mut first, mut repeated) = (begin, 0_u64, 0_u64);
            for (is_first, pause) in steps {
                now += Duration::from_millis(pause);
                if is_first {
                    budget.first();
                    first += 1;
                } else {
                    repeated += u64::from(budget.repeat(now));
                }
                prop_assert!(repeated <= u64::from(TOKENS) + first / 10 + (now - begin).as_secs() + 1);
            }
        }

        #[test]
        fn after_any_history_a_lost_service_is_asked_again_within_a_second(repeats in 0_u32..300) {
            let (mut now, mut budget) = (Instant::now(), Budget::full(TOKENS));
            for _ in 0..repeats {
                budget.repeat(now);
                now += Duration::from_millis(7);
            }
            prop_assert!(budget.repeat(now + PROBE));
        }
    }

    /// Callers that repeat whatever fails, at 1,000 calls a second, half of which fail.
    #[test]
    fn the_load_on_a_failing_service_grows_by_a_tenth_at_most() {
        let (mut now, mut budget) = (Instant::now(), Budget::full(TOKENS));
        let (mut wanted, mut sent) = (0_u32, 0_u32);
        for n in 0..10_000_u32 {
            now += Duration::from_millis(1);
            budget.first();
            wanted += 1;
            sent += 1;
            let mut failed = n % 2 == 0;
            for _ in 0..8 {
                if !failed || !budget.repeat(now) {
                    break;
                }
                sent += 1;
                failed = true;
            }
        }
        // 1.1 times and what was in hand at the beginning, in integers; without the budget it would be 5 times.
        assert!(sent * 10 <= wanted * 11 + TOKENS * 10, "{sent} calls for {wanted}");
        assert!(sent > wanted);
    }
}
