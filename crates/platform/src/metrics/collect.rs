//! The timer that looks at what is: heads, lag, letters, the pool, the clock. A few queries every few seconds, whatever the load.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Metrics,
    gauges::{Head, Reading, Stored},
    lag,
};
use crate::{
    clock,
    failure::Failure,
    health::Health,
    kafka::{self, group::lock},
    limits::share::Share,
    reader::{Source, claim::Partition},
    settings,
};

/// Looks at one process and its database.
pub struct Collector {
    pub pool: PgPool,
    /// Connections that the pool may open.
    pub connections: u32,
    pub kafka: settings::Kafka,
    pub sources: Vec<Source>,
    pub owner: String,
    pub health: Health,
    pub metrics: Metrics,
    pub share: Share,
    pub period: Duration,
}

/// What is remembered from one look to the next.
#[derive(Default)]
struct Memory {
    /// A client outside the group, so that it never delays the group's own.
    client: Option<Arc<BaseConsumer>>,
    behind_since: BTreeMap<Partition, Instant>,
    clock: Option<(crate::Instant, Instant)>,
}

/// The broker is asked for so long at most.
const PATIENCE: Duration = Duration::from_secs(2);

impl Collector {
    /// Looks until cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut memory = Memory::default();
        while !stop.is_cancelled() {
            self.look(&mut memory).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.period) => {}
            }
        }
    }

    async fn look(&self, memory: &mut Memory) {
        self.watch_clock(memory);
        let gauges = &self.metrics.0.gauges;
        gauges.health(&self.health);
        let in_hand = self.share.in_hand();
        gauges.in_hand(in_hand.commands, in_hand.queries);
        for (part, load) in self.health.loads() {
            gauges.queue(part, load.messages, load.bytes);
        }
        let idle = self.pool.num_idle();
        gauges.pool((self.pool.size() as usize).saturating_sub(idle), idle, self.connections);
        // A look that hangs must not keep the next one from telling so.
        match tokio::time::timeout(self.period.max(PATIENCE) * 2, self.database(memory)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "gauges"),
            Err(_) => tracing::debug!("the database did not answer in time"),
        }
    }

    async fn database(&self, memory: &mut Memory) -> Result<(), Failure> {
        let begun = Instant::now();
        let connection = self.pool.acquire().await;
        self.metrics.0.gauges.pool_wait(begun.elapsed().as_secs_f64());
        let mut conn = connection?;
        let (heads, oldest) = journal(&mut conn).await?;
        self.metrics.0.gauges.journal(&heads, oldest);
        self.metrics.0.gauges.stored(&stored(&mut conn, &self.owner).await?);
        let reading = reading(&mut conn, &self.owner).await?;
        drop(conn);
        self.lag(memory, reading).await;
        Ok(())
    }

    async fn lag(&self, memory: &mut Memory, reading: Vec<(Reading, bool)>) {
        for (reading, _) in &reading {
            self.metrics.0.gauges.reading(reading);
        }
        let Some(ends) = self.ends(memory, &reading).await else { return };
        let (now, clock, applied) = (Instant::now(), clock::now(), lock(&self.metrics.0.applied).clone());
        for (reading, owned) in reading {
            let place = (reading.topic.into(), reading.partition);
            let Some(end) = ends.get(&place) else { continue };
            let events = (end - reading.next_offset).max(0);
            if events == 0 || !owned {
                memory.behind_since.remove(&place);
            } else {
                memory.behind_since.entry(place.clone()).or_insert(now);
            }
            let seconds = lag::seconds(memory.behind_since.get(&place).copied(), applied.get(&place).copied(), now, clock);
            self.metrics.0.gauges.lag(&place.0, place.1, events, seconds);
        }
    }

    /// End of every partition by its logical name, in one request; `None` while the broker does not answer.
    async fn ends(&self, memory: &mut Memory, reading: &[(Reading, bool)]) -> Option<BTreeMap<Partition, i64>> {
        if memory.client.is_none() {
            memory.client = kafka::client(&self.kafka).create::<BaseConsumer>().ok().map(Arc::new);
        }
        let client = Arc::clone(memory.client.as_ref()?);
        let mut asked = TopicPartitionList::new();
        let heard = |topic: &str| self.sources.iter().any(|s| s.topic == topic);
        for (reading, _) in reading.iter().filter(|(reading, _)| heard(&reading.topic)) {
            // As a time, "end" asks for the offset of the next message.
            asked.add_partition_offset(&format!("{}{}", self.kafka.prefix, reading.topic), reading.partition, Offset::End).ok()?;
        }
        if asked.count() == 0 {
            return Some(BTreeMap::new());
        }
        let answer = tokio::task::spawn_blocking(move || client.offsets_for_times(asked, PATIENCE)).await.ok()?.ok()?;
        let logical = |topic: &str| topic.strip_prefix(&self.kafka.prefix).unwrap_or(topic).to_owned();
        let elements = answer.elements();
        Some(
            elements
                .iter()
                .filter_map(|e| Some(((logical(e.topic()).into(), e.partition()), e.offset().to_raw().filter(|end| *end >= 0)?)))
                .collect(),
        )
    }

    fn watch_clock(&self, memory: &mut Memory) {
        let (clock, now) = (clock::now(), Instant::now());
        if let Some((clock_before, before)) = memory.clock.replace((clock, now)) {
            let expected = clock_before + now.duration_since(before);
            let back = expected - clock;
            if back > chrono::TimeDelta::seconds(1) {
                tracing::warn!(seconds = back.num_seconds(), "the machine's clock went back; times of an office rise all the same");
                self.metrics.stepped_back();
            }
        }
    }
}

