//! The gauges: what is, as it was last looked at.
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use opentelemetry::{
    KeyValue,
    metrics::{Gauge, Meter},
};

use crate::kafka::group::lock;

/// Gauges of one service.
pub struct Gauges {
    service: &'static str,
    head: Gauge<u64>,
    published: Gauge<u64>,
    unpublished: Gauge<u64>,
    unpublished_age: Gauge<f64>,
    lag_events: Gauge<u64>,
    lag: Gauge<f64>,
    next_offset: Gauge<u64>,
    claims: Gauge<u64>,
    stopped: Gauge<u64>,
    queue: Gauge<u64>,
    queue_bytes: Gauge<u64>,
    letters: Gauge<u64>,
    parked: Gauge<u64>,
    awaiting: Gauge<u64>,
    awaiting_age: Gauge<f64>,
    connections: Gauge<u64>,
    connections_most: Gauge<u64>,
    pool_wait: Gauge<f64>,
    transaction: Gauge<f64>,
    in_hand: Gauge<u64>,
    ready: Gauge<u64>,
    live: Gauge<u64>,
    broker: Gauge<u64>,
    database: Gauge<u64>,
    leading: Gauge<u64>,
    /// Codes that were seen, to be set to 0 when their last letter is gone.
    codes: Mutex<BTreeSet<String>>,
}

/// Codes of dead letters that have a series of their own; the rest shares one.
const MOST_CODES: usize = 40;

/// A place of the journal.
pub struct Head {
    pub topic: String,
    pub stream: i32,
    pub position: i64,
    pub published: i64,
}

/// A partition that is read.
pub struct Reading {
    pub topic: String,
    pub partition: i32,
    pub next_offset: i64,
    /// How often it was claimed.
    pub epoch: i64,
}

/// What lies in the database besides the journal.
pub struct Stored {
    pub letters: Vec<(String, i64)>,
    pub parked: i64,
    pub awaiting: i64,
    pub awaiting_age: f64,
    /// Seconds that the longest open transaction of the service's role has lasted.
    pub transaction: f64,
    pub leading: bool,
}

