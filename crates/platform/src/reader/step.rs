//! One batch of deliveries as one transaction.
//!
//! fence → parked → inbox → handler (with what was awaiting) → journal → inbox → commit. Only a deterministic SQL error or a rejected fact in
//! the middle of its subject takes a batch apart: it is done again in halves, down to the single fact that goes to the dead letters.
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use sqlx::{PgConnection, PgPool};

use super::{
    Delivery, Fact, Handler, Origin, Source,
    claim::{self, Partition},
    screen::{Progress, Screened, screen},
    settle::{Halt, settle},
};
use crate::{
    clock, cloudevent,
    dead_letters::{blocked, bury, park},
    failure::Failure,
    inbox::{self, Seen},
    journal::{self, Journal},
    laboratory::{self, Broken},
    metrics::Metrics,
    peers::Journals,
    work::{Entry, Work},
};

/// Reads facts of some partitions into one database.
pub struct Reader {
    pub pool: PgPool,
    pub handler: Arc<dyn Handler>,
    pub journal: Journal,
    pub sources: Vec<Source>,
    pub journals: Arc<dyn Journals>,
    pub owner: String,
    pub metrics: Metrics,
    /// How far the partitions owned have been read.
    pub progress: BTreeMap<Partition, Progress>,
}

/// What a step did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    pub applied: usize,
    pub duplicates: usize,
    pub repaired: usize,
    pub rejected: usize,
    pub transactions: usize,
}

/// Why a step did not come to an end; nothing was lost, the same deliveries may be given again.
#[derive(Debug, thiserror::Error)]
pub enum Halted {
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The partition must not be read on: its producer contradicts what was read, or missing rows cannot be had.
    #[error("{topic}/{partition} stopped: {reason}")]
    Stopped { topic: String, partition: i32, reason: String },
}

/// A fact to apply, or a mere step forward, and where the partition stands after it.
struct Unit {
    partition: Partition,
    after: Progress,
    fact: Option<Fact>,
    foreign: bool,
}

impl Reader {
    /// Claims partitions; facts of others are ignored from now on.
    pub async fn claim(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
        let mut conn = self.pool.acquire().await?;
        self.progress.extend(claim::claim(&mut conn, partitions, &self.owner).await?);
        Ok(())
    }

    /// Applies deliveries in their order. Those of partitions that are not owned are dropped.
    pub async fn step(&mut self, deliveries: Vec<Delivery>) -> Result<Report, Halted> {
        let mut report = Report::default();
        let units = self.plan(deliveries, &mut report).await?;
        let mut parts = vec![units];
        while let Some(units) = parts.pop() {
            match self.transact(&units, &mut report).await {
                Ok(()) => {}
                Err(Halt::SplitAfter(fact)) => split(units, &mut parts, |units| after_fact(units, fact)),
                Err(Halt::Failure(Failure::Deterministic(_))) if units.len() > 1 => split(units, &mut parts, |units| units.len() / 2),
                Err(Halt::Failure(Failure::Deterministic(reason))) => self.give_up(&units, &reason, &mut report).await?,
                Err(Halt::Failure(failure)) => return Err(failure.into()),
            }
        }
        self.metrics.read(&report);
        Ok(report)
    }

