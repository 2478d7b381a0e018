//! What one producer has been given, what the broker has acknowledged, and how far `published` may therefore rise.
use std::collections::{BTreeMap, BTreeSet};

use super::Laws;
use crate::laboratory::Broken;

/// One stream as one producer knows it.
#[derive(Debug)]
struct Told {
    /// Position of the last row given to the producer.
    sent: i64,
    /// Every row up to here is acknowledged.
    acknowledged: i64,
    /// Acknowledged, but some row before is not.
    early: BTreeSet<i64>,
    /// What the database has been told.
    published: i64,
}

/// The life of one producer. It ends with the first failure: the next one begins at what is published then.
#[derive(Debug)]
pub struct Relaying<P, L> {
    streams: BTreeMap<P, Told>,
    failed: bool,
    laws: L,
}

impl<P: Ord + Clone, L: Laws> Relaying<P, L> {
    pub fn new(laws: L) -> Self {
        Self { streams: BTreeMap::new(), failed: false, laws }
    }

    /// Whether the stream's start was checked; until then it is neither read nor sent.
    pub fn knows(&self, place: &P) -> bool {
        self.streams.contains_key(place)
    }

    /// Begins a stream behind the row that [`super::start`] named, which the topic holds whatever `published` says.
    pub fn begin(&mut self, place: P, after: i64, published: i64) {
        self.streams.insert(place, Told { sent: after, acknowledged: after, early: BTreeSet::new(), published: published.min(after) });
    }

    /// Position of the last row given to the producer; `None` before the stream's start was checked.
    pub fn last_sent(&self, place: &P) -> Option<i64> {
        self.streams.get(place).map(|told| told.sent)
    }

    /// Whether the broker has every row that the producer was given of this stream.
    pub fn settled(&self, place: &P) -> bool {
        self.streams.get(place).is_some_and(|told| told.acknowledged >= told.sent)
    }

    /// A row was given to the producer.
    pub fn sent(&mut self, place: &P, position: i64) {
        if let Some(told) = self.streams.get_mut(place) {
            told.sent = position;
        }
    }

    /// The broker has the row. Acknowledgements may come in any order and more than once.
    pub fn acknowledged(&mut self, place: &P, position: i64) {
        let beyond = self.laws.broken(Broken::BeyondPrefix);
        let Some(told) = self.streams.get_mut(place) else { return };
        if beyond {
            told.acknowledged = told.sent;
        } else if position > told.acknowledged {
            told.early.insert(position);
            while told.early.remove(&(told.acknowledged + 1)) {
                told.acknowledged += 1;
            }
        }
    }

    /// A row was given up: nothing more is sent by this producer, and `published` ends before that row.
    pub fn fail(&mut self) {
        self.failed = true;
    }

    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Streams whose `published` may rise, and to where.
    pub fn reached(&self) -> Vec<(P, i64)> {
        let risen = self.streams.iter().filter(|(_, told)| told.acknowledged > told.published);
        risen.map(|(place, told)| (place.clone(), told.acknowledged)).collect()
    }

    /// The database has it. Returns by how many rows it rose.
    pub fn published(&mut self, place: &P, position: i64) -> u64 {
        let Some(told) = self.streams.get_mut(place) else { return 0 };
        let risen = (position - told.published).max(0).unsigned_abs();
        told.published = told.published.max(position);
        risen
    }

    /// Streams with rows that are sent and not yet published.
    pub fn in_flight(&self) -> usize {
        self.streams.values().filter(|told| told.published < told.sent).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::Sound;

    proptest! {
        #[test]
        fn published_is_the_contiguous_prefix_in_whatever_order_rows_are_acknowledged(
            base in 0..5_i64,
            acknowledged in proptest::collection::vec(1..20_i64, 0..40),
        ) {
            let mut relaying = Relaying::new(Sound);
            relaying.begin((), base, base);
            for position in &acknowledged {
                relaying.acknowledged(&(), base + position);
            }
            let prefix = (1..).take_while(|n| acknowledged.contains(n)).count();
            let expected = base + i64::try_from(prefix).unwrap();
            prop_assert_eq!(relaying.reached(), if prefix == 0 { vec![] } else { vec![((), expected)] });
        }
    }

    #[test]
    fn what_the_topic_holds_already_counts_as_published_and_what_it_lost_is_sent_again() {
        let mut relaying = Relaying::new(Sound);
        relaying.begin("ahead", 7, 4);
        relaying.begin("anew", 0, 4);
        assert_eq!(relaying.reached(), [("ahead", 7)]);
        assert_eq!((relaying.last_sent(&"ahead"), relaying.last_sent(&"anew")), (Some(7), Some(0)));
    }

    #[test]
    fn a_stream_is_silent_until_its_start_was_checked() {
        let mut relaying = Relaying::new(Sound);
        assert!(!relaying.knows(&1) && relaying.last_sent(&1).is_none());
        relaying.begin(1, 4, 4);
        assert_eq!(relaying.last_sent(&1), Some(4));
        relaying.sent(&1, 10);
        assert_eq!((relaying.last_sent(&1), relaying.in_flight()), (Some(10), 1));
    }
}
