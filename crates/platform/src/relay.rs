//! From the journal to Kafka: rows in order, each at least once, `published` only ever behind what the broker acknowledged.
//!
//! The relay reads large pieces after what it has already sent, sends without waiting, and moves `published` to the contiguous acknowledged
//! prefix. A crash between acknowledgement and move sends rows twice; readers drop them by position. No Kafka transactions.
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, Header, OwnedHeaders},
    producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer},
};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{failure::Failure, health::Health, journal::Row, kafka::group::lock, laboratory, metrics::Metrics, seat::Seat, settings};

/// Wakes the relay when something was committed.
#[derive(Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// A full producer gets room within this time as long as the broker answers. Waiting on would let the lease run out, and a connection idle.
const ROOM_WITHIN: Duration = Duration::from_secs(1);

/// (topic, stream).
type Place = (String, i32);

#[derive(Default)]
struct Acknowledged {
    /// Highest contiguous position by stream.
    positions: Mutex<BTreeMap<Place, i64>>,
    failed: AtomicBool,
    wake: Wake,
}

struct Context(Arc<Acknowledged>);

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<(Place, i64)>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Self::DeliveryOpaque) {
        match result {
            // The idempotent producer acknowledges a partition in order, so the highest is the contiguous prefix unless something failed.
            Ok(_) if !self.0.failed.load(Ordering::Acquire) => {
                let (place, position) = *sent;
                lock(&self.0.positions).insert(place, position);
            }
            Ok(_) => {}
            Err((error, _)) => {
                if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PurgeQueue) {
                    tracing::warn!(%error, "a row was not acknowledged");
                }
                self.0.failed.store(true, Ordering::Release);
            }
        }
        self.0.wake.wake();
    }
}

/// Sends one service's journal.
pub struct Relay {
    pool: PgPool,
    kafka: settings::Kafka,
    settings: settings::Relay,
    seat: Seat,
    wake: Wake,
    health: Health,
    metrics: Metrics,
    session: Option<Session>,
}

/// One producer and what it has been given.
struct Session {
    producer: ThreadedProducer<Context>,
    acknowledged: Arc<Acknowledged>,
    sent: BTreeMap<Place, i64>,
    published: BTreeMap<Place, i64>,
}

/// What a step did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub leading: bool,
    pub sent: usize,
    pub in_flight: usize,
    pub advanced: u64,
}

impl Relay {
    pub fn new(pool: PgPool, kafka: settings::Kafka, settings: settings::Relay, owner: String, wake: Wake, health: Health, metrics: Metrics) -> Self {
        let seat = Seat::new(&pool, "relay", owner, settings.lease_s, wake.clone());
        Self { pool, kafka, settings, seat, wake, health, metrics, session: None }
    }

    /// Holds the seat, sends what is new, moves `published`.
    pub async fn step(&mut self) -> Result<Step, Failure> {
        let mut conn = self.pool.acquire().await?;
        let leading = self.seat.hold().await?;
        if !leading {
            self.session = None;
            return Ok(Step::default());
        }
        if self.session.as_ref().is_some_and(|s| s.acknowledged.failed.load(Ordering::Acquire)) {
            tracing::warn!("a producer failed, a new one goes on from what is published");
            self.session = None;
        }
        let session = match &mut self.session {
            Some(session) => session,
            None => self.session.insert(Session::new(&self.kafka, self.wake.clone()).map_err(|e| Failure::Retry(e.to_string()))?),
        };
        let rows = session.unsent(&mut conn, self.settings.rows).await?;
        let sent = rows.len();
        for (n, row) in rows.into_iter().enumerate() {
            if n > 0 && n == sent / 2 {
                laboratory::point("relay::middle-of-send");
            }
            if !session.send(&self.kafka.prefix, row).await? {
                break;
            }
        }
        let advanced = session.advance(&mut conn).await?;
        self.metrics.relayed(advanced);
        Ok(Step { leading, sent, in_flight: session.in_flight(), advanced })
    }

    /// Steps until cancelled: woken by commits and acknowledgements, and once a second in case a wake was lost.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let wait = match self.step().await {
                Ok(step) if step.sent > 0 => Duration::ZERO,
                Ok(_) => Duration::from_secs(1),
                Err(error) => {
                    tracing::warn!(%error, "relay");
                    Duration::from_millis(300)
                }
            };
            self.health.progressed("relay");
            if !wait.is_zero() {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.wake.0.notified() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
        self.last_pass().await;
    }

    /// What was committed before the stop still goes out, within a bound; the seat is given up.
    async fn last_pass(&mut self) {
        let pass = async {
            while let Ok(step) = self.step().await {
                if step.sent == 0 && step.in_flight == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(3), pass).await;
        self.seat.release();
        if let Some(session) = &self.session {
            session.producer.purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        }
    }
}

