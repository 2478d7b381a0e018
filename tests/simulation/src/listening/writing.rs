//! One part of a batch in its transaction: fence, effects, the facts that follow, commit.
use std::collections::BTreeSet;

use platform::{
    laboratory::Broken,
    protocol::{
        owning::Move,
        parts::{Trouble, Verdict},
        plan::{Unit, moves},
    },
};

use super::{Listening, Stage, Units};
use crate::{
    appending::{Appended, append},
    database::{Key, Lock, Write},
    row::{OUTSIDE, Place, Row},
    shared::{Shared, name},
};

impl Listening {
    pub(super) fn next(&mut self, shared: &mut Shared) {
        match self.parts.pop() {
            Some(units) => {
                let moves = moves(&self.owning, &units);
                let now = shared.now;
                self.stage = Stage::Fence(shared.db(self.service).begin(now), units, moves);
            }
            None if self.left.is_empty() => self.hand.clear(),
            None => self.stage = Stage::Plan,
        }
    }

    pub(super) fn fence(&mut self, transaction: u32, units: Units, moves: Vec<Move<Place>>, shared: &mut Shared) {
        let (service, now, laws) = (self.service, shared.now, shared.laws);
        for step in &moves {
            match shared.db(service).lock(transaction, Key::Consumer(step.partition), now) {
                Lock::Held => {}
                Lock::Wait => return self.stage = Stage::Fence(transaction, units, moves),
                Lock::Gone => return self.retry(),
            }
        }
        for step in &moves {
            let stored = shared.db(service).progress(step.partition);
            if !step.holds(&stored, laws) {
                shared.db(service).rollback(transaction);
                shared.say(|| format!("{}{} is fenced at {}", name(service), self.owner, step.partition));
                return self.fenced();
            }
            shared.db(service).write(transaction, Write::Progress(step.partition, step.applied(&stored)), now);
        }
        let mut transaction = transaction;
        if laws == Some(Broken::OffsetsFirst) {
            if !shared.commit(service, transaction) {
                return self.retry();
            }
            self.owning.moved(&moves);
            transaction = shared.db(service).begin(now);
        }
        self.stage = Stage::Apply(transaction, units, moves);
    }

    pub(super) fn fenced(&mut self) {
        let lost = self.owning.fenced(|place| self.owned.get(place).copied());
        self.stage = Stage::ClaimAgain(lost);
    }

    pub(super) fn apply(&mut self, transaction: u32, units: Units, moves: Vec<Move<Place>>, shared: &mut Shared) {
        let facts: Vec<(usize, Row)> = units.iter().enumerate().filter_map(|(n, unit)| Some((n, *unit.applicable()?))).collect();
        if facts.iter().any(|(_, fact)| fact.poisonous()) {
            return self.take_apart(transaction, units, Trouble::Refused, shared);
        }
        let late = facts
            .iter()
            .find(|(n, fact)| fact.rejected() && facts.iter().any(|(m, later)| m > n && later.place == fact.place && later.subject == fact.subject));
        if let Some((n, _)) = late {
            return self.take_apart(transaction, units, Trouble::RejectedAt(*n), shared);
        }
        match self.write(transaction, facts.into_iter().map(|(_, fact)| fact), shared) {
            Appended::Written => self.stage = Stage::Commit(transaction, moves),
            Appended::Wait => self.stage = Stage::Apply(transaction, units, moves),
            Appended::Gone => self.retry(),
        }
    }

    pub(super) fn take_apart(&mut self, transaction: u32, units: Units, trouble: Trouble, shared: &mut Shared) {
        let now = shared.now;
        let db = shared.db(self.service);
        db.rollback(transaction);
        self.stage = match self.parts.failed(units, trouble) {
            Verdict::Bury(unit) => Stage::Bury(db.begin(now), unit),
            Verdict::Apart => Stage::Next,
        };
    }

    /// Effects and the facts that follow from them; the heads are locked first, so that nothing is written twice when they are not free.
    pub(super) fn write(&self, transaction: u32, facts: impl Iterator<Item = Row>, shared: &mut Shared) -> Appended {
        let (service, now) = (self.service, shared.now);
        let mut seen = BTreeSet::new();
        let fresh: Vec<Row> = facts
            .filter(|fact| fact.place != OUTSIDE || (!shared.databases[usize::from(service)].inbox.contains(&fact.body) && seen.insert(fact.body)))
            .collect();
        let told: Vec<Row> = fresh.iter().filter(|fact| service < 2 && !fact.rejected()).map(|fact| Row::new(service, fact.body)).collect();
        match append(shared, service, transaction, &told) {
            Appended::Written => {}
            other => return other,
        }
        let db = shared.db(service);
        let written = fresh.iter().all(|fact| {
            let remembered = fact.place != OUTSIDE || db.write(transaction, Write::Inbox(fact.body), now);
            remembered && db.write(transaction, if fact.rejected() { Write::Letter(*fact) } else { Write::Effect(*fact) }, now)
        });
        if written { Appended::Written } else { Appended::Gone }
    }

    pub(super) fn bury(&mut self, transaction: u32, unit: Unit<Place, Row>, shared: &mut Shared) {
        let (service, now) = (self.service, shared.now);
        let units = [unit];
        for step in moves(&self.owning, &units) {
            match shared.db(service).lock(transaction, Key::Consumer(step.partition), now) {
                Lock::Held => {}
                Lock::Wait => {
                    let [unit] = units;
                    return self.stage = Stage::Bury(transaction, unit);
                }
                Lock::Gone => return self.retry(),
            }
            let stored = shared.db(service).progress(step.partition);
            if !step.holds(&stored, shared.laws) {
                shared.db(service).rollback(transaction);
                return self.fenced();
            }
            shared.db(service).write(transaction, Write::Progress(step.partition, step.applied(&stored)), now);
        }
        for fact in units.iter().filter_map(Unit::applicable) {
            shared.db(service).write(transaction, Write::Letter(*fact), now);
        }
        self.stage = Stage::Commit(transaction, moves(&self.owning, &units));
    }
}
