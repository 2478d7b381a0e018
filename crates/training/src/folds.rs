//! Out-of-fold counts: what a training row may know of its keys without knowing its own outcome.
use std::collections::HashMap;

use risk_domain::model::{COLUMNS, Counts, Key, Priors, Target, encode};

use crate::Row;

/// Counts of every key, in all rows and in each fold.
pub struct Folds {
    of_row: Vec<u8>,
    total: HashMap<u64, Counts>,
    within: HashMap<(u64, u8), Counts>,
}

impl Folds {
    /// Puts every row into one of `folds` at random.
    pub fn new(rows: &[&Row], folds: u8, seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let of_row: Vec<u8> = rows.iter().map(|_| rng.u8(0..folds)).collect();
        let (mut total, mut within) = (HashMap::new(), HashMap::new());
        for (row, fold) in rows.iter().zip(&of_row) {
            for key in Key::ALL {
                let hash = key.hash(&row.goods);
                add(total.entry(hash).or_default(), row);
                add(within.entry((hash, *fold)).or_default(), row);
            }
        }
        Self { of_row, total, within }
    }

    /// Columns of a training row: its keys' counts in all folds but its own.
    pub fn columns(&self, index: usize, row: &Row, priors: &Priors) -> [f64; COLUMNS] {
        let fold = self.of_row[index];
        encode(&row.goods, priors, |_, hash| {
            let all = self.total.get(&hash).copied().unwrap_or_default();
            let own = self.within.get(&(hash, fold)).copied().unwrap_or_default();
            Counts { seen: all.seen - own.seen, fraud: all.fraud - own.fraud, critical: all.critical - own.critical }
        })
    }

    /// All counts, ascending by hash: the key tables of the artefact.
    pub fn entries(&self) -> Vec<(u64, Counts)> {
        let mut entries: Vec<_> = self.total.iter().map(|(hash, counts)| (*hash, *counts)).collect();
        entries.sort_unstable_by_key(|(hash, _)| *hash);
        entries
    }
}

fn add(counts: &mut Counts, row: &Row) {
    counts.seen += 1;
    counts.fraud += u32::from(row.is(Target::Fraud));
    counts.critical += u32::from(row.is(Target::Critical));
}
