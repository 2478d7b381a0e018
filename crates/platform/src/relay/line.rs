//! Rows of one stream that wait to be sent, by position. What another process wrote between them lies in the journal alone.
use std::collections::BTreeMap;

use super::waiting::weight;
use crate::journal::Row;

/// Rows that were committed here or read from the journal.
#[derive(Default)]
pub(super) struct Line(BTreeMap<i64, Row>);

/// Positions of which no row is here: behind `after`, before `before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub after: i64,
    pub before: i64,
}

impl Line {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the row was new.
    pub fn put(&mut self, row: Row) -> bool {
        let before = self.0.len();
        self.0.entry(row.position).or_insert(row);
        self.0.len() > before
    }

    /// The row that follows the last one sent is here.
    pub fn goes_on(&self, sent: i64) -> bool {
        self.0.first_key_value().is_some_and(|(position, _)| *position == sent + 1)
    }

    /// The rows that follow the last one sent without a gap, until they have so many bytes.
    pub fn piece(&self, sent: i64, bytes: usize) -> impl Iterator<Item = &Row> {
        let mut taken = 0;
        let room = move |row: &&Row| {
            let room = taken < bytes;
            taken += weight(row);
            room
        };
        (sent + 1..).zip(&self.0).take_while(|(next, (position, _))| next == *position).map(|(_, (_, row))| row).take_while(room)
    }

    /// Forgets the first rows: they were sent.
    pub fn drop_first(&mut self, rows: usize) {
        for _ in 0..rows {
            self.0.pop_first();
        }
    }

    /// Nothing is missing between the last row sent and the last row here.
    pub fn is_unbroken(&self, sent: i64) -> bool {
        let last = self.0.last_key_value().map_or(sent, |(position, _)| *position);
        usize::try_from(last - sent) == Ok(self.len())
    }

    /// What is missing behind the last row sent, up to the head of the stream: the first gaps, until they have so many rows. Those behind are wanted later.
    pub fn gaps(&self, sent: i64, head: i64, rows: i64) -> Vec<Gap> {
        let mut wanted = rows;
        let after = std::iter::once(sent).chain(self.0.keys().copied());
        let before = self.0.keys().copied().chain(std::iter::once(head + 1));
        let gaps = after.zip(before).filter(|(after, before)| after + 1 < *before).map(|(after, before)| Gap { after, before });
        let is_wanted = |gap: &Gap| {
            let is_wanted = wanted > 0;
            wanted -= gap.before - gap.after - 1;
            is_wanted
        };
        gaps.take_while(is_wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::waiting::tests::row, *};

    fn line(positions: impl IntoIterator<Item = i64>) -> Line {
        let mut line = Line::default();
        for position in positions {
            line.put(Row { position, ..row(0) });
        }
        line
    }

    proptest! {
        #[test]
        fn what_is_here_and_what_is_missing_are_all_that_follows(here in prop::collection::btree_set(5..40_i64, 0..20), head in 4..50_i64) {
            let line = line(here.iter().copied());
            let missing: Vec<i64> = line.gaps(4, head, i64::MAX).into_iter().flat_map(|gap| gap.after + 1..gap.before).collect();
            let end = here.last().copied().unwrap_or(4).max(head);
            let expected: Vec<i64> = (5..=end).filter(|position| !here.contains(position)).collect();
            prop_assert_eq!(line.is_unbroken(4), expected.iter().all(|position| here.last().is_none_or(|last| position > last)));
            prop_assert_eq!(missing, expected);
        }
    }

    #[test]
    fn a_row_is_kept_once_and_sent_only_behind_the_one_before() {
        let mut line = line([7, 5]);
        assert!(!line.put(Row { position: 7, ..row(0) }));
        assert_eq!((line.len(), line.goes_on(3), line.goes_on(4)), (2, false, true));
        assert_eq!(line.piece(4, usize::MAX).map(|row| row.position).collect::<Vec<_>>(), [5]);
        line.drop_first(1);
        assert!(!line.goes_on(5));
        assert_eq!(line.gaps(5, 8, 2), [Gap { after: 5, before: 7 }, Gap { after: 7, before: 9 }]);
        assert_eq!(line.gaps(5, 8, 1), [Gap { after: 5, before: 7 }]);
    }

    #[test]
    fn a_piece_ends_with_the_row_that_fills_it() {
        let line = line(1..=9);
        let two = 2 * weight(&row(0));
        assert_eq!([0, 1, two, two + 1, usize::MAX].map(|bytes| line.piece(0, bytes).count()), [0, 1, 2, 3, 9]);
    }
}