    async fn plan(&self, deliveries: Vec<Delivery>, report: &mut Report) -> Result<Vec<Unit>, Halted> {
        let mut ahead = self.progress.clone();
        let mut units = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let partition: Partition = (delivery.topic.clone(), delivery.partition);
            let Some(progress) = ahead.get_mut(&partition) else { continue };
            if delivery.offset < progress.next_offset && !laboratory::broken(Broken::NoPositionCheck) {
                report.duplicates += 1;
                continue;
            }
            match self.origin(&delivery.topic) {
                Origin::Outside { .. } => {
                    *progress = progress.past(delivery.offset);
                    let foreign = self.is_too_large(&delivery.payload);
                    units.push(Unit { partition, after: *progress, fact: Some(outside(delivery)), foreign });
                }
                Origin::Ours { producer } => self.plan_ours(producer, delivery, progress, &mut units, report).await?,
            }
        }
        Ok(units)
    }

    async fn plan_ours(
        &self,
        producer: &str,
        delivery: Delivery,
        progress: &mut Progress,
        units: &mut Vec<Unit>,
        report: &mut Report,
    ) -> Result<(), Halted> {
        let partition: Partition = (delivery.topic.clone(), delivery.partition);
        let offset = delivery.offset;
        let position = cloudevent::header(&delivery.headers, cloudevent::SEQUENCE).parse().unwrap_or(0);
        let fact = Fact::new(delivery.topic, delivery.partition, offset, position, delivery.key, delivery.headers, delivery.payload);
        if let Screened::Gap { from, to } = screen(progress, &fact) {
            let rows = self.fetch_missing(producer, &partition, from, to).await?;
            report.repaired += rows.len();
            for row in rows {
                let missing = Fact::repaired(row);
                let Screened::Next(hash) = screen(progress, &missing) else {
                    return Err(stopped(&partition, "the producer's journal does not continue what was read"));
                };
                *progress = progress.after(hash);
                units.push(Unit { partition: partition.clone(), after: *progress, fact: Some(missing), foreign: false });
            }
        }
        let (fact, foreign) = match screen(progress, &fact) {
            Screened::Next(hash) => {
                *progress = progress.after(hash);
                (Some(fact), false)
            }
            Screened::Duplicate if laboratory::broken(Broken::NoPositionCheck) => (Some(fact), false),
            Screened::Duplicate => {
                report.duplicates += 1;
                (None, false)
            }
            Screened::Foreign => (Some(fact), true),
            Screened::Fork => {
                return Err(stopped(&partition, "a row does not follow the row that was read before it: the producer's past has changed"));
            }
            Screened::Gap { .. } => return Err(stopped(&partition, "rows are missing and the producer does not have them")),
        };
        *progress = progress.past(offset);
        units.push(Unit { partition, after: *progress, fact, foreign });
        Ok(())
    }

    async fn fetch_missing(&self, producer: &str, partition: &Partition, from: i64, to: i64) -> Result<Vec<journal::Row>, Halted> {
        tracing::warn!(topic = %partition.0, partition = partition.1, from, to, "rows are missing on the topic, fetching them from their producer");
        let mut rows: Vec<journal::Row> = Vec::new();
        while rows.len() < usize::try_from(to - from).unwrap_or(0) {
            let next = from + i64::try_from(rows.len()).unwrap_or(0);
            let page = self.journals.read(producer, &partition.0, partition.1, next, to - next).await?;
            if page.is_empty() {
                return Err(stopped(partition, "rows are missing and the producer does not have them"));
            }
            rows.extend(page);
        }
        Ok(rows)
    }

    async fn transact(&mut self, units: &[Unit], report: &mut Report) -> Result<(), Halt> {
        if units.is_empty() {
            return Ok(());
        }
        let moves = self.moves(units);
        let mut tx = self.pool.begin().await.map_err(Failure::from)?;
        claim::fence(&mut tx, &moves).await?;
        if laboratory::broken(Broken::OffsetsFirst) {
            tx.commit().await.map_err(Failure::from)?;
            self.advance(&moves);
            laboratory::point("reader::offsets-first");
            tx = self.pool.begin().await.map_err(Failure::from)?;
        }
        let facts: Vec<Fact> = units.iter().filter(|u| !u.foreign).filter_map(|u| u.fact.clone()).collect();
        let (rejected, applied) = self.apply(&mut tx, facts).await?;
        for foreign in units.iter().filter(|u| u.foreign).filter_map(|u| u.fact.as_ref()) {
            let (code, reason) = if self.is_too_large(&foreign.payload) {
                ("TOO_LARGE", "larger than any message may be")
            } else {
                ("FOREIGN", "not a row of a journal: a header is missing or cannot be read")
            };
            bury(&mut tx, foreign, code, reason, clock::now()).await?;
        }
        laboratory::point("reader::before-commit");
        self.metrics.commit("reader", tx.commit()).await.map_err(Failure::from)?;
        laboratory::point("reader::after-commit");
        self.advance(&moves);
        self.metrics.applied(last_of_each(units, moves.len()));
        report.rejected += rejected;
        report.applied += applied;
        report.transactions += 1;
        Ok(())
    }

    /// Returns how many facts were rejected and how many applied.
    async fn apply(&self, conn: &mut PgConnection, facts: Vec<Fact>) -> Result<(usize, usize), Halt> {
        if facts.is_empty() {
            return Ok((0, 0));
        }
        let now = clock::now();
        let blocked = blocked(conn, &facts).await?;
        let (waiting, facts): (Vec<Fact>, Vec<Fact>) =
            facts.into_iter().partition(|f| !blocked.is_empty() && blocked.contains(&(f.topic.clone(), f.subject().to_owned())));
        for fact in &waiting {
            park(conn, fact, now).await?;
        }
        let sorted = self.sort_by_inbox(conn, facts).await?;
        let mut work = Work::new(conn, now);
        let settled = settle(self.handler.as_ref(), &mut work, &sorted.fresh).await?;
        laboratory::point("reader::middle-of-batch");
        let entries = std::mem::take(&mut work.entries);
        let places = journal::append(work.conn, self.journal, &entries).await?;
        let answers: HashMap<inbox::MessageId, String> =
            entries.into_iter().zip(places).filter_map(|(e, place)| e.answers.map(|message| (message, place.to_string()))).collect();
        let remembered = sorted.messages.into_iter().map(|(id, digest)| {
            let answer_id = answers.get(&id).cloned().unwrap_or_default();
            (id, Seen { digest, answer_id })
        });
        inbox::remember(work.conn, remembered.collect(), now).await?;
        self.answer_again(work.conn, &sorted.again, now).await?;
        Ok((settled.rejected, settled.done))
    }

    /// Facts from outside that were seen before with the same content are answered again instead of applied.
    async fn sort_by_inbox(&self, conn: &mut PgConnection, facts: Vec<Fact>) -> Result<Sorted, Failure> {
        let mut sorted = Sorted::default();
        let outside: Vec<inbox::MessageId> =
            facts.iter().filter(|f| matches!(self.origin(&f.topic), Origin::Outside { .. })).map(Fact::message_id).collect();
        if outside.is_empty() {
            sorted.fresh = facts;
            return Ok(sorted);
        }
        let mut seen: HashMap<inbox::MessageId, Vec<u8>> =
            inbox::seen(conn, &outside).await?.into_iter().map(|(id, seen)| (id, seen.digest)).collect();
        for mut fact in facts {
            let id = fact.message_id();
            if !matches!(self.origin(&fact.topic), Origin::Outside { .. }) || id.0.is_empty() || id.1.is_empty() {
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

    async fn answer_again(&self, conn: &mut PgConnection, again: &[Fact], now: crate::Instant) -> Result<(), Failure> {
        if again.is_empty() {
            return Ok(());
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
                kind: row.kind.into(),
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
        journal::append(conn, self.journal, &entries).await.map(drop)
    }

    /// The database refuses this one fact for good: it goes to the dead letters without any effect.
    async fn give_up(&mut self, units: &[Unit], reason: &str, report: &mut Report) -> Result<(), Halted> {
        let moves = self.moves(units);
        let mut tx = self.pool.begin().await.map_err(Failure::from)?;
        claim::fence(&mut tx, &moves).await?;
        for fact in units.iter().filter_map(|u| u.fact.as_ref()) {
            tracing::error!(fact = %fact.place(), reason, "the database refuses a fact, it goes to the dead letters");
            bury(&mut tx, fact, "DATABASE", reason, clock::now()).await?;
        }
        tx.commit().await.map_err(Failure::from)?;
        self.advance(&moves);
        report.rejected += 1;
        report.transactions += 1;
        Ok(())
    }

    fn moves(&self, units: &[Unit]) -> Vec<(Partition, Progress, Progress)> {
        let last: BTreeMap<&Partition, Progress> = units.iter().map(|u| (&u.partition, u.after)).collect();
        last.into_iter().filter_map(|(partition, after)| Some((partition.clone(), *self.progress.get(partition)?, after))).collect()
    }

    fn advance(&mut self, moves: &[(Partition, Progress, Progress)]) {
        for (partition, _, after) in moves {
            self.progress.insert(partition.clone(), *after);
        }
    }

    /// What follows from a message must fit into our own topics.
    fn is_too_large(&self, payload: &[u8]) -> bool {
        payload.len() > self.journal.largest_payload
    }

    fn origin(&self, topic: &str) -> Origin {
        self.sources.iter().find(|s| s.topic == topic).map_or(Origin::Outside { answers: None }, |s| s.origin)
    }
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

fn outside(delivery: Delivery) -> Fact {
    let Delivery { topic, partition, offset, key, headers, payload } = delivery;
    match cloudevent::unfold(&headers, &payload) {
        Some(Ok((headers, payload))) => Fact::new(topic, partition, offset, 0, key, headers, payload),
        // Binary mode; or left as it came: without a type the handler rejects it as undecodable.
        None | Some(Err(_)) => Fact::new(topic, partition, offset, 0, key, headers, payload),
    }
}

fn stopped(partition: &Partition, reason: &str) -> Halted {
    Halted::Stopped { topic: partition.0.clone(), partition: partition.1, reason: reason.to_owned() }
}

/// Of each of `partitions` the time of the last fact, for metrics.
fn last_of_each(units: &[Unit], partitions: usize) -> BTreeMap<&Partition, crate::Instant> {
    let mut last = BTreeMap::new();
    for unit in units.iter().rev() {
        if last.len() == partitions {
            break;
        }
        if !last.contains_key(&unit.partition)
            && let Some(at) = unit.fact.as_ref().and_then(Fact::at)
        {
            last.insert(&unit.partition, at);
        }
    }
    last
}

/// How many units hold the facts up to and including the one at `index` among those that were applied together.
fn after_fact(units: &[Unit], index: usize) -> usize {
    let mut facts = 0;
    for (i, unit) in units.iter().enumerate() {
        if unit.fact.is_some() && !unit.foreign {
            facts += 1;
        }
        if facts > index {
            return i + 1;
        }
    }
    units.len()
}

/// Puts the two parts of a batch back, the earlier one on top.
fn split(mut units: Vec<Unit>, parts: &mut Vec<Vec<Unit>>, at: impl Fn(&[Unit]) -> usize) {
    let at = at(&units).clamp(1, units.len());
    let later = units.split_off(at);
    if !later.is_empty() {
        parts.push(later);
    }
    parts.push(units);
}

impl Reader {
    /// Applies rows straight from the producer's journal up to a position, without Kafka.
    pub async fn catch_up(&mut self, producer: &str, partition: &Partition, to: i64) -> Result<Report, Halted> {
        let mut report = Report::default();
        let Some(mut progress) = self.progress.get(partition).copied() else { return Ok(report) };
        let rows = self.fetch_missing(producer, partition, progress.position + 1, to + 1).await?;
        let mut units = Vec::with_capacity(rows.len());
        for row in rows {
            let fact = Fact::repaired(row);
            let Screened::Next(hash) = screen(&progress, &fact) else {
                return Err(stopped(partition, "the producer's journal does not continue what was read"));
            };
            progress = progress.after(hash);
            units.push(Unit { partition: partition.clone(), after: progress, fact: Some(fact), foreign: false });
        }
        report.repaired = units.len();
        match self.transact(&units, &mut report).await {
            Ok(()) => Ok(report),
            Err(Halt::Failure(failure)) => Err(failure.into()),
            Err(Halt::SplitAfter(_)) => Err(Failure::Retry("a fact was rejected".to_owned()).into()),
        }
    }
}
