//! Topics that begin anew, and the comparison of an idle reader with its producers.
use platform::protocol::{
    heads::{Compared, Source, compare},
    owning::Move,
    parts::Parts,
    plan::Plan,
};

use super::{Listening, Stage};
use crate::{
    database::{Key, Lock, Write},
    row::{OUTSIDE, Place},
    shared::{Shared, hears, name},
};

impl Listening {
    /// The offsets begin anew; the database is told, so that it is still known after a fence.
    pub(super) fn rewind(&mut self, place: Place, shared: &mut Shared) {
        match self.write_rewind(place, shared) {
            Some(true) => {
                shared.say(|| format!("{}{} reads {place} from its first message", name(self.service), self.owner));
                self.rewound.pop();
            }
            Some(false) => self.fenced(),
            None => {}
        }
    }

    pub(super) fn begin_anew(&mut self, place: Place, shared: &mut Shared) {
        match self.write_rewind(place, shared) {
            Some(true) => {
                shared.say(|| format!("{place} was created anew"));
                self.owning.revoked([&place]);
                self.again = true;
                self.retry();
            }
            Some(false) => self.fenced(),
            None => self.retry(),
        }
    }

    /// Whether this owner still holds the partition; `None` when the database did not answer.
    pub(super) fn write_rewind(&mut self, place: Place, shared: &mut Shared) -> Option<bool> {
        let Some(from) = self.owning.get(&place).copied() else { return Some(true) };
        let (now, step) = (shared.now, Move { partition: place, from, to: from.rewound(place != OUTSIDE) });
        let db = shared.db(self.service);
        let transaction = db.begin(now);
        let held = db.lock(transaction, Key::Consumer(place), now) == Lock::Held;
        let stored = db.progress(place);
        if !held || !step.holds(&stored, None) {
            db.rollback(transaction);
            return held.then_some(false);
        }
        db.write(transaction, Write::Progress(place, step.applied(&stored)), now);
        shared.commit(self.service, transaction).then(|| {
            self.owning.moved(&[step]);
            true
        })
    }

    /// Compares itself with its producers, as an idle reader does.
    pub(super) fn check_heads(&mut self, shared: &mut Shared) {
        for (place, read) in self.owning.all().clone() {
            if place == OUTSIDE {
                if read.next_offset > shared.broker.logs.entry(place).or_default().high() {
                    return self.begin_anew(place, shared);
                }
                continue;
            }
            if self.stopped.contains_key(&place) {
                continue;
            }
            let db = &shared.databases[usize::from(place.topic)];
            let source = Source {
                position: db.tip(place).position,
                published: db.published(place),
                at_read: db.row(place, read.position).map(|row| row.hash),
            };
            match compare(&read, &source) {
                Compared::Same => {}
                Compared::Fork(contradiction) => shared.violated(|| format!("{place} is stopped: {contradiction}")),
                Compared::Behind(upto) => {
                    let mut plan = Plan::new(&self.owning, shared.laws);
                    let rows = self.missing(place, read.position + 1, upto + 1, shared);
                    if plan.fill(&place, rows).is_ok() {
                        self.parts = Parts::new(plan.units);
                        self.stage = Stage::Next;
                        return;
                    }
                }
            }
        }
    }
}

/// Whether a service has applied or kept all that there is for it.
pub fn read_to_the_end(shared: &Shared, service: u8) -> bool {
    let db = &shared.databases[usize::from(service)];
    hears(service).into_iter().all(|place| match place {
        OUTSIDE => {
            let mut records = shared.broker.logs.get(&place).into_iter().flat_map(|log| &log.records);
            records.all(|record| db.inbox.contains(&record.body) || db.letters.iter().any(|letter| letter.body == record.body))
        }
        _ => db.progress(place).position == shared.databases[usize::from(place.topic)].tip(place).position,
    })
}