/// Heads of all streams, and seconds that the oldest row has waited for the broker.
async fn journal(conn: &mut sqlx::PgConnection) -> Result<(Vec<Head>, f64), Failure> {
    let rows = sqlx::query!(
        r#"SELECT s.topic, s.stream, s.position, s.published, coalesce(extract(epoch FROM clock_timestamp() - j.recorded_at), 0)::float8 AS "age!"
           FROM streams s LEFT JOIN journal j ON j.topic = s.topic AND j.stream = s.stream AND j.position = s.published + 1"#
    )
    .fetch_all(conn)
    .await?;
    let oldest = rows.iter().map(|r| r.age).fold(0.0, f64::max);
    Ok((rows.into_iter().map(|r| Head { topic: r.topic, stream: r.stream, position: r.position, published: r.published }).collect(), oldest))
}

async fn stored(conn: &mut sqlx::PgConnection, owner: &str) -> Result<Stored, Failure> {
    let letters = sqlx::query!(r#"SELECT code, count(*) AS "letters!" FROM dead_letters WHERE redriven_at IS NULL GROUP BY code ORDER BY code"#)
        .fetch_all(&mut *conn)
        .await?;
    let rest = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM parked) AS "parked!",
                  (SELECT count(*) FROM awaiting) AS "awaiting!",
                  (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0)::float8 FROM awaiting) AS "awaiting_age!",
                  (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 FROM pg_stat_activity
                   WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()) AS "transaction!",
                  EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                          WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = $1 AND a.datname = current_database()) AS "leading!""#,
        owner
    )
    .fetch_one(conn)
    .await?;
    Ok(Stored {
        letters: letters.into_iter().map(|r| (r.code, r.letters)).collect(),
        parked: rest.parked,
        awaiting: rest.awaiting,
        awaiting_age: rest.awaiting_age,
        transaction: rest.transaction,
        leading: rest.leading,
    })
}

/// Every partition that is or was read, and whether this process owns it.
async fn reading(conn: &mut sqlx::PgConnection, owner: &str) -> Result<Vec<(Reading, bool)>, Failure> {
    let rows = sqlx::query!("SELECT topic, partition, next_offset, epoch, owner FROM consumers").fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let owned = r.owner == owner;
            (Reading { topic: r.topic, partition: r.partition, next_offset: r.next_offset, epoch: r.epoch }, owned)
        })
        .collect())
}
