//! How much of the journal may wait in memory.
use crate::journal::Row;

/// Bytes that wait in one place at most. What is beyond stays in the journal and is read from there.
const MOST: usize = 24 << 20;
/// Bytes that a row takes besides its payload, about.
const ROW: usize = 700;

/// Bytes that a row takes in memory, about.
pub(super) fn weight(row: &Row) -> usize {
    row.payload.len() + ROW
}

/// Bytes that wait in one place.
#[derive(Default)]
pub(super) struct Waiting(usize);

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// There is room for all these rows. One piece always has room in an empty place, however large it is.
    pub fn has_room(&self, rows: &[Row]) -> bool {
        self.is_empty() || self.0 + rows.iter().map(weight).sum::<usize>() <= MOST
    }

    pub fn add(&mut self, bytes: usize) {
        self.0 += bytes;
    }

    pub fn remove(&mut self, bytes: usize) {
        self.0 -= bytes;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn row(bytes: usize) -> Row {
        Row {
            topic: "facts".into(),
            stream: 0,
            position: 1,
            kind: "lodged".into(),
            subject: String::new(),
            office: String::new(),
            actor: String::new(),
            cause: String::new(),
            recorded_at: crate::Instant::UNIX_EPOCH,
            trace: String::new(),
            headers: String::new(),
            payload: vec![0; bytes],
            hash: Vec::new(),
        }
    }

    #[test]
    fn large_rows_fill_it_sooner_than_small_ones() {
        let mut waiting = Waiting::default();
        let large = row(1 << 20);
        let mut taken = 0;
        while waiting.has_room(std::slice::from_ref(&large)) {
            waiting.add(weight(&large));
            taken += 1;
        }
        assert_eq!(taken, 23);
        (0..taken).for_each(|_| waiting.remove(weight(&large)));
        assert!(waiting.is_empty());
    }
}
