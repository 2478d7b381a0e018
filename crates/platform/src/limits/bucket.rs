//! A token bucket as one moment: when the tokens taken so far will have come.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How many come in a second, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub per_second: u32,
    pub burst: u32,
}

impl Rate {
    fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }
}

/// A bucket that is full at first (generic cell rate algorithm; no fraction of a token is ever lost or made).
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    /// When the bucket will be full again.
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes one token, or tells how long it takes until there is one.
    pub fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + rate.interval();
        let room = rate.interval() * rate.burst.max(1);
        match full_at.duration_since(now).checked_sub(room) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.full_at = Some(full_at);
                Ok(())
            }
        }
    }

    /// Nothing is lost by forgetting a full bucket.
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_than_the_burst_and_what_came_since(
            per_second in 1_u32..5_000, burst in 1_u32..200, pauses in prop::collection::vec(0_u64..20_000, 1..400),
        ) {
            let (rate, begin) = (Rate { per_second, burst }, Instant::now());
            let (mut bucket, mut now, mut taken) = (Bucket::default(), begin, 0_u128);
            for pause in pauses {
                now += Duration::from_micros(pause);
                taken += u128::from(bucket.take(rate, now).is_ok());
                let came = (now - begin).as_nanos() / rate.interval().as_nanos();
                prop_assert!(taken <= u128::from(burst) + came);
            }
        }

        #[test]
        fn who_waits_as_told_gets_a_token(per_second in 1_u32..5_000, burst in 1_u32..50) {
            let (rate, mut now, mut bucket) = (Rate { per_second, burst }, Instant::now(), Bucket::default());
            for _ in 0..burst {
                prop_assert!(bucket.take(rate, now).is_ok());
            }
            let wait = bucket.take(rate, now).unwrap_err();
            now += wait;
            prop_assert!(bucket.take(rate, now).is_ok());
            prop_assert!(bucket.take(rate, now).is_err());
        }
    }
}
