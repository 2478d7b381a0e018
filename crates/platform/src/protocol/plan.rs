//! What one batch of deliveries does: which facts are applied, which came before, which must be fetched, and where each partition stands after.
use std::collections::BTreeMap;

use super::{
    Laws,
    owning::{Move, Owning},
    screen::{Arrival, Progress, Screened, screen},
};
use crate::{journal::GENESIS, laboratory::Broken};

/// A delivery at its place.
#[derive(Debug, Clone)]
pub struct Delivered<P, F> {
    pub partition: P,
    pub offset: i64,
    /// One of our topics: positions and a hash chain. From outside otherwise.
    pub ours: bool,
    /// Larger than any message may be: kept, and not applied.
    pub too_large: bool,
    pub fact: F,
}

/// A fact to apply, or a mere step forward, and where the partition stands after it.
#[derive(Debug, Clone)]
pub struct Unit<P, F> {
    pub partition: P,
    pub after: Progress,
    pub fact: Option<F>,
    /// Not a row of a journal: it is kept, and not applied.
    pub foreign: bool,
}

impl<P, F> Unit<P, F> {
    /// The fact that is given to the handler.
    pub fn applicable(&self) -> Option<&F> {
        self.fact.as_ref().filter(|_| !self.foreign)
    }
}

/// Why a delivery could not be planned yet, or at all.
#[derive(Debug)]
pub enum Obstacle<P, F> {
    /// Rows from `from` up to (excluding) `to` never came. They are fetched and [filled in](Plan::fill), then the delivery is taken again.
    Missing { delivered: Delivered<P, F>, from: i64, to: i64 },
    /// The partition must not be read on.
    Stop(P, Contradiction),
    /// The topic was created anew: its offsets begin again, and so does its reading.
    Anew(P),
}

/// What stops a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error("a row does not follow the row that was read before it: the producer's past has changed")]
    Fork,
    #[error("the producer's journal does not continue what was read")]
    Discontinued,
}

/// A batch as it grows. Nothing of it counts before its transaction has committed.
#[derive(Debug)]
pub struct Plan<P, F, L> {
    ahead: BTreeMap<P, Progress>,
    pub units: Vec<Unit<P, F>>,
    pub duplicates: usize,
    /// Rows that came from the producer's journal.
    pub repaired: usize,
    laws: L,
}

impl<P: Ord + Clone, F: Arrival, L: Laws> Plan<P, F, L> {
    pub fn new(owning: &Owning<P>, laws: L) -> Self {
        Self { ahead: owning.all().clone(), units: Vec::new(), duplicates: 0, repaired: 0, laws }
    }

    /// Adds a delivery. Those of partitions that are not owned are dropped.
    pub fn take(&mut self, delivered: Delivered<P, F>) -> Result<(), Obstacle<P, F>> {
        let Some(progress) = self.ahead.get(&delivered.partition).copied() else { return Ok(()) };
        if delivered.ours { self.take_ours(progress, delivered) } else { self.take_outside(progress, delivered) }
    }

    fn take_outside(&mut self, progress: Progress, delivered: Delivered<P, F>) -> Result<(), Obstacle<P, F>> {
        let Delivered { partition, offset, fact, too_large, .. } = delivered;
        let mark = fact.mark();
        // The last message that was read is read once more when reading begins: another one there means another topic of the same name.
        if offset == progress.next_offset - 1 && progress.hash != GENESIS && progress.hash != mark {
            return Err(Obstacle::Anew(partition));
        }
        if offset < progress.next_offset && !self.laws.broken(Broken::NoPositionCheck) {
            self.duplicates += 1;
            return Ok(());
        }
        let after = Progress { hash: mark, ..progress.past(offset) };
        self.push(partition, after, Some(fact), too_large);
        Ok(())
    }

    fn take_ours(&mut self, progress: Progress, delivered: Delivered<P, F>) -> Result<(), Obstacle<P, F>> {
        if delivered.offset < progress.next_offset && !self.laws.broken(Broken::NoPositionCheck) {
            self.duplicates += 1;
            return Ok(());
        }
        let past = progress.past(delivered.offset);
        match screen(&progress, &delivered.fact) {
            Screened::Next(hash) => self.push(delivered.partition, past.after(hash), Some(delivered.fact), false),
            Screened::Duplicate if self.laws.broken(Broken::NoPositionCheck) => self.push(delivered.partition, past, Some(delivered.fact), false),
            Screened::Duplicate => {
                self.duplicates += 1;
                self.push(delivered.partition, past, None, false);
            }
            Screened::Foreign => self.push(delivered.partition, past, Some(delivered.fact), true),
            Screened::Gap { from, to } => return Err(Obstacle::Missing { delivered, from, to }),
            Screened::Fork => return Err(Obstacle::Stop(delivered.partition, Contradiction::Fork)),
        }
        Ok(())
    }

    /// Adds rows from the producer's journal, which continue what was read.
    pub fn fill(&mut self, partition: &P, rows: impl IntoIterator<Item = F>) -> Result<(), Obstacle<P, F>> {
        for row in rows {
            let Some(progress) = self.ahead.get(partition).copied() else { return Ok(()) };
            let Screened::Next(hash) = screen(&progress, &row) else {
                return Err(Obstacle::Stop(partition.clone(), Contradiction::Discontinued));
            };
            self.push(partition.clone(), progress.after(hash), Some(row), false);
            self.repaired += 1;
        }
        Ok(())
    }

    fn push(&mut self, partition: P, after: Progress, fact: Option<F>, foreign: bool) {
        self.ahead.insert(partition.clone(), after);
        self.units.push(Unit { partition, after, fact, foreign });
    }
}

/// Where the units lead, for each partition that they touch and that is still held.
pub fn moves<P: Ord + Clone, F>(owning: &Owning<P>, units: &[Unit<P, F>]) -> Vec<Move<P>> {
    let last: BTreeMap<&P, Progress> = units.iter().map(|unit| (&unit.partition, unit.after)).collect();
    last.into_iter().filter_map(|(partition, to)| Some(Move { partition: partition.clone(), from: *owning.get(partition)?, to })).collect()
}
