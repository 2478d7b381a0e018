//! Whom a transaction of commands waits for: callers that were answered together come back together.
use std::time::Duration;

use tokio::time::Instant;

use crate::pace::COMPANY;

/// Transactions, the one at hand included, for which nobody is waited after callers did not come back: those who lodge each for themselves never do.
const REST: u8 = 2;

/// What the last transaction says of the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowd {
    /// Calls that are waited for, those included that wait already.
    size: usize,
    until: Instant,
    rest: u8,
}

impl Crowd {
    pub fn new(now: Instant) -> Self {
        Self { size: 0, until: now, rest: 0 }
    }

    /// Until when a transaction with so many calls waits for more; a crowd of long ago is not waited for.
    pub fn waits(&self, held: usize, now: Instant) -> Option<Instant> {
        (self.rest == 0 && held < self.size && now < self.until).then_some(self.until)
    }

    /// So many calls are about to be answered after a transaction that took so long, and so many wait already.
    pub fn decided(&mut self, calls: usize, waiting: usize, took: Duration, now: Instant) {
        self.rest = self.rest.saturating_sub(1);
        self.size = calls + waiting;
        self.until = now + took.min(COMPANY);
    }

    /// The time was over when of `held` calls some had `come` during it. Fewer than three of four that were waited for are no crowd that returns:
    /// of calls that come one by one about half do.
    pub fn timed_out(&mut self, held: usize, come: usize) {
        let missing = self.size.saturating_sub(held);
        if missing * 3 > come {
            self.rest = REST;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(20);

    #[test]
    fn as_many_as_were_there_are_waited_for_as_long_as_a_transaction_takes() {
        let now = Instant::now();
        let mut crowd = Crowd::new(now);
        assert_eq!(crowd.waits(1, now), None);
        crowd.decided(32, 32, TOOK, now);
        assert_eq!((crowd.waits(32, now), crowd.waits(64, now)), (Some(now + TOOK), None));
        assert_eq!(crowd.waits(32, now + TOOK), None);
    }

    #[test]
    fn a_caller_alone_waits_for_nobody_and_no_caller_for_ever() {
        let now = Instant::now();
        let mut crowd = Crowd::new(now);
        crowd.decided(1, 0, TOOK, now);
        assert_eq!(crowd.waits(1, now), None);
        crowd.decided(8, 0, Duration::from_secs(5), now);
        assert_eq!(crowd.waits(1, now), Some(now + COMPANY));
    }

    #[test]
    fn calls_that_come_one_by_one_are_not_waited_for_again_and_again() {
        let now = Instant::now();
        let mut crowd = Crowd::new(now);
        crowd.decided(20, 10, TOOK, now);
        crowd.timed_out(20, 10);
        crowd.decided(20, 10, TOOK, now);
        for _ in 1..REST {
            assert_eq!(crowd.waits(10, now), None);
            crowd.decided(10, 10, TOOK, now);
        }
        assert!(crowd.waits(10, now).is_some());
    }

    #[test]
    fn a_crowd_of_which_a_few_are_late_is_waited_for_again() {
        let now = Instant::now();
        let mut crowd = Crowd::new(now);
        crowd.decided(64, 0, TOOK, now);
        crowd.timed_out(60, 59);
        crowd.decided(60, 4, TOOK, now);
        assert!(crowd.waits(4, now).is_some());
    }
}
