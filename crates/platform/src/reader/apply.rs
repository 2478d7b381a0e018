//! The facts of one batch inside its transaction: parked ones aside, messages seen before answered again, the rest to the handler.
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sqlx::PgConnection;

use super::{
    Fact, Origin,
    settle::{Halt, settle},
    step::{Reader, Unit},
};
use crate::{
    clock, cloudevent,
    dead_letters::{self, blocked, park},
    failure::Failure,
    inbox::{self, Seen},
    journal::{self, Row},
    laboratory,
    work::{Entry, Work},
};

impl Reader {
    /// An index in `SplitAfter` is that of a unit. Only when something is `parked` is it asked what.
    pub(super) async fn apply(&self, conn: &mut PgConnection, units: &[Unit], parked: bool) -> Result<Applied, Halt> {
        let facts: Vec<Fact> = units.iter().filter_map(Unit::applicable).cloned().collect();
        if facts.is_empty() {
            return Ok(Applied::default());
        }
        let now = clock::now();
        let blocked = if parked { blocked(conn, &facts).await? } else { HashSet::new() };
        let (waiting, facts): (Vec<Fact>, Vec<Fact>) =
            facts.into_iter().partition(|f| !blocked.is_empty() && blocked.contains(&dead_letters::line(f)));
        for fact in &waiting {
            park(conn, fact, now).await?;
        }
        let sorted = self.sort_by_inbox(conn, facts).await?;
        let mut work = Work::new(conn, now);
        let settled = settle(self.handler.as_ref(), &mut work, &sorted.fresh).await.map_err(|halt| among(units, &sorted.fresh, halt))?;
        laboratory::point("reader::middle-of-batch");
        let mut entries = std::mem::take(&mut work.entries);
        let answering: Vec<Option<inbox::MessageId>> = entries.iter_mut().map(|e| e.answers.take()).collect();
        let mut told = journal::append(work.conn, self.journal, entries).await?;
        let answers: HashMap<inbox::MessageId, String> =
            answering.into_iter().zip(&told).filter_map(|(message, row)| Some((message?, row.place().to_string()))).collect();
        let remembered = sorted.messages.into_iter().map(|(id, digest)| {
            let answer_id = answers.get(&id).cloned().unwrap_or_default();
            (id, Seen { digest, answer_id })
        });
        inbox::remember(work.conn, remembered.collect(), now).await?;
        told.append(&mut self.answer_again(work.conn, &sorted.again, now).await?);
        Ok(Applied { rejected: settled.rejected, done: settled.done, told })
    }

    /// Facts from outside that were seen before with the same content are answered again instead of applied.
    async fn sort_by_inbox(&self, conn: &mut PgConnection, facts: Vec<Fact>) -> Result<Sorted, Failure> {
        let mut sorted = Sorted::default();
        let outside: Vec<inbox::MessageId> = facts.iter().filter(|f| !self.origin(&f.topic).is_ours()).map(Fact::message_id).collect();
        if outside.is_empty() {
            sorted.fresh = facts;
            return Ok(sorted);
        }
        let mut seen: HashMap<inbox::MessageId, Vec<u8>> =
            inbox::seen(conn, &outside).await?.into_iter().map(|(id, seen)| (id, seen.digest)).collect();
        for mut fact in facts {
            let id = fact.message_id();
            if self.origin(&fact.topic).is_ours() || id.0.is_empty() || id.1.is_empty() {
                sorted.fresh.push(fact);
                continue;
            }
            let digest = inbox::digest(fact.kind(), &fact.payload);
            match seen.get(&id) {
                Some(before) if *before == digest => sorted.again.push(fact),
                Some(_) => {
                    fact.reused = true;
                    sorted.fresh.push(fact);
                }
                None => {
                    seen.insert(id.clone(), digest.clone());
                    sorted.messages.push((id, digest));
                    sorted.fresh.push(fact);
                }
            }
        }
        Ok(sorted)
    }

    async fn answer_again(&self, conn: &mut PgConnection, again: &[Fact], now: crate::Instant) -> Result<Vec<Row>, Failure> {
        if again.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<inbox::MessageId> = again.iter().map(Fact::message_id).collect::<HashSet<_>>().into_iter().collect();
        let seen = inbox::seen(conn, &ids).await?;
        let mut entries = Vec::new();
        for fact in again {
            let Origin::Outside { answers: Some(topic) } = self.origin(&fact.topic) else { continue };
            let place = seen.get(&fact.message_id()).and_then(|s| s.answer_id.split_once('-'));
            let Some((stream, position)) = place.and_then(|(s, p)| Some((s.parse::<i32>().ok()?, p.parse::<i64>().ok()?))) else { continue };
            let Some(row) = journal::read(conn, topic, stream, position, 1).await?.into_iter().next() else { continue };
            entries.push(Entry {
                topic,
                class: self.journal.layout.class(stream.unsigned_abs()),
                kind: row.kind,
                subject: row.subject,
                office: row.office,
                actor: row.actor,
                cause: fact.cause(),
                recorded_at: now,
                trace: fact.traceparent().to_owned(),
                payload: row.payload,
                headers: cloudevent::from_text(&row.headers),
                answer: true,
                answers: None,
            });
        }
        journal::append(conn, self.journal, entries).await
    }
}

/// What became of the facts of one transaction.
#[derive(Default)]
pub(super) struct Applied {
    pub rejected: usize,
    pub done: usize,
    /// Rows that it journals.
    pub told: Vec<Row>,
}

#[derive(Default)]
struct Sorted {
    /// To be applied.
    fresh: Vec<Fact>,
    /// Seen before, same content.
    again: Vec<Fact>,
    /// To be remembered, with their digests.
    messages: Vec<(inbox::MessageId, Vec<u8>)>,
}

/// The handler counted the facts that it was given; a batch is taken apart by units.
fn among(units: &[Unit], given: &[Fact], halt: Halt) -> Halt {
    let Halt::SplitAfter(index) = halt else { return halt };
    let place = |fact: &Fact| (Arc::clone(&fact.topic), fact.partition, fact.offset);
    let rejected = given.get(index).map(place);
    Halt::SplitAfter(units.iter().position(|unit| unit.applicable().map(place) == rejected).unwrap_or(0))
}
