//! What must hold of every run once it rests, compared with what callers and the outside were promised.
use std::{collections::BTreeMap, ops::Range};

use platform::{journal::GENESIS, protocol::screen::Arrival as _};

use crate::{
    row::{OUTSIDE, Place, Row, SERVICES},
    shared::{Shared, hears, tells},
};

/// The first law that does not hold, as a sentence.
pub fn first_broken(shared: &Shared, commands: u32, messages: Range<u32>) -> Option<String> {
    let checks = [chains(shared), accepted(shared, commands, messages), effects(shared), topics(shared), readers(shared), folds(shared)];
    checks.into_iter().flatten().next()
}

/// Positions have no gap and each row is chained to the one before.
fn chains(shared: &Shared) -> Option<String> {
    for (place, rows) in shared.databases.iter().flat_map(|db| &db.journal) {
        let mut previous = GENESIS;
        for (row, position) in rows.iter().zip(1..) {
            if row.position != position || row.hash_behind(position, &previous) != Some(row.hash) {
                return Some(format!("the journal of {place} breaks at position {position}"));
            }
            previous = row.hash;
        }
    }
    None
}

/// What was promised is there: answered commands in the journal, messages applied or kept, each once.
fn accepted(shared: &Shared, commands: u32, messages: Range<u32>) -> Option<String> {
    let db = &shared.databases[0];
    let journaled = counted(db.journal.values().flatten());
    let wrong = (1..=commands).find(|command| journaled.get(command) != Some(&1));
    if let Some(command) = wrong {
        return Some(format!("command {command} was answered and is {} times in the journal", journaled.get(&command).unwrap_or(&0)));
    }
    let (applied, kept) = (counted(db.effects.iter()), counted(db.letters.iter()));
    for message in messages {
        let row = Row::new(OUTSIDE.topic, message);
        let (effects, letters) = (applied.get(&message).copied().unwrap_or(0), kept.get(&message).copied().unwrap_or(0));
        let right = if row.poisonous() {
            effects == 0 && letters > 0
        } else if row.rejected() {
            effects == 0 && letters == 1
        } else {
            effects == 1
        };
        if !right {
            return Some(format!("message {message} from outside has {effects} effects and {letters} dead letters"));
        }
        if effects == 1 && journaled.get(&message) != Some(&1) {
            return Some(format!("message {message} is {} times in the journal", journaled.get(&message).unwrap_or(&0)));
        }
    }
    None
}

fn counted<'r>(rows: impl Iterator<Item = &'r Row>) -> BTreeMap<u32, usize> {
    let mut counts = BTreeMap::new();
    rows.for_each(|row| *counts.entry(row.body).or_default() += 1);
    counts
}

/// Every row of a journal has one effect, or one dead letter, in every service that hears it; and per subject none came before an earlier one.
fn effects(shared: &Shared) -> Option<String> {
    for service in 1..SERVICES {
        let db = &shared.databases[usize::from(service)];
        for place in hears(service) {
            let rows = shared.databases[usize::from(place.topic)].journal.get(&place).map_or(&[][..], Vec::as_slice);
            let of = |rows: &[Row]| rows.iter().filter(|row| row.place == place).map(|row| row.position).collect::<Vec<i64>>();
            let expected = |kept: bool| rows.iter().filter(|r| (r.poisonous() || r.rejected()) == kept).map(|r| r.position).collect::<Vec<i64>>();
            let (applied, kept) = (of(&db.effects), of(&db.letters));
            if applied != expected(false) {
                return Some(format!("service {service} applied {applied:?} of {place}, expected were {:?}", expected(false)));
            }
            if kept != expected(true) {
                return Some(format!("service {service} kept {kept:?} of {place}, expected were {:?}", expected(true)));
            }
        }
    }
    None
}

/// A topic is its journal in order, with duplicates only.
fn topics(shared: &Shared) -> Option<String> {
    for (place, log) in shared.broker.logs.iter().filter(|(place, _)| place.topic < SERVICES) {
        let db = &shared.databases[usize::from(place.topic)];
        if let Some(foreign) = log.records.iter().find(|record| db.row(*place, record.position) != Some(record)) {
            return Some(format!("{place} holds a position {} that is not the journal's", foreign.position));
        }
        if log.thinned {
            continue;
        }
        let mut reached = 0;
        for record in &log.records {
            if record.position > reached + 1 && !shared.overlapped[usize::from(place.topic)] {
                return Some(format!("{place} goes from position {reached} to {}", record.position));
            }
            reached = reached.max(record.position);
        }
        let missing = (1..=db.tip(*place).position).find(|position| log.records.iter().all(|record| record.position != *position));
        if let Some(missing) = missing {
            return Some(format!("{place} never got position {missing}"));
        }
    }
    None
}

/// A reader's place is its producer's end.
fn readers(shared: &Shared) -> Option<String> {
    for service in 1..SERVICES {
        for place in hears(service) {
            let tip = shared.databases[usize::from(place.topic)].tip(place);
            let read = shared.databases[usize::from(service)].progress(place);
            if (read.position, read.hash) != (tip.position, tip.hash) {
                return Some(format!("service {service} has read {place} to {} of {}", read.position, tip.position));
            }
        }
    }
    None
}

/// The state that grew batch by batch is the one that a single pass over the journal gives: order within a subject matters to it.
fn folds(shared: &Shared) -> Option<String> {
    for service in 1..SERVICES {
        let source = service - 1;
        let direct = tells(source).into_iter().filter_map(|place| shared.databases[usize::from(source)].journal.get(&place)).flatten();
        let grown = fold(shared.databases[usize::from(service)].effects.iter());
        if fold(direct.filter(|row| !row.poisonous() && !row.rejected())) != grown {
            return Some(format!("the state of service {service} is not the fold of its producer's journal"));
        }
    }
    None
}

fn fold<'r>(rows: impl Iterator<Item = &'r Row>) -> BTreeMap<(Place, u8), u64> {
    let mut state: BTreeMap<(Place, u8), u64> = BTreeMap::new();
    for row in rows {
        let subject = state.entry((row.place, row.subject)).or_default();
        *subject = subject.wrapping_mul(31).wrapping_add(u64::from(row.body));
    }
    state
}
