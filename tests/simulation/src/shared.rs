//! What all processes of a run share: time, chance, databases, the broker, and what went wrong.
use std::collections::BTreeSet;

use fastrand::Rng;
use platform::laboratory::Broken;

use crate::{
    broker::Broker,
    database::Database,
    row::{OUTSIDE, Place, SERVICES, STREAMS},
};

pub struct Shared {
    pub now: u64,
    pub rng: Rng,
    /// The rule that this run breaks.
    pub laws: Option<Broken>,
    /// Whether things fail; off when a run comes to rest.
    pub trouble: bool,
    /// Of 256 statements, how many fail.
    pub failing: u8,
    pub databases: Vec<Database>,
    pub broker: Broker,
    /// Commands that callers were told are done.
    pub answered: BTreeSet<u32>,
    /// Two producers of one service may have been heard at once, so rows may come in another order.
    pub overlapped: [bool; SERVICES as usize],
    /// The first thing that must never happen, and did.
    pub violation: Option<String>,
    pub schedule: Option<Vec<String>>,
}

impl Shared {
    pub fn new(seed: u64, laws: Option<Broken>, told: bool) -> Self {
        Self {
            now: 0,
            rng: Rng::with_seed(seed),
            laws,
            trouble: true,
            failing: 0,
            databases: (0..SERVICES).map(|_| Database::default()).collect(),
            broker: Broker::default(),
            answered: BTreeSet::new(),
            overlapped: [false; SERVICES as usize],
            violation: None,
            schedule: told.then(Vec::new),
        }
    }

    /// Adds a line to the schedule, if it is wanted.
    pub fn say(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(schedule) = &mut self.schedule {
            schedule.push(format!("{now:>6} {}", line()));
        }
    }

    pub fn violated(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let what = what();
            self.say(|| format!("VIOLATION {what}"));
            self.violation = Some(what);
        }
    }

    pub fn db(&mut self, service: u8) -> &mut Database {
        &mut self.databases[usize::from(service)]
    }

    /// Whether a statement or a call fails now.
    pub fn fails(&mut self) -> bool {
        self.trouble && self.rng.u8(..) < self.failing
    }

    /// Commits; true when the process is told so. A connection may be lost before the commit, or after it.
    pub fn commit(&mut self, service: u8, transaction: u32) -> bool {
        match (self.fails(), self.rng.bool()) {
            (true, true) => {
                self.db(service).rollback(transaction);
                false
            }
            (lost, _) => {
                let committed = self.db(service).commit(transaction);
                if lost && committed {
                    self.say(|| format!("{} commits, and the answer gets lost", name(service)));
                }
                committed && !lost
            }
        }
    }
}

/// Partitions that a service hears.
pub fn hears(service: u8) -> Vec<Place> {
    match service {
        0 => vec![OUTSIDE],
        heard => tells(heard - 1),
    }
}

/// Streams that a service tells.
pub fn tells(service: u8) -> Vec<Place> {
    (0..STREAMS).map(|stream| Place { topic: service, stream }).collect()
}

pub fn name(service: u8) -> &'static str {
    ["a", "b", "c"][usize::from(service)]
}
