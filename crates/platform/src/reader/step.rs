//! One batch of deliveries as one transaction.
//!
//! fence → parked → inbox → handler (with what was awaiting) → journal → inbox → commit. Only a deterministic SQL error or a rejected fact in
//! the middle of its subject takes a batch apart: it is done again in parts, down to the single fact that goes to the dead letters.
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use sqlx::PgPool;

use super::{
    Delivery, Fact, Handler, Origin, Source,
    claim::{self, Partition},
    settle::Halt,
};
use crate::{
    clock, cloudevent, database,
    dead_letters::bury,
    failure::Failure,
    journal::{Journal, Row},
    laboratory::{self, Broken},
    metrics::Metrics,
    peers::Journals,
    protocol::{
        Sound,
        owning::{Move, Owning},
        parts::{Parts, Trouble, Verdict},
        plan::{self, Delivered, Obstacle, Plan},
        screen::Progress,
    },
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
    /// Rows of committed transactions that the relay was not given yet.
    pub told: Vec<Row>,
    /// The partitions owned, and how far they have been read.
    pub owning: Owning<Partition>,
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
    Stopped { topic: Arc<str>, partition: i32, reason: String },
    /// The topic is another one of the same name: the partition is let go and must be assigned and read from its first message.
    #[error("{topic}/{partition} was created anew")]
    Anew { topic: Arc<str>, partition: i32 },
}

pub(super) type Unit = plan::Unit<Partition, Fact>;

impl Reader {
    /// Claims partitions; facts of others are ignored from now on.
    pub async fn claim(&mut self, partitions: &[Partition]) -> Result<(), Failure> {
        let mut conn = self.pool.acquire().await?;
        self.owning.claimed(claim::claim(&mut conn, partitions, &self.owner).await?);
        Ok(())
    }

    /// Claims what a fence has taken away. Returns what must be fetched anew.
    pub(super) async fn claim_again(&mut self, lost: &BTreeMap<Partition, Progress>) -> Result<Vec<Partition>, Failure> {
        let partitions: Vec<Partition> = lost.keys().cloned().collect();
        let claimed = claim::claim(&mut *self.pool.acquire().await?, &partitions, &self.owner).await?;
        let sources = &self.sources;
        let ours = |partition: &Partition| Origin::of(&partition.0, sources).is_ours();
        Ok(self.owning.claimed_again(lost, claimed, ours))
    }

    /// Applies deliveries in their order. Those of partitions that are not owned are dropped.
    pub async fn step(&mut self, deliveries: Vec<Delivery>) -> Result<Report, Halted> {
        let mut report = Report::default();
        let mut left: VecDeque<Delivered<Partition, Fact>> = deliveries.into_iter().map(|d| self.delivered(d)).collect();
        while !left.is_empty() {
            let units = self.plan(&mut left, &mut report).await?;
            self.work_through(units, &mut report).await?;
        }
        self.metrics.read(&report);
        Ok(report)
    }

    /// Takes as many deliveries as make a batch: all of them, unless many rows between them must be fetched.
    async fn plan(&mut self, left: &mut VecDeque<Delivered<Partition, Fact>>, report: &mut Report) -> Result<Vec<Unit>, Halted> {
        let mut plan = Plan::new(&self.owning, Sound);
        while let Some(delivered) = left.pop_front() {
            match plan.take(delivered) {
                Ok(()) => {}
                Err(Obstacle::Missing { delivered, from, to }) => {
                    let rows = self.fetch(&delivered.partition, from, to).await?;
                    plan.fill(&delivered.partition, rows).map_err(halted)?;
                    left.push_front(delivered);
                    if plan.repaired >= super::repair::PAGE {
                        break;
                    }
                }
                Err(Obstacle::Anew(partition)) => {
                    self.begin_anew(&partition).await?;
                    return Err(halted(Obstacle::Anew(partition)));
                }
                Err(obstacle) => return Err(halted(obstacle)),
            }
        }
        report.duplicates += plan.duplicates;
        report.repaired += plan.repaired;
        Ok(plan.units)
    }

    pub(super) async fn work_through(&mut self, units: Vec<Unit>, report: &mut Report) -> Result<(), Halted> {
        let mut parts = Parts::new(units);
        while let Some(units) = parts.pop() {
            let (trouble, reason) = match self.transact(&units, report).await {
                Ok(()) => continue,
                Err(Halt::SplitAfter(index)) => (Trouble::RejectedAt(index), String::new()),
                Err(Halt::Failure(Failure::Deterministic(reason))) => (Trouble::Refused, reason),
                Err(Halt::Failure(failure)) => return Err(failure.into()),
            };
            if let Verdict::Bury(unit) = parts.failed(units, trouble) {
                self.give_up(unit, &reason, report).await?;
            }
        }
        Ok(())
    }

