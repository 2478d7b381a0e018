//! Which partitions an owner believes to hold, how far it has read them, and what makes a write of it count.
//!
//! Kafka's assignment alone is not enough: an owner that was stopped for a minute does not know that it lost its partitions. The epoch in
//! the database does, and [`Move::holds`] is compared in the transaction that writes the effects, so a zombie can write nothing.
use std::collections::BTreeMap;

use super::{Laws, screen::Progress};
use crate::laboratory::Broken;

/// A partition moves from where its owner left it to where a batch leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move<P> {
    pub partition: P,
    pub from: Progress,
    pub to: Progress,
}

impl<P> Move<P> {
    /// Whether the database still has what this move starts from. Decided by the database, in the transaction of the effects.
    pub fn holds(&self, stored: &Progress, laws: impl Laws) -> bool {
        let epoch = self.from.epoch == stored.epoch || laws.broken(Broken::NoFence);
        let position = self.from.position == stored.position || laws.broken(Broken::NoFence) || laws.broken(Broken::NoPositionCheck);
        epoch && position
    }

    /// What the database has afterwards.
    pub fn applied(&self, stored: &Progress) -> Progress {
        Progress { epoch: stored.epoch, ..self.to }
    }
}

/// What one owner believes.
#[derive(Debug, Clone)]
pub struct Owning<P> {
    progress: BTreeMap<P, Progress>,
}

impl<P> Default for Owning<P> {
    fn default() -> Self {
        Self { progress: BTreeMap::new() }
    }
}

impl<P: Ord + Clone> Owning<P> {
    /// Partitions were claimed. Returns those that this owner did not know at this epoch: what it gathered of them before was fetched by an
    /// earlier assignment and comes again.
    pub fn claimed(&mut self, claimed: impl IntoIterator<Item = (P, Progress)>) -> Vec<P> {
        let mut anew = Vec::new();
        for (partition, progress) in claimed {
            if self.progress.get(&partition).is_none_or(|known| known.epoch < progress.epoch) {
                anew.push(partition.clone());
                self.progress.insert(partition, progress);
            }
        }
        anew
    }

    /// Partitions were taken away.
    pub fn revoked<'p>(&mut self, partitions: impl IntoIterator<Item = &'p P>)
    where
        P: 'p,
    {
        for partition in partitions {
            self.progress.remove(partition);
        }
    }

    /// A batch did not hold: another owner has written, or this process has claimed anew, or the end of an earlier batch was not known.
    /// Nothing is held any more. Returns what is to be claimed again: what is still assigned, unless a newer claim of this process is on its
    /// way to the loop, behind which its messages come again. `newest` tells the epoch of the member's last claim
    /// of what is assigned.
    pub fn fenced(&mut self, newest: impl Fn(&P) -> Option<i64>) -> BTreeMap<P, Progress> {
        let held = std::mem::take(&mut self.progress);
        held.into_iter().filter(|(partition, known)| newest(partition).is_some_and(|epoch| epoch <= known.epoch)).collect()
    }

    /// What was lost is claimed again. Returns partitions from outside that somebody else has held meanwhile: what was gathered of them may
    /// be of another topic than what that owner has read, and no position would show it. They are let go, and must be fetched anew.
    pub fn claimed_again(&mut self, lost: &BTreeMap<P, Progress>, claimed: BTreeMap<P, Progress>, ours: impl Fn(&P) -> bool) -> Vec<P> {
        let mut anew = Vec::new();
        for (partition, progress) in claimed {
            let alone = lost.get(&partition).is_some_and(|known| progress.epoch <= known.epoch + 1);
            if alone || ours(&partition) {
                self.progress.insert(partition, progress);
            } else {
                anew.push(partition);
            }
        }
        anew
    }

    /// A batch was committed.
    pub fn moved(&mut self, moves: &[Move<P>]) {
        for step in moves {
            self.progress.insert(step.partition.clone(), step.to);
        }
    }

    pub fn get(&self, partition: &P) -> Option<&Progress> {
        self.progress.get(partition)
    }

    pub fn all(&self) -> &BTreeMap<P, Progress> {
        &self.progress
    }
}
