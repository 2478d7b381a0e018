//! Instruments with units; names are `cleargate.<part>.<what>`, and `/metrics` adds the unit (docs/operations.md lists them).
//!
//! What happens is counted where it happens. What is, is looked at by one timer ([`collect`]), so that no event costs a query.
pub mod collect;
mod gauges;
pub mod lag;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Histogram, Meter},
};
use tokio::time::Instant;
use tonic::Code;

use self::{gauges::Gauges, lag::Applied};
use crate::{
    kafka::group::lock,
    reader::{claim::Partition, step::Report},
};

/// Instruments of one service.
#[derive(Clone)]
pub struct Metrics(Arc<Instruments>);

struct Instruments {
    service: KeyValue,
    facts: Counter<u64>,
    duplicates: Counter<u64>,
    repaired: Counter<u64>,
    rejected: Counter<u64>,
    retries: Counter<u64>,
    fences: Counter<u64>,
    batch: Histogram<u64>,
    relayed: Counter<u64>,
    refused: Counter<u64>,
    unchecked: Counter<u64>,
    commands: Counter<u64>,
    commands_batch: Histogram<u64>,
    commit: Histogram<f64>,
    calls: Histogram<f64>,
    turned_away: Counter<u64>,
    peers: Counter<u64>,
    steps_back: Counter<u64>,
    gauges: Gauges,
    /// What was applied last of each partition read here.
    applied: Mutex<BTreeMap<Partition, Applied>>,
}

/// Seconds, from a commit on a fast disk to the longest deadline.
const SECONDS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
const SIZES: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0];

fn counter(meter: &Meter, name: &'static str, unit: &'static str, what: &'static str) -> Counter<u64> {
    meter.u64_counter(name).with_unit(unit).with_description(what).build()
}

fn seconds(meter: &Meter, name: &'static str, what: &'static str) -> Histogram<f64> {
    meter.f64_histogram(name).with_unit("s").with_description(what).with_boundaries(SECONDS.to_vec()).build()
}

fn sizes(meter: &Meter, name: &'static str, unit: &'static str, what: &'static str) -> Histogram<u64> {
    meter.u64_histogram(name).with_unit(unit).with_description(what).with_boundaries(SIZES.to_vec()).build()
}

/// As many as that, for a counter.
fn count(n: usize) -> u64 {
    n as u64
}

impl Metrics {
    pub fn new(service: &'static str) -> Self {
        let meter = global::meter("cleargate");
        let metrics = Self(Arc::new(Instruments {
            service: KeyValue::new("service", service),
            facts: counter(&meter, "cleargate.reader.facts", "{fact}", "facts applied"),
            duplicates: counter(&meter, "cleargate.reader.duplicates", "{fact}", "facts that had been applied before"),
            repaired: counter(&meter, "cleargate.reader.repaired", "{fact}", "facts fetched from their producer's journal"),
            rejected: counter(&meter, "cleargate.reader.rejected", "{fact}", "facts that went to the dead letters"),
            retries: counter(&meter, "cleargate.retries", "{batch}", "batches tried again, by part"),
            fences: counter(&meter, "cleargate.reader.fences", "{batch}", "batches refused because another owner had taken over"),
            batch: sizes(&meter, "cleargate.reader.batch", "{fact}", "facts in one transaction"),
            relayed: counter(&meter, "cleargate.relay.rows", "{row}", "journal rows acknowledged by the broker"),
            refused: counter(&meter, "cleargate.relay.refused", "{stream}", "streams refused because topic and journal contradict each other"),
            unchecked: counter(&meter, "cleargate.reader.unchecked", "{partition}", "idle partitions whose producer could not be asked for its head"),
            commands: counter(&meter, "cleargate.commands.decided", "{call}", "commands decided"),
            commands_batch: sizes(&meter, "cleargate.commands.batch", "{call}", "commands in one transaction"),
            commit: seconds(&meter, "cleargate.commit", "time that one commit took, by part"),
            calls: seconds(&meter, "cleargate.calls", "time that calls took, by kind and code"),
            turned_away: counter(&meter, "cleargate.calls.refused", "{call}", "calls turned away, by kind and reason"),
            peers: counter(&meter, "cleargate.peers.calls", "{call}", "calls to other services, by peer and result"),
            steps_back: counter(&meter, "cleargate.clock.steps_back", "{step}", "times that the machine's clock went back by more than a second"),
            gauges: Gauges::new(&meter, service),
            applied: Mutex::default(),
        }));
        metrics.at_zero();
        metrics
    }