    async fn transact(&mut self, units: &[Unit], report: &mut Report) -> Result<(), Halt> {
        let moves = plan::moves(&self.owning, units);
        let mut tx = self.pool.begin_with(database::BEGIN).await.map_err(Failure::from)?;
        let parked = claim::fence(&mut tx, &moves).await?;
        if laboratory::broken(Broken::OffsetsFirst) {
            tx.commit().await.map_err(Failure::from)?;
            self.owning.moved(&moves);
            laboratory::point("reader::offsets-first");
            tx = self.pool.begin_with(database::BEGIN).await.map_err(Failure::from)?;
        }
        let applied = self.apply(&mut tx, units, parked).await?;
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
        self.owning.moved(&moves);
        self.metrics.applied(last_of_each(units, moves.len()));
        self.told.extend(applied.told);
        report.rejected += applied.rejected;
        report.applied += applied.done;
        report.transactions += 1;
        Ok(())
    }

    /// The database refuses this one fact for good: it goes to the dead letters without any effect.
    async fn give_up(&mut self, unit: Unit, reason: &str, report: &mut Report) -> Result<(), Halted> {
        let units = [unit];
        let moves = plan::moves(&self.owning, &units);
        let mut tx = self.pool.begin_with(database::BEGIN).await.map_err(Failure::from)?;
        claim::fence(&mut tx, &moves).await?;
        for fact in units.iter().filter_map(|u| u.fact.as_ref()) {
            tracing::error!(fact = %fact.place(), reason, "the database refuses a fact, it goes to the dead letters");
            bury(&mut tx, fact, "DATABASE", reason, clock::now()).await?;
        }
        tx.commit().await.map_err(Failure::from)?;
        self.owning.moved(&moves);
        report.rejected += 1;
        report.transactions += 1;
        Ok(())
    }

    /// Offsets of the partition begin anew. The database is told, so that it is still known after a fence or a crash.
    pub async fn rewind(&mut self, partition: &Partition) -> Result<(), Failure> {
        let Some(from) = self.owning.get(partition).copied() else { return Ok(()) };
        let ours = self.origin(&partition.0).is_ours();
        let moves = [Move { partition: partition.clone(), from, to: from.rewound(ours) }];
        claim::fence(&mut *self.pool.acquire().await?, &moves).await?;
        self.owning.moved(&moves);
        Ok(())
    }

    /// The partition is read from its first message again, whoever is assigned to it next; until then it is nobody's here.
    pub(super) async fn begin_anew(&mut self, partition: &Partition) -> Result<(), Failure> {
        tracing::error!(topic = %partition.0, partition = partition.1, "the topic was created anew, it is read from its first message");
        self.rewind(partition).await?;
        self.owning.revoked([partition]);
        Ok(())
    }

    fn delivered(&self, delivery: Delivery) -> Delivered<Partition, Fact> {
        let delivery = delivery.storable();
        let partition: Partition = (Arc::clone(&delivery.topic), delivery.partition);
        let offset = delivery.offset;
        let ours = self.origin(&delivery.topic).is_ours();
        let too_large = self.is_too_large(&delivery.payload);
        Delivered { partition, offset, ours, too_large, fact: if ours { of_ours(delivery) } else { outside(delivery) } }
    }

    /// What follows from a message must fit into our own topics.
    fn is_too_large(&self, payload: &[u8]) -> bool {
        payload.len() > self.journal.largest_payload
    }

    pub(super) fn origin(&self, topic: &str) -> Origin {
        Origin::of(topic, &self.sources)
    }
}

fn of_ours(delivery: Delivery) -> Fact {
    let Delivery { topic, partition, offset, key, headers, payload } = delivery;
    let position = headers.get(cloudevent::SEQUENCE).parse().unwrap_or(0);
    Fact::new(topic, partition, offset, position, key, headers, payload)
}

fn outside(delivery: Delivery) -> Fact {
    let Delivery { topic, partition, offset, key, headers, payload } = delivery;
    match cloudevent::unfold(&headers, &payload) {
        Some(Ok((headers, payload))) => Fact::new(topic, partition, offset, 0, key, cloudevent::storable(headers), payload),
        // Binary mode; or left as it came: without a type the handler rejects it as undecodable.
        None | Some(Err(_)) => Fact::new(topic, partition, offset, 0, key, headers, payload),
    }
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

pub(super) fn halted(obstacle: Obstacle<Partition, Fact>) -> Halted {
    match obstacle {
        Obstacle::Anew((topic, partition)) => Halted::Anew { topic, partition },
        Obstacle::Stop(partition, contradiction) => stopped(&partition, contradiction.to_string()),
        Obstacle::Missing { delivered, .. } => stopped(&delivered.partition, "rows are missing".to_owned()),
    }
}

pub(super) fn stopped(partition: &Partition, reason: String) -> Halted {
    Halted::Stopped { topic: partition.0.clone(), partition: partition.1, reason }
}
