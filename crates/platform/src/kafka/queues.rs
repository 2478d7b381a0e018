//! Between the group's thread and the consume loops: one bounded queue for each class, and what found it full.
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tokio::sync::mpsc::error::TrySendError;

use super::queue::Feed;
use crate::{
    protocol::screen::Progress,
    reader::{Delivery, claim::Partition},
    streams::Class,
};

/// What the group tells a consume loop.
#[derive(Debug)]
pub enum Signal {
    Delivered(Delivery),
    /// Partitions that were claimed for this loop, and from where they are read.
    Assigned(BTreeMap<Partition, Progress>),
    Revoked(Vec<Partition>),
    /// Partitions whose offsets begin anew: what follows is counted from the earliest message.
    Rewound(Vec<Partition>),
}

#[derive(Default)]
pub(super) struct Queues {
    loops: BTreeMap<Class, Feed>,
    /// Signals that found their queue full, in order.
    spilled: BTreeMap<Class, VecDeque<Signal>>,
    pub paused: BTreeSet<Class>,
}

impl Queues {
    pub fn new(loops: BTreeMap<Class, Feed>) -> Self {
        Self { loops, ..Self::default() }
    }

    /// Whether signals wait for room in the queue of this class.
    pub fn full(&self, class: Class) -> bool {
        self.spilled.get(&class).is_some_and(|spilled| !spilled.is_empty())
    }

    pub fn push(&mut self, class: Class, signal: Signal) {
        let spilled = self.spilled.entry(class).or_default();
        let Some(queue) = self.loops.get(&class) else { return };
        if !spilled.is_empty() {
            spilled.push_back(signal);
        } else if let Err(TrySendError::Full(signal)) = queue.try_send(signal) {
            spilled.push_back(signal);
        }
    }

    /// Signals that found their queue full go in as soon as there is room.
    pub fn drain(&mut self) {
        for (class, spilled) in &mut self.spilled {
            let Some(queue) = self.loops.get(class) else { continue };
            while let Some(signal) = spilled.pop_front() {
                if let Err(TrySendError::Full(signal)) = queue.try_send(signal) {
                    spilled.push_front(signal);
                    break;
                }
            }
        }
    }
}