    /// What has not happened yet is there as 0, so that the first time is an increase and no alarm asks for a metric that nobody has.
    fn at_zero(&self) {
        self.read(&Report::default());
        self.relayed(0);
        self.0.fences.add(0, &self.labels([]));
        self.0.steps_back.add(0, &self.labels([]));
        self.0.commands.add(0, &self.labels([]));
        for part in ["cargo", "parcels", "commands"] {
            self.0.retries.add(0, &self.labels([KeyValue::new("part", part)]));
        }
        for (kind, reason) in [
            ("command", "calls"),
            ("command", "queue"),
            ("command", "quota"),
            ("command", "late"),
            ("query", "calls"),
            ("query", "queries"),
            ("query", "quota"),
        ] {
            self.0.turned_away.add(0, &self.labels([KeyValue::new("kind", kind), KeyValue::new("reason", reason)]));
        }
    }

    fn labels<const N: usize>(&self, more: [KeyValue; N]) -> Vec<KeyValue> {
        more.into_iter().chain([self.0.service.clone()]).collect()
    }

    pub fn read(&self, report: &Report) {
        let labels = self.labels([]);
        self.0.facts.add(count(report.applied), &labels);
        self.0.duplicates.add(count(report.duplicates), &labels);
        self.0.repaired.add(count(report.repaired), &labels);
        self.0.rejected.add(count(report.rejected), &labels);
        if report.applied > 0 {
            self.0.batch.record(count(report.applied), &labels);
        }
    }

    /// Of each partition the last fact that was applied: when its producer wrote it.
    pub fn applied<'p>(&self, last: impl IntoIterator<Item = (&'p Partition, crate::Instant)>) {
        let now = Instant::now();
        let mut applied = lock(&self.0.applied);
        for (partition, recorded_at) in last {
            match applied.get_mut(partition) {
                Some(before) => *before = Applied { at: now, recorded_at },
                None => drop(applied.insert(partition.clone(), Applied { at: now, recorded_at })),
            }
        }
    }

    /// Times the commit of a part.
    pub async fn commit<T>(&self, part: &'static str, commit: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let committed = commit.await;
        self.0.commit.record(begun.elapsed().as_secs_f64(), &self.labels([KeyValue::new("part", part)]));
        committed
    }

    /// A batch of this part will be tried again.
    pub fn retried(&self, part: &'static str) {
        self.0.retries.add(1, &self.labels([KeyValue::new("part", part)]));
    }

    pub fn fenced(&self) {
        self.0.fences.add(1, &self.labels([]));
    }

    pub fn refused(&self) {
        self.0.refused.add(1, std::slice::from_ref(&self.0.service));
    }

    pub fn unchecked(&self) {
        self.0.unchecked.add(1, std::slice::from_ref(&self.0.service));
    }

    pub fn relayed(&self, rows: u64) {
        self.0.relayed.add(rows, &self.labels([]));
    }

    pub fn decided(&self, commands: usize) {
        let labels = self.labels([]);
        self.0.commands.add(count(commands), &labels);
        self.0.commands_batch.record(count(commands), &labels);
    }

    /// A call that was turned away before anything was done for it.
    pub fn turned_away(&self, kind: &'static str, reason: &'static str) {
        self.0.turned_away.add(1, &self.labels([KeyValue::new("kind", kind), KeyValue::new("reason", reason)]));
    }

    /// A call that came in, and how it ended.
    pub fn called(&self, kind: &'static str, code: Code, took: Duration) {
        let code = KeyValue::new("code", format!("{code:?}"));
        self.0.calls.record(took.as_secs_f64(), &self.labels([KeyValue::new("kind", kind), code]));
    }

    /// A call to another service: `answered`, `failed` or `held_back` by the retry budget.
    pub fn peer(&self, peer: &str, result: &'static str) {
        self.0.peers.add(1, &self.labels([KeyValue::new("peer", peer.to_owned()), KeyValue::new("result", result)]));
    }

    /// The machine's clock went back.
    pub fn stepped_back(&self) {
        self.0.steps_back.add(1, &self.labels([]));
    }
}
