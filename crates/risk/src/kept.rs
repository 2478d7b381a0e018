//! Offices as this process left them: roster, keys and loads change only with the office's row, so they are not asked for again while that is the same.
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use platform::{Instant, kafka::group::lock};
use risk_domain::{DayKey, Ledger, Roster};
use values::Day;

use crate::store::OfficeRow;

/// What is in hand beside an office's row.
#[derive(Default)]
pub struct Hand {
    pub roster: Arc<Roster>,
    pub keys: BTreeMap<Day, DayKey>,
    pub ledger: Ledger,
}

/// Tells one write of an office's row from every other. Where a transaction was rolled back, the row is still that of another one; numbers of
/// transactions come again after 2^32, but not with the same time and count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    writer: String,
    last_at: Option<Instant>,
    decisions: i32,
}

impl Write {
    /// As the row was read or written.
    pub fn of(row: &OfficeRow) -> Self {
        Self { writer: row.writer.clone(), last_at: row.last_at, decisions: row.decisions }
    }
}

/// By office.
#[derive(Default)]
pub struct Kept {
    hands: Mutex<HashMap<String, (Write, Hand)>>,
}

impl Kept {
    /// What this process left with this very write; nobody else gets it.
    pub fn take(&self, office: &str, write: &Write) -> Option<Hand> {
        let mut hands = lock(&self.hands);
        hands.remove(office).filter(|(left, _)| left == write).map(|(_, hand)| hand)
    }

    /// Leaves an office for the next transaction, which finds it if this one is committed.
    pub fn leave(&self, office: String, write: Write, hand: Hand) {
        lock(&self.hands).insert(office, (write, hand));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(writer: &str, decisions: i32) -> Write {
        Write { writer: writer.to_owned(), last_at: None, decisions }
    }

    #[test]
    fn an_office_is_found_as_it_was_left_once() {
        let kept = Kept::default();
        kept.leave("HQBL".to_owned(), write("7", 1), Hand::default());
        assert!(kept.take("HQBL", &write("7", 1)).is_some());
        assert!(kept.take("HQBL", &write("7", 1)).is_none());
    }

    #[test]
    fn what_another_transaction_wrote_is_asked_for() {
        let kept = Kept::default();
        for other in [write("8", 1), write("7", 2)] {
            kept.leave("HQBL".to_owned(), write("7", 1), Hand::default());
            assert!(kept.take("HQBL", &other).is_none());
        }
    }
}
