//! Instruments with units; names are `cleargate.<part>.<what>`.
use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Histogram},
};

use crate::reader::step::Report;

/// Counters of one service.
#[derive(Clone)]
pub struct Metrics {
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
    labels: [KeyValue; 1],
}

impl Metrics {
    pub fn new(service: &'static str) -> Self {
        let meter = global::meter("cleargate");
        let counter =
            |name: &'static str, unit: &'static str, what: &'static str| meter.u64_counter(name).with_unit(unit).with_description(what).build();
        Self {
            facts: counter("cleargate.reader.facts", "{fact}", "facts applied"),
            duplicates: counter("cleargate.reader.duplicates", "{fact}", "facts that had been applied before"),
            repaired: counter("cleargate.reader.repaired", "{fact}", "facts fetched from their producer's journal"),
            rejected: counter("cleargate.reader.rejected", "{fact}", "facts that went to the dead letters"),
            retries: counter("cleargate.reader.retries", "{batch}", "batches tried again"),
            fences: counter("cleargate.reader.fences", "{batch}", "batches refused because another owner had taken over"),
            batch: meter.u64_histogram("cleargate.reader.batch").with_unit("{fact}").with_description("facts in one batch").build(),
            relayed: counter("cleargate.relay.rows", "{row}", "journal rows acknowledged by the broker"),
            refused: counter("cleargate.relay.refused", "{stream}", "streams refused because topic and journal contradict each other"),
            unchecked: counter("cleargate.reader.unchecked", "{partition}", "idle partitions whose producer could not be asked for its head"),
            commands: counter("cleargate.commands.calls", "{call}", "commands decided"),
            labels: [KeyValue::new("service", service)],
        }
    }

    pub fn read(&self, report: &Report) {
        let count = |n: usize| n as u64;
        self.facts.add(count(report.applied), &self.labels);
        self.duplicates.add(count(report.duplicates), &self.labels);
        self.repaired.add(count(report.repaired), &self.labels);
        self.rejected.add(count(report.rejected), &self.labels);
        if report.applied > 0 {
            self.batch.record(count(report.applied), &self.labels);
        }
    }

    pub fn retried(&self) {
        self.retries.add(1, &self.labels);
    }

    pub fn fenced(&self) {
        self.fences.add(1, &self.labels);
    }

    pub fn relayed(&self, rows: u64) {
        self.relayed.add(rows, &self.labels);
    }

    pub fn refused(&self) {
        self.refused.add(1, &self.labels);
    }

    pub fn unchecked(&self) {
        self.unchecked.add(1, &self.labels);
    }

    pub fn decided(&self, commands: usize) {
        self.commands.add(commands as u64, &self.labels);
    }
}