impl Session {
    fn new(kafka: &settings::Kafka, wake: Wake) -> Result<Self, KafkaError> {
        let acknowledged = Arc::new(Acknowledged { wake, ..Acknowledged::default() });
        let producer = crate::kafka::ordered_producer(kafka).create_with_context(Context(Arc::clone(&acknowledged)))?;
        Ok(Self { producer, acknowledged, sent: BTreeMap::new(), published: BTreeMap::new() })
    }

    async fn unsent(&mut self, conn: &mut sqlx::PgConnection, limit: i64) -> Result<Vec<Row>, Failure> {
        let heads = sqlx::query!("SELECT topic, stream, position, published FROM streams WHERE published < position ORDER BY topic, stream")
            .fetch_all(&mut *conn)
            .await?;
        let (mut topics, mut streams, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for head in heads {
            let place = (head.topic, head.stream);
            let sent = *self.sent.entry(place.clone()).or_insert(head.published);
            self.published.entry(place.clone()).or_insert(head.published);
            if sent < head.position {
                topics.push(place.0);
                streams.push(place.1);
                after.push(sent);
            }
        }
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        Ok(sqlx::query_as!(
            Row,
            r#"SELECT j.topic, j.stream, j.position, j.kind, j.subject, j.office, j.actor, j.cause, j.recorded_at, j.trace, j.headers, j.payload, j.hash
               FROM UNNEST($1::text[], $2::int[], $3::bigint[]) AS w (topic, stream, after)
               CROSS JOIN LATERAL (SELECT r.topic, r.stream, r.position, r.kind, r.subject, r.office, r.actor, r.cause, r.recorded_at, r.trace, r.headers,
                                          r.payload, r.hash FROM journal r WHERE r.topic = w.topic AND r.stream = w.stream AND r.position > w.after
                                   ORDER BY r.position LIMIT $4) j"#,
            &topics,
            &streams,
            &after,
            limit
        )
        .fetch_all(conn)
        .await?)
    }

    /// False when the producer has no room and gets none for a while: the broker is away. What was not sent is read again.
    async fn send(&mut self, prefix: &str, row: Row) -> Result<bool, Failure> {
        let until = tokio::time::Instant::now() + ROOM_WITHIN;
        let topic = format!("{prefix}{}", row.topic);
        let mut headers = OwnedHeaders::new_with_capacity(16);
        for (key, value) in row.wire_headers() {
            headers = headers.insert(Header { key: &key, value: Some(&value) });
        }
        let place = (row.topic, row.stream);
        let opaque = Box::new((place.clone(), row.position));
        let mut record = BaseRecord::with_opaque_to(&topic, opaque).partition(row.stream).key(&row.office).payload(&row.payload).headers(headers);
        loop {
            match self.producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    if until <= tokio::time::Instant::now() {
                        return Ok(false);
                    }
                    record = back;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Err((error, _)) => {
                    self.acknowledged.failed.store(true, Ordering::Release);
                    return Err(Failure::Retry(error.to_string()));
                }
            }
        }
        self.sent.insert(place, row.position);
        Ok(true)
    }

    fn in_flight(&self) -> usize {
        self.sent.iter().filter(|(place, sent)| self.published.get(*place).is_none_or(|p| p < sent)).count()
    }

    async fn advance(&mut self, conn: &mut sqlx::PgConnection) -> Result<u64, Failure> {
        let reached: Vec<(Place, i64)> = lock(&self.acknowledged.positions)
            .iter()
            .filter(|(place, position)| self.published.get(*place).is_none_or(|p| p < position))
            .map(|(place, position)| (place.clone(), *position))
            .collect();
        if reached.is_empty() {
            return Ok(0);
        }
        laboratory::point("relay::after-ack");
        let topics: Vec<String> = reached.iter().map(|((t, _), _)| t.clone()).collect();
        let streams: Vec<i32> = reached.iter().map(|((_, s), _)| *s).collect();
        let positions: Vec<i64> = reached.iter().map(|(_, p)| *p).collect();
        sqlx::query!(
            r#"WITH locked AS (
                   SELECT s.topic, s.stream, w.position
                   FROM UNNEST($1::text[], $2::int[], $3::bigint[]) AS w (topic, stream, position) JOIN streams s USING (topic, stream)
                   ORDER BY s.topic, s.stream FOR UPDATE OF s)
               UPDATE streams s SET published = l.position FROM locked l
               WHERE s.topic = l.topic AND s.stream = l.stream AND s.published < l.position"#,
            &topics,
            &streams,
            &positions
        )
        .execute(conn)
        .await?;
        laboratory::point("relay::after-advance");
        let mut advanced = 0;
        for (place, position) in reached {
            let before = self.published.insert(place, position).unwrap_or(position);
            advanced += (position - before).unsigned_abs();
        }
        Ok(advanced)
    }
}
