//! A broker: logs, idempotent producers whose acknowledgements get lost, retention, topics created anew, and groups that change their minds.
use std::collections::{BTreeMap, VecDeque};

use fastrand::Rng;
use platform::protocol::{chain::Tip, start::Found};

use crate::row::{OUTSIDE, Place, Row};

/// One partition.
#[derive(Debug, Default)]
pub struct Log {
    /// Offset of the first record that is still there.
    pub low: i64,
    pub records: VecDeque<Row>,
    /// Last sequence of each producer, by which a repeated record is known.
    sequences: BTreeMap<u32, u64>,
    /// Retention has removed something, or the topic was created anew.
    pub thinned: bool,
}

impl Log {
    pub fn high(&self) -> i64 {
        self.low + i64::try_from(self.records.len()).unwrap_or(0)
    }

    pub fn at(&self, offset: i64) -> Option<Row> {
        self.records.get(usize::try_from(offset - self.low).ok()?).copied()
    }

    /// What a relay finds at its start.
    pub fn end(&self) -> Found {
        match self.records.back() {
            None if self.high() == 0 => Found::Empty,
            None => Found::Emptied,
            Some(row) => Found::Last(Tip { position: row.position, hash: row.hash }),
        }
    }
}

/// One producer, which the broker hears out even after its process has died.
#[derive(Debug, Default)]
pub struct Producer {
    waiting: BTreeMap<Place, VecDeque<(u64, Row)>>,
    sent: u64,
    /// What the process will hear, in whatever order.
    pub acknowledged: Vec<(Place, i64)>,
    pub failed: bool,
}

/// What a group tells one of its members.
#[derive(Debug, Clone)]
pub enum Assignment {
    Assigned(Vec<Place>),
    Revoked(Vec<Place>),
}

#[derive(Debug, Default)]
pub struct Broker {
    pub logs: BTreeMap<Place, Log>,
    pub producers: BTreeMap<u32, Producer>,
    /// Owner of each partition, by reading service.
    pub groups: BTreeMap<(u8, Place), u32>,
    /// What members have not been told yet.
    pub told: BTreeMap<u32, VecDeque<Assignment>>,
    next: u32,
}

impl Broker {
    pub fn producer(&mut self) -> u32 {
        self.next += 1;
        self.producers.insert(self.next, Producer::default());
        self.next
    }

    /// Gives a row to a producer; false when it has failed and takes nothing more.
    pub fn send(&mut self, producer: u32, row: Row) -> bool {
        let Some(producer) = self.producers.get_mut(&producer).filter(|p| !p.failed) else { return false };
        producer.sent += 1;
        producer.waiting.entry(row.place).or_default().push_back((producer.sent, row));
        true
    }

    /// One request of one producer arrives. Returns what happened.
    pub fn receive(&mut self, rng: &mut Rng, trouble: bool) -> Option<(u32, Row, &'static str)> {
        let waiting: Vec<(u32, Place)> = self.producers.iter().flat_map(|(id, p)| p.waiting.keys().map(|place| (*id, *place))).collect();
        let (id, place) = *rng.choice(&waiting)?;
        let producer = self.producers.get_mut(&id)?;
        let queue = producer.waiting.get_mut(&place)?;
        let (sequence, row) = *queue.front()?;
        let log = self.logs.entry(place).or_default();
        let what = if trouble && rng.u8(..) < 3 {
            // The broker refuses a record for good: by the gapless guarantee nothing after it is sent either.
            producer.waiting.clear();
            producer.failed = true;
            return Some((id, row, "is refused by the broker"));
        } else if log.sequences.get(&id).is_some_and(|last| *last >= sequence) {
            "comes again and is known"
        } else {
            log.sequences.insert(id, sequence);
            log.records.push_back(row);
            if trouble && rng.u8(..) < 40 {
                return Some((id, row, "is written, and the acknowledgement gets lost"));
            }
            "is written"
        };
        queue.pop_front();
        if queue.is_empty() {
            producer.waiting.remove(&place);
        }
        let at = rng.usize(..=producer.acknowledged.len());
        producer.acknowledged.insert(at, (place, row.position));
        Some((id, row, what))
    }

    /// The process of a producer has died: what is on its way may arrive yet, or not.
    pub fn abandon(&mut self, producer: u32, rng: &mut Rng) {
        if let Some(producer) = self.producers.get_mut(&producer) {
            for queue in producer.waiting.values_mut() {
                queue.truncate(rng.usize(..=queue.len()));
            }
            producer.waiting.retain(|_, queue| !queue.is_empty());
        }
    }

    /// Whether anything is on its way to this topic.
    pub fn busy(&self) -> bool {
        self.producers.values().any(|p| !p.waiting.is_empty())
    }

    /// Retention removes the beginning of a partition.
    pub fn retain(&mut self, place: Place, rng: &mut Rng) {
        let log = self.logs.entry(place).or_default();
        let gone = rng.usize(..=log.records.len());
        log.records.drain(..gone);
        log.low += i64::try_from(gone).unwrap_or(0);
        log.thinned = true;
    }

    /// The topic is deleted and created anew.
    pub fn recreate(&mut self, topic: u8, rng: &mut Rng) {
        let failing = rng.bool();
        for (place, log) in self.logs.iter_mut().filter(|(place, _)| place.topic == topic) {
            *log = Log { thinned: true, ..Log::default() };
            if failing {
                for producer in self.producers.values_mut().filter(|p| p.waiting.contains_key(place)) {
                    producer.failed = true;
                    producer.waiting.clear();
                }
            }
        }
    }

    /// Publishes from outside.
    pub fn publish(&mut self, row: Row) {
        self.logs.entry(OUTSIDE).or_default().records.push_back(row);
    }

    /// Gives the partitions that a service hears to members. Who loses one may be told much later than who gets it.
    pub fn rebalance(&mut self, service: u8, hears: &[Place], members: &[u32], rng: &mut Rng) {
        for place in hears {
            let Some(owner) = rng.choice(members).copied() else { return };
            let before = self.groups.insert((service, *place), owner);
            if before == Some(owner) {
                continue;
            }
            if let Some(before) = before {
                self.told.entry(before).or_default().push_back(Assignment::Revoked(vec![*place]));
            }
            self.told.entry(owner).or_default().push_back(Assignment::Assigned(vec![*place]));
        }
    }
}
