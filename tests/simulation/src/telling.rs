//! A relay: the platform's machine between the model's journal and the model's broker, one step at a time.
use std::collections::{BTreeMap, VecDeque};

use platform::{
    laboratory::Broken,
    protocol::{
        relaying::Relaying,
        start::{Found, Start, start},
    },
};

use crate::{
    database::{Key, Lock, Write},
    row::{Place, Row},
    shared::{Shared, name, tells},
};

/// Steps that a lease is good for.
const LEASE: u64 = 500;
/// Most rows of a stream in one read.
const ROWS: i64 = 5;

struct Session {
    producer: u32,
    relaying: Relaying<Place, Option<Broken>>,
    pending: VecDeque<Row>,
}

#[derive(Default)]
enum Stage {
    #[default]
    Hold,
    Ends,
    Begin(BTreeMap<Place, Found>),
    Read,
    Send,
    Publish(u32, Vec<(Place, i64)>),
}

pub struct Telling {
    service: u8,
    owner: u32,
    session: Option<Session>,
    stage: Stage,
    held_until: u64,
}

impl Telling {
    pub fn new(service: u8, owner: u32) -> Self {
        Self { service, owner, session: None, stage: Stage::Hold, held_until: 0 }
    }

    /// The process dies.
    pub fn die(&mut self, shared: &mut Shared) {
        if let Some(session) = self.session.take() {
            let mut rng = shared.rng.fork();
            shared.broker.abandon(session.producer, &mut rng);
        }
    }

    pub fn step(&mut self, shared: &mut Shared) {
        match std::mem::take(&mut self.stage) {
            Stage::Hold => self.hold(shared),
            Stage::Ends => {
                let Some(session) = &self.session else { return };
                let unknown = tells(self.service).into_iter().filter(|place| !session.relaying.knows(place));
                let ends = unknown.map(|place| (place, shared.broker.logs.entry(place).or_default().end())).collect();
                self.stage = Stage::Begin(ends);
            }
            Stage::Begin(ends) => self.begin(&ends, shared),
            Stage::Read => self.read(shared),
            Stage::Send => self.send(shared),
            Stage::Publish(transaction, reached) => self.publish(transaction, reached, shared),
        }
    }

    fn hold(&mut self, shared: &mut Shared) {
        let now = shared.now;
        if shared.fails() {
            return;
        }
        if !shared.db(self.service).hold_lease(self.owner, now, LEASE) {
            return self.die(shared);
        }
        self.held_until = now + LEASE;
        if self.session.is_none() {
            if shared.broker.busy() {
                shared.overlapped[usize::from(self.service)] = true;
            }
            let producer = shared.broker.producer();
            self.session = Some(Session { producer, relaying: Relaying::new(shared.laws), pending: VecDeque::new() });
            shared.say(|| format!("{}{} relays with producer {producer}", name(self.service), self.owner));
        }
        self.stage = Stage::Ends;
    }

    fn begin(&mut self, ends: &BTreeMap<Place, Found>, shared: &mut Shared) {
        let Some(session) = &mut self.session else { return };
        for (place, end) in ends {
            let db = &shared.databases[usize::from(self.service)];
            let own = if let Found::Last(last) = end { db.row(*place, last.position).map(|row| row.hash) } else { None };
            match start(db.tip(*place).position, db.published(*place), *end, own) {
                Start::After(after) => session.relaying.begin(*place, after, db.published(*place)),
                Start::Refused(contradiction) => shared.violated(|| format!("{place} is refused: {contradiction}")),
            }
        }
        self.stage = Stage::Read;
    }

    fn read(&mut self, shared: &mut Shared) {
        let Some(session) = &mut self.session else { return };
        if session.pending.is_empty() {
            let db = &shared.databases[usize::from(self.service)];
            for place in tells(self.service) {
                let head = db.tip(place).position;
                if let Some(sent) = session.relaying.last_sent(&place) {
                    session.pending.extend((sent + 1..=head.min(sent + ROWS)).filter_map(|position| db.row(place, position)));
                }
            }
        }
        self.stage = Stage::Send;
    }

    fn send(&mut self, shared: &mut Shared) {
        let Some(session) = &mut self.session else { return };
        if shared.now < self.held_until
            && let Some(row) = session.pending.pop_front()
        {
            if shared.broker.send(session.producer, row) {
                session.relaying.sent(&row.place, row.position);
                self.stage = Stage::Send;
                return;
            }
            session.relaying.fail();
        }
        if let Some(producer) = shared.broker.producers.get_mut(&session.producer) {
            for (place, position) in producer.acknowledged.drain(..) {
                session.relaying.acknowledged(&place, position);
            }
            if producer.failed {
                session.relaying.fail();
            }
        }
        let reached = session.relaying.reached();
        if !reached.is_empty() {
            let now = shared.now;
            self.stage = Stage::Publish(shared.db(self.service).begin(now), reached);
        } else if session.relaying.failed() {
            self.die(shared);
        }
    }

    fn publish(&mut self, transaction: u32, reached: Vec<(Place, i64)>, shared: &mut Shared) {
        let Some(session) = &mut self.session else { return };
        let (service, now) = (self.service, shared.now);
        for (place, _) in &reached {
            match shared.db(service).lock(transaction, Key::Stream(*place), now) {
                Lock::Held => {}
                Lock::Wait => return self.stage = Stage::Publish(transaction, reached),
                Lock::Gone => return,
            }
        }
        for (place, position) in &reached {
            shared.db(service).write(transaction, Write::Published(*place, *position), now);
        }
        let told = shared.commit(service, transaction);
        for (place, position) in reached {
            let log = shared.broker.logs.entry(place).or_default();
            let there = log.thinned || (1..=position).all(|p| log.records.iter().any(|row| row.position == p));
            if !there && shared.databases[usize::from(service)].published(place) >= position {
                shared.violated(|| format!("{place} counts as published up to {position}, and the broker does not have all of it"));
            }
            if told {
                session.relaying.published(&place, position);
            }
        }
        if session.relaying.failed() {
            self.die(shared);
        }
    }
}
