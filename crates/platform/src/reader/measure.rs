//! How much one transaction takes on: at least what comes while the one before it ran, at most what is done within a second.
use std::time::Duration;

/// A transaction that takes longer holds up others: cargo of an office whose parcels pile up, a partition's next owner, a shutdown.
const LONGEST: Duration = Duration::from_secs(1);
/// Nothing waits longer than this for company.
const PATIENCE: Duration = Duration::from_millis(50);

/// Grows and shrinks with the time that transactions take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    most: usize,
    now: usize,
    last: Duration,
}

impl Measure {
    pub fn new(most: usize) -> Self {
        Self { most, now: most, last: Duration::ZERO }
    }

    /// Deliveries for one transaction.
    pub fn deliveries(self) -> usize {
        self.now
    }

    /// How long to wait for more when facts come close together: as long as the last transaction took. So a loop spends half of its time on
    /// transactions at most, and a machine that has too much to do gets fewer and larger ones.
    pub fn gathering(self) -> Duration {
        self.last.min(PATIENCE)
    }

    /// So many were done in this time. Fewer than there was room for say nothing of how many fit, unless they took too long.
    pub fn took(&mut self, deliveries: usize, time: Duration) {
        self.last = time;
        if time <= LONGEST && deliveries < self.now {
            return;
        }
        let fits = deliveries as u128 * LONGEST.as_micros() / time.as_micros().max(1);
        self.now = usize::try_from(fits).unwrap_or(self.most).clamp(1, self.most.min(self.now * 2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_machine_gets_what_it_does_in_a_second() {
        let mut measure = Measure::new(2_000);
        measure.took(2_000, Duration::from_secs(8));
        assert_eq!(measure.deliveries(), 250);
        measure.took(250, Duration::from_secs(1));
        assert_eq!(measure.deliveries(), 250);
    }

    #[test]
    fn it_grows_again_step_by_step() {
        let mut measure = Measure::new(2_000);
        measure.took(2_000, Duration::from_secs(4));
        for room in [1_000, 2_000, 2_000] {
            measure.took(measure.deliveries(), Duration::from_millis(100));
            assert_eq!(measure.deliveries(), room);
        }
    }

    #[test]
    fn small_quick_transactions_change_nothing() {
        let mut measure = Measure::new(2_000);
        measure.took(1, Duration::from_millis(5));
        assert_eq!(measure.deliveries(), 2_000);
    }

    #[test]
    fn more_is_waited_for_as_long_as_a_transaction_takes_and_not_for_ever() {
        let mut measure = Measure::new(2_000);
        assert_eq!(measure.gathering(), Duration::ZERO);
        for (took, waits) in [(7, 7), (30, 30), (4_000, 50)] {
            measure.took(1, Duration::from_millis(took));
            assert_eq!(measure.gathering(), Duration::from_millis(waits));
        }
    }

    #[test]
    fn one_is_always_taken() {
        let mut measure = Measure::new(2_000);
        measure.took(3, Duration::from_secs(60));
        assert_eq!(measure.deliveries(), 1);
    }
}
