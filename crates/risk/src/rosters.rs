//! Rosters as this process has parsed them: an office's is set a few times a month and read with every batch.
use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use platform::Failure;
use risk_domain::Roster;

use crate::office::read;

/// What was parsed last, by office.
#[derive(Default)]
pub struct Rosters {
    known: RwLock<HashMap<String, Parsed>>,
}

/// A roster beside the bytes that it was parsed from: it counts only as long as the database has the same.
struct Parsed {
    from: Vec<u8>,
    roster: Arc<Roster>,
}

impl Rosters {
    /// The roster of an office from the bytes of its row.
    pub fn parsed(&self, office: &str, bytes: Vec<u8>) -> Result<Arc<Roster>, Failure> {
        if let Ok(known) = self.known.read()
            && let Some(parsed) = known.get(office).filter(|parsed| parsed.from == bytes)
        {
            return Ok(Arc::clone(&parsed.roster));
        }
        let roster: Arc<Roster> = Arc::new(read(&bytes, "roster", office)?);
        if let Ok(mut known) = self.known.write() {
            known.insert(office.to_owned(), Parsed { from: bytes, roster: Arc::clone(&roster) });
        }
        Ok(roster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_parsed_once_and_anew_when_the_database_has_another() {
        let rosters = Rosters::default();
        let first = rosters.parsed("HQBL", Vec::new()).unwrap();
        assert!(Arc::ptr_eq(&first, &rosters.parsed("HQBL", Vec::new()).unwrap()));
        let written = serde_json::to_vec(&*first).unwrap();
        let second = rosters.parsed("HQBL", written).unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(first, second);
    }

    #[test]
    fn what_is_no_roster_is_refused_and_not_remembered() {
        let rosters = Rosters::default();
        assert!(rosters.parsed("HQBL", b"[".to_vec()).is_err());
        assert!(rosters.known.read().unwrap().is_empty());
    }
}
