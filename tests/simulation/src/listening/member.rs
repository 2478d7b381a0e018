//! The group's thread: claims what is assigned, gives up what is revoked, fetches.
use std::collections::VecDeque;

use platform::protocol::{
    plan::Delivered,
    resume::{Resume, first, resume},
    screen::Progress,
};

use super::{Listening, Signal, list};
use crate::{
    broker::Assignment,
    database::{Key, Lock, Write},
    row::{OUTSIDE, Place},
    shared::{Shared, name},
};

impl Listening {
    /// The group's thread: claims what is assigned, gives up what is revoked, fetches.
    pub fn step_group(&mut self, shared: &mut Shared) {
        if std::mem::take(&mut self.again) {
            let all: Vec<Place> = std::mem::take(&mut self.owned).into_keys().collect();
            self.fetching.clear();
            self.queue.push_back(Signal::Revoked(all.clone()));
            self.claiming.extend(all);
        }
        if !self.claiming.is_empty() {
            return self.claim_assigned(shared);
        }
        match shared.broker.told.get_mut(&self.owner).and_then(VecDeque::pop_front) {
            Some(Assignment::Assigned(places)) => self.claiming = places,
            Some(Assignment::Revoked(places)) => {
                for place in &places {
                    self.owned.remove(place);
                    self.fetching.remove(place);
                }
                self.queue.push_back(Signal::Revoked(places));
            }
            None if self.queue.len() < 16 => self.fetch(shared),
            None => {}
        }
    }

    pub(super) fn claim_assigned(&mut self, shared: &mut Shared) {
        let Some(claimed) = claim(shared, self.service, &self.claiming) else { return };
        for (place, progress) in &claimed {
            let log = shared.broker.logs.entry(*place).or_default();
            self.fetching.insert(*place, first(progress, *place != OUTSIDE).unwrap_or(log.low));
            self.owned.insert(*place, progress.epoch);
        }
        shared.say(|| format!("{}{} claims {}", name(self.service), self.owner, list(&self.claiming)));
        self.claiming.clear();
        self.queue.push_back(Signal::Assigned(claimed));
    }

    pub(super) fn fetch(&mut self, shared: &mut Shared) {
        let places: Vec<Place> = self.fetching.keys().copied().collect();
        let Some(place) = shared.rng.choice(&places).copied() else { return };
        let next = self.fetching.get(&place).copied().unwrap_or(0);
        let log = shared.broker.logs.entry(place).or_default();
        let (low, high) = (log.low, log.high());
        if resume(next, low, high) == Resume::Earliest {
            self.fetching.insert(place, low);
            self.queue.push_back(Signal::Rewound(place));
            shared.say(|| format!("{place} offset {next} is out of range, reading from {low}"));
            return;
        }
        let upto = high.min(next + shared.rng.i64(1..=4));
        let log = shared.broker.logs.entry(place).or_default();
        for offset in next..upto {
            if let Some(fact) = log.at(offset) {
                self.queue.push_back(Signal::Delivered(Delivered { partition: place, offset, ours: place != OUTSIDE, too_large: false, fact }));
            }
        }
        self.fetching.insert(place, upto);
    }

    /// Kafka brings messages once more.
    pub fn seek_back(&mut self, shared: &mut Shared) {
        let places: Vec<Place> = self.fetching.keys().copied().collect();
        if let Some(place) = shared.rng.choice(&places).copied()
            && let Some(next) = self.fetching.get_mut(&place)
        {
            let low = shared.broker.logs.entry(place).or_default().low;
            *next = (*next - shared.rng.i64(1..12)).max(low);
            let next = *next;
            shared.say(|| format!("{place} is delivered to {}{} from {next} again", name(self.service), self.owner));
        }
    }
}

/// Claims partitions in one transaction, if the database lets it.
pub(super) fn claim(shared: &mut Shared, service: u8, places: &[Place]) -> Option<Vec<(Place, Progress)>> {
    let (now, laws) = (shared.now, shared.laws);
    let db = shared.db(service);
    let transaction = db.begin(now);
    let mut claimed = Vec::new();
    for place in places {
        if db.lock(transaction, Key::Consumer(*place), now) != Lock::Held {
            db.rollback(transaction);
            return None;
        }
        let progress = db.progress(*place).claimed(laws);
        db.write(transaction, Write::Progress(*place, progress), now);
        claimed.push((*place, progress));
    }
    shared.commit(service, transaction).then_some(claimed)
}
