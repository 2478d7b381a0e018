//! How much one transaction takes on: at least what comes while the one before it ran, and parcels at most what is done within a second.
use std::time::Duration;

use super::{Origin, Source};
use crate::{pace::COMPANY, streams::Class};

/// A transaction of parcels that takes longer holds up cargo: both of an office may need the same rows.
const LONGEST: Duration = Duration::from_secs(1);
/// Facts closer together than this come as a crowd, once so many have: one declaration alone brings two or three of them.
const CLOSE: Duration = Duration::from_millis(20);
const CROWD: u8 = 4;

/// Follows the time that transactions take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    class: Class,
    most: usize,
    /// Times the last transaction, to gather for.
    gathers: u32,
    /// What services tell here becomes answers to senders.
    answers: bool,
    now: usize,
    last: Duration,
    close: u8,
}

impl Measure {
    /// Whoever hears senders sets the pace: their messages come one by one, and each of its transactions makes some in every service behind it.
    /// What services tell comes together already.
    pub fn new(class: Class, most: usize, sources: &[Source]) -> Self {
        let hears_senders = sources.iter().any(|source| matches!(source.origin, Origin::Outside { .. }));
        let answers = sources.iter().any(|source| matches!(source.origin, Origin::Outside { answers: Some(_) }));
        Self { class, most, gathers: if hears_senders { 4 } else { 1 }, answers, now: most, last: Duration::ZERO, close: 0 }
    }

    /// Deliveries for one transaction.
    pub fn deliveries(self) -> usize {
        self.now
    }

    /// A fact comes so long after the last transaction.
    pub fn came(&mut self, after: Duration) {
        self.close = if after < CLOSE { CROWD.min(self.close + 1) } else { 0 };
    }

    /// How long to wait for more: not at all for a single declaration, and in a crowd as long as the last transaction took, or some times as long.
    /// So a loop spends half of its time on transactions at most, and a machine that has too much to do gets fewer and larger ones.
    pub fn gathering(self) -> Duration {
        if self.close < CROWD { Duration::ZERO } else { (self.last * self.gathers).min(COMPANY) }
    }

    /// A part of it, at the end of which is seen whether to go on: never longer than the last transaction took.
    pub fn part(self) -> Duration {
        self.gathering() / self.gathers
    }

    /// Whether another part follows so many. What a sender will be answered with has been on its way already, and waits for one part alone.
    pub fn goes_on(self, parts: u32, told_by_services: impl FnOnce() -> bool) -> bool {
        parts < self.gathers && !self.gathering().is_zero() && !(self.answers && parts > 0 && told_by_services())
    }

    /// How long to give way at most: so what gives way gets a tenth of the time, is slower and does not starve.
    pub fn gives_way(self) -> Duration {
        self.last * 9
    }

    /// So many were done in this time.
    pub fn took(&mut self, deliveries: usize, time: Duration) {
        self.last = time;
        // Fewer than there was room for say nothing of how many fit, unless they took too long.
        if self.class == Class::Parcels && (time > LONGEST || deliveries >= self.now) {
            let fits = deliveries as u128 * LONGEST.as_micros() / time.as_micros().max(1);
            self.now = usize::try_from(fits).unwrap_or(self.most).clamp(1, self.most.min(self.now * 2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::SourceClass;

    const OURS: Source = Source { topic: "ours", origin: Origin::Ours { producer: "intake" }, class: SourceClass::ByStream };
    const SENDERS: Source = Source { topic: "senders", origin: Origin::Outside { answers: None }, class: SourceClass::Cargo };

    fn parcels() -> Measure {
        Measure::new(Class::Parcels, 2_000, &[OURS])
    }

    #[test]
    fn parcels_on_a_slow_machine_are_as_many_as_are_done_in_a_second() {
        let mut measure = parcels();
        measure.took(2_000, Duration::from_secs(8));
        assert_eq!(measure.deliveries(), 250);
        measure.took(250, Duration::from_secs(1));
        assert_eq!(measure.deliveries(), 250);
        measure.took(3, Duration::from_secs(60));
        assert_eq!(measure.deliveries(), 1);
    }

    #[test]
    fn they_grow_again_step_by_step() {
        let mut measure = parcels();
        measure.took(2_000, Duration::from_secs(4));
        for room in [1_000, 2_000, 2_000] {
            measure.took(measure.deliveries(), Duration::from_millis(100));
            assert_eq!(measure.deliveries(), room);
        }
    }

    #[test]
    fn small_quick_transactions_leave_the_room_as_it_is() {
        let mut measure = parcels();
        measure.took(1, Duration::from_millis(5));
        assert_eq!(measure.deliveries(), 2_000);
    }

    #[test]
    fn cargo_gives_way_to_nobody() {
        let mut measure = Measure::new(Class::Cargo, 2_000, &[OURS]);
        measure.took(2_000, Duration::from_secs(8));
        assert_eq!(measure.deliveries(), 2_000);
    }

    #[test]
    fn in_a_crowd_more_is_waited_for_as_long_as_a_transaction_takes_and_not_for_ever() {
        let mut measure = parcels();
        (0..CROWD).for_each(|_| measure.came(Duration::from_millis(5)));
        assert_eq!(measure.gathering(), Duration::ZERO);
        for (took, waits) in [(7, 7), (30, 30), (4_000, 50)] {
            measure.took(1, Duration::from_millis(took));
            assert_eq!(measure.gathering(), Duration::from_millis(waits));
        }
    }

    #[test]
    fn who_hears_senders_gathers_longer_than_who_hears_services() {
        let gathering = |sources: &[Source]| {
            let mut measure = Measure::new(Class::Cargo, 2_000, sources);
            (0..CROWD).for_each(|_| measure.came(Duration::from_millis(5)));
            measure.took(1, Duration::from_millis(7));
            measure.gathering()
        };
        assert_eq!((gathering(&[OURS]), gathering(&[OURS, SENDERS])), (Duration::from_millis(7), Duration::from_millis(28)));
    }

    #[test]
    fn what_a_sender_is_answered_with_waits_for_one_part_of_the_gathering() {
        let parts = |answers, told| {
            let senders = Source { origin: Origin::Outside { answers }, ..SENDERS };
            let mut measure = Measure::new(Class::Cargo, 2_000, &[OURS, senders]);
            assert!(!measure.goes_on(0, || told));
            (0..CROWD).for_each(|_| measure.came(Duration::from_millis(5)));
            measure.took(1, Duration::from_millis(7));
            assert_eq!(measure.part(), Duration::from_millis(7));
            (0..).find(|parts| !measure.goes_on(*parts, || told))
        };
        assert_eq!((parts(Some("responses"), false), parts(Some("responses"), true), parts(None, true)), (Some(4), Some(1), Some(4)));
    }

    #[test]
    fn the_few_facts_of_a_single_declaration_wait_for_nobody() {
        let mut measure = parcels();
        for after in [1_000, 15, 4, 15, 1_000, 15] {
            measure.took(1, Duration::from_millis(7));
            measure.came(Duration::from_millis(after));
            assert_eq!(measure.gathering(), Duration::ZERO);
        }
    }
}