fn whole(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

impl Gauges {
    pub fn new(meter: &Meter, service: &'static str) -> Self {
        let number =
            |name: &'static str, unit: &'static str, what: &'static str| meter.u64_gauge(name).with_unit(unit).with_description(what).build();
        let seconds = |name: &'static str, what: &'static str| meter.f64_gauge(name).with_unit("s").with_description(what).build();
        let gauges = Self {
            service,
            head: number("cleargate.journal.head", "{row}", "last position of a stream"),
            published: number("cleargate.journal.published", "{row}", "position up to which the broker has acknowledged a stream"),
            unpublished: number("cleargate.journal.unpublished", "{row}", "rows of a stream that the broker has not acknowledged"),
            unpublished_age: seconds("cleargate.journal.unpublished.age", "age of the oldest row that the broker has not acknowledged"),
            lag_events: number("cleargate.reader.lag.events", "{event}", "messages of a partition that are not read yet"),
            lag: seconds("cleargate.reader.lag", "how far behind its producers this replica reads a partition; 0 when level"),
            next_offset: number("cleargate.reader.next_offset", "{message}", "offset from which a partition is read on"),
            claims: number("cleargate.reader.claims", "{claim}", "how often a partition was claimed by an owner"),
            stopped: number("cleargate.reader.stopped", "{partition}", "partitions that are not read on"),
            queue: number("cleargate.reader.queued.messages", "{message}", "messages that wait for a consume loop"),
            queue_bytes: number("cleargate.reader.queued", "By", "bytes that wait for a consume loop or are in its hands"),
            letters: number("cleargate.dead_letters", "{letter}", "dead letters neither applied nor discarded, by code"),
            parked: number("cleargate.parked", "{subject}", "subjects that wait behind a dead letter"),
            awaiting: number("cleargate.awaiting", "{fact}", "facts whose subject is not known yet"),
            awaiting_age: seconds("cleargate.awaiting.age", "how long the oldest of them has waited"),
            connections: number("cleargate.pool.connections", "{connection}", "connections to the database, by state"),
            connections_most: number("cleargate.pool.connections.most", "{connection}", "connections that the pool may open"),
            pool_wait: seconds("cleargate.pool.wait", "how long it took to get a connection when last looked"),
            transaction: seconds("cleargate.database.transaction.age", "how long the longest open transaction of the service's role has lasted"),
            in_hand: number("cleargate.calls.in_hand", "{call}", "calls in hand, by kind"),
            ready: number("cleargate.health.ready", "", "1 when database and schema can be used"),
            live: number("cleargate.health.live", "", "1 when every part makes progress or has nothing to do"),
            broker: number("cleargate.health.broker", "", "1 when the broker answered last"),
            database: number("cleargate.health.database", "", "1 when the database answered last"),
            leading: number("cleargate.relay.leading", "", "1 on the replica that sends the journal"),
            codes: Mutex::default(),
        };
        let info = number("cleargate.build.info", "", "1, with the version that runs");
        info.record(1, &gauges.labels([KeyValue::new("version", env!("CARGO_PKG_VERSION"))]));
        gauges
    }

    fn labels<const N: usize>(&self, more: [KeyValue; N]) -> Vec<KeyValue> {
        more.into_iter().chain([KeyValue::new("service", self.service)]).collect()
    }

    pub fn journal(&self, heads: &[Head], oldest: f64) {
        for head in heads {
            let labels = self.labels([KeyValue::new("topic", head.topic.clone()), KeyValue::new("stream", i64::from(head.stream))]);
            self.head.record(whole(head.position), &labels);
            self.published.record(whole(head.published), &labels);
            self.unpublished.record(whole(head.position - head.published), &labels);
        }
        self.unpublished_age.record(oldest, &self.labels([]));
    }

    pub fn reading(&self, reading: &Reading) {
        let labels = self.place(&reading.topic, reading.partition);
        self.next_offset.record(whole(reading.next_offset), &labels);
        self.claims.record(whole(reading.epoch), &labels);
    }

    /// `seconds` is known to the owner alone.
    pub fn lag(&self, topic: &str, partition: i32, events: i64, seconds: f64) {
        let labels = self.place(topic, partition);
        self.lag_events.record(whole(events), &labels);
        self.lag.record(seconds, &labels);
    }

    fn place(&self, topic: &str, partition: i32) -> Vec<KeyValue> {
        self.labels([KeyValue::new("topic", topic.to_owned()), KeyValue::new("partition", i64::from(partition))])
    }

    pub fn stored(&self, stored: &Stored) {
        let mut codes = lock(&self.codes);
        let mut now = BTreeMap::new();
        for (code, letters) in &stored.letters {
            let own = codes.len() < MOST_CODES || codes.contains(code);
            let code = if own { code.as_str() } else { "OTHER" };
            codes.insert(code.to_owned());
            *now.entry(code.to_owned()).or_insert(0) += letters;
        }
        codes.insert(crate::dead_letters::PARKED.to_owned());
        for code in codes.iter() {
            let letters = now.get(code).copied().unwrap_or(0);
            self.letters.record(whole(letters), &self.labels([KeyValue::new("code", code.clone())]));
        }
        let own = self.labels([]);
        self.parked.record(whole(stored.parked), &own);
        self.awaiting.record(whole(stored.awaiting), &own);
        self.awaiting_age.record(stored.awaiting_age, &own);
        self.transaction.record(stored.transaction, &own);
        self.leading.record(u64::from(stored.leading), &own);
    }

    pub fn pool(&self, used: usize, idle: usize, most: u32) {
        self.connections.record(super::count(used), &self.labels([KeyValue::new("state", "used")]));
        self.connections.record(super::count(idle), &self.labels([KeyValue::new("state", "idle")]));
        self.connections_most.record(most.into(), &self.labels([]));
    }

    pub fn pool_wait(&self, seconds: f64) {
        self.pool_wait.record(seconds, &self.labels([]));
    }

    pub fn in_hand(&self, commands: u32, queries: u32) {
        self.in_hand.record(commands.into(), &self.labels([KeyValue::new("kind", "command")]));
        self.in_hand.record(queries.into(), &self.labels([KeyValue::new("kind", "query")]));
    }

    pub fn queue(&self, part: &'static str, messages: usize, bytes: usize) {
        let labels = self.labels([KeyValue::new("part", part)]);
        self.queue.record(super::count(messages), &labels);
        self.queue_bytes.record(super::count(bytes), &labels);
    }

    pub fn health(&self, health: &crate::health::Health) {
        let own = self.labels([]);
        let (broker, database) = health.reaches();
        self.ready.record(u64::from(health.ready()), &own);
        self.live.record(u64::from(health.live()), &own);
        self.broker.record(u64::from(broker), &own);
        self.database.record(u64::from(database), &own);
        self.stopped.record(super::count(health.stopped_partitions()), &own);
    }
}
