//! What was sent and what became of it: the load's own books, kept apart from the services.
use std::collections::HashMap;

use tokio::time::{Duration, Instant};

use super::mix::Fate;

/// One declaration on its way.
#[derive(Debug, Clone)]
pub struct Entry {
    pub sender: String,
    pub reference: String,
    pub published: Instant,
    pub office: String,
    pub fate: Fate,
    pub protobuf: bool,
    pub parcel: bool,
    pub gate: &'static str,
    pub plate: String,
    /// 12 digits, once accepted.
    pub number: String,
    pub refused: Option<String>,
    pub lane: String,
    pub lane_answered: Option<Instant>,
    pub reported: Option<Instant>,
    pub cleared: bool,
    pub invalidated: bool,
}

impl Entry {
    /// Refused; or withdrawn; or its lane is in reporting and answered.
    pub fn done(&self) -> bool {
        self.refused.is_some() || self.invalidated || (self.lane_answered.is_some() && self.reported.is_some())
    }

    /// From publishing to both, when both have happened.
    pub fn took(&self) -> Option<Duration> {
        Some(self.lane_answered?.max(self.reported?) - self.published)
    }
}

/// By the id of the message that lodged.
#[derive(Debug, Default)]
pub struct Ledger {
    pub entries: HashMap<String, Entry>,
    by_reference: HashMap<(String, String), String>,
    pub answers: HashMap<String, u64>,
    pub refusals: HashMap<String, u64>,
    /// Answers to messages that have no entry here.
    pub strange: u64,
}

/// Totals of a run.
#[derive(Debug, Default, Clone, serde::Serialize)]
pub struct Totals {
    pub sent: u64,
    pub accepted: u64,
    pub refused: u64,
    pub withdrawn: u64,
    pub amended: u64,
    pub cleared: u64,
    pub green: u64,
    pub yellow: u64,
    pub red: u64,
    pub done: u64,
}

impl Ledger {
    pub fn add(&mut self, id: &str, entry: Entry) {
        self.by_reference.insert((entry.sender.clone(), entry.reference.clone()), id.to_owned());
        self.entries.insert(id.to_owned(), entry);
    }

    /// The entry that an answer is about: by the message it replies to, else by the sender's reference.
    pub fn about(&mut self, in_reply_to: &str, sender: &str, reference: &str) -> Option<(String, &mut Entry)> {
        let id = if self.entries.contains_key(in_reply_to) {
            in_reply_to.to_owned()
        } else {
            self.by_reference.get(&(sender.to_owned(), reference.to_owned()))?.clone()
        };
        self.entries.get_mut(&id).map(|entry| (id, entry))
    }

    pub fn totals(&self) -> Totals {
        let count = |wanted: &dyn Fn(&Entry) -> bool| self.entries.values().filter(|e| wanted(e)).count() as u64;
        Totals {
            sent: self.entries.len() as u64,
            accepted: count(&|e| !e.number.is_empty()),
            refused: count(&|e| e.refused.is_some()),
            withdrawn: count(&|e| e.invalidated),
            amended: count(&|e| e.number.ends_with('1')),
            cleared: count(&|e| e.cleared),
            green: count(&|e| e.lane == "green"),
            yellow: count(&|e| e.lane == "yellow"),
            red: count(&|e| e.lane == "red"),
            done: count(&Entry::done),
        }
    }

    pub fn done(&self) -> usize {
        self.entries.values().filter(|e| e.done()).count()
    }

    /// Sorted times from publishing to done, in microseconds.
    pub fn latencies(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.entries.values().filter_map(Entry::took).map(|d| u64::try_from(d.as_micros()).unwrap_or(u64::MAX)).collect();
        all.sort_unstable();
        all
    }
}

/// Nearest-rank percentile of sorted values.
pub fn percentile(sorted: &[u64], per_mille: usize) -> u64 {
    let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}
