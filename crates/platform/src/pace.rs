//! What is done every so often, or sooner when there is reason to.
use std::time::Duration;

use tokio::time::Instant;

/// Nothing waits longer than this for company.
pub(crate) const COMPANY: Duration = Duration::from_millis(50);

/// When something is due again.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    /// Counts from now.
    pub fn new(every: Duration) -> Self {
        Self { every, next: Instant::now() + every }
    }

    /// Stays so until it is done.
    pub fn due(&self) -> bool {
        self.next <= Instant::now()
    }

    pub fn due_at(&self) -> Instant {
        self.next
    }

    /// Counts from now again.
    pub fn done(&mut self) {
        self.next = Instant::now() + self.every;
    }

    /// Does not wait for its time.
    pub fn at_once(&mut self) {
        self.next = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn the_first_time_comes_as_late_as_any_other() {
        let begin = Instant::now();
        let pace = Pace::new(LONG);
        assert!(!pace.due());
        assert!(pace.due_at() >= begin + LONG);
        assert!(Pace::new(Duration::ZERO).due());
    }

    #[test]
    fn what_is_wanted_at_once_is_due_until_it_is_done() {
        let mut pace = Pace::new(LONG);
        pace.at_once();
        assert!(pace.due());
        let begin = Instant::now();
        pace.done();
        assert!(!pace.due());
        assert!(pace.due_at() >= begin + LONG);
    }
}
