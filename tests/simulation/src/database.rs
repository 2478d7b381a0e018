//! A database: rows, row locks, transactions that are seen when they commit and gone when they do not.
use std::collections::{BTreeMap, BTreeSet};

use platform::{
    journal::GENESIS,
    protocol::{chain::Tip, screen::Progress},
};

use crate::row::{Place, Row};

/// An open transaction that nobody touches for so many steps is ended, as `idle_in_transaction_session_timeout` does.
const IDLE: u64 = 60;

/// A row that can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Consumer(Place),
    Stream(Place),
}

/// What asking for a lock came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    Held,
    /// Another transaction holds it.
    Wait,
    /// The own transaction was ended meanwhile.
    Gone,
}

/// What a transaction writes when it commits.
#[derive(Debug, Clone, Copy)]
pub enum Write {
    Progress(Place, Progress),
    /// A fact was applied.
    Effect(Row),
    /// A fact was not applied, and is kept.
    Letter(Row),
    Append(Row),
    Published(Place, i64),
    /// A message from outside was seen. Unique.
    Inbox(u32),
    /// A command was answered. Unique.
    Command(u32),
}

#[derive(Debug, Default)]
struct Transaction {
    writes: Vec<Write>,
    touched: u64,
}

/// One service's database.
#[derive(Debug, Default)]
pub struct Database {
    pub tips: BTreeMap<Place, Tip>,
    pub published: BTreeMap<Place, i64>,
    pub journal: BTreeMap<Place, Vec<Row>>,
    pub consumers: BTreeMap<Place, Progress>,
    /// In the order of their commits.
    pub effects: Vec<Row>,
    pub letters: Vec<Row>,
    pub inbox: BTreeSet<u32>,
    pub commands: BTreeSet<u32>,
    /// Who relays, and until which step.
    pub lease: Option<(u32, u64)>,
    transactions: BTreeMap<u32, Transaction>,
    locks: BTreeMap<Key, u32>,
    next: u32,
}

/// Nothing of this partition was read.
const UNREAD: Progress = Progress { epoch: 0, position: 0, hash: GENESIS, next_offset: 0 };

impl Database {
    pub fn begin(&mut self, now: u64) -> u32 {
        self.next += 1;
        self.transactions.insert(self.next, Transaction { writes: Vec::new(), touched: now });
        self.next
    }

    /// Ends transactions that were left open by the dead and the stopped.
    pub fn tidy(&mut self, now: u64) {
        let idle: Vec<u32> = self.transactions.iter().filter(|(_, t)| t.touched + IDLE < now).map(|(id, _)| *id).collect();
        idle.into_iter().for_each(|id| self.rollback(id));
    }

    pub fn lock(&mut self, id: u32, key: Key, now: u64) -> Lock {
        let Some(transaction) = self.transactions.get_mut(&id) else { return Lock::Gone };
        transaction.touched = now;
        match self.locks.get(&key) {
            Some(holder) if *holder != id => Lock::Wait,
            _ => {
                self.locks.insert(key, id);
                Lock::Held
            }
        }
    }

    /// False when the transaction was ended meanwhile.
    pub fn write(&mut self, id: u32, write: Write, now: u64) -> bool {
        let Some(transaction) = self.transactions.get_mut(&id) else { return false };
        transaction.touched = now;
        transaction.writes.push(write);
        true
    }

    pub fn rollback(&mut self, id: u32) {
        self.transactions.remove(&id);
        self.locks.retain(|_, holder| *holder != id);
    }

    /// False when the transaction was ended meanwhile, or somebody was faster with a unique key.
    pub fn commit(&mut self, id: u32) -> bool {
        let Some(transaction) = self.transactions.remove(&id) else { return false };
        self.locks.retain(|_, holder| *holder != id);
        let taken = transaction.writes.iter().any(|write| match write {
            Write::Inbox(message) => self.inbox.contains(message),
            Write::Command(command) => self.commands.contains(command),
            _ => false,
        });
        if taken {
            return false;
        }
        transaction.writes.into_iter().for_each(|write| self.apply(write));
        true
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Progress(place, progress) => drop(self.consumers.insert(place, progress)),
            Write::Effect(row) => self.effects.push(row),
            Write::Letter(row) => self.letters.push(row),
            Write::Append(row) => {
                self.tips.insert(row.place, Tip { position: row.position, hash: row.hash });
                self.journal.entry(row.place).or_default().push(row);
            }
            Write::Published(place, position) => {
                let published = self.published.entry(place).or_default();
                *published = position.max(*published);
            }
            Write::Inbox(message) => drop(self.inbox.insert(message)),
            Write::Command(command) => drop(self.commands.insert(command)),
        }
    }

    pub fn tip(&self, place: Place) -> Tip {
        self.tips.get(&place).copied().unwrap_or(Tip::START)
    }

    pub fn row(&self, place: Place, position: i64) -> Option<&Row> {
        self.journal.get(&place)?.get(usize::try_from(position - 1).ok()?)
    }

    pub fn published(&self, place: Place) -> i64 {
        self.published.get(&place).copied().unwrap_or(0)
    }

    pub fn progress(&self, place: Place) -> Progress {
        self.consumers.get(&place).copied().unwrap_or(UNREAD)
    }

    /// By the database's own clock.
    pub fn hold_lease(&mut self, owner: u32, now: u64, length: u64) -> bool {
        let free = self.lease.is_none_or(|(holder, until)| holder == owner || until < now);
        if free {
            self.lease = Some((owner, now + length));
        }
        free
    }
}
