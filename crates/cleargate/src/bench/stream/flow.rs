//! What a run came to.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::states::{ACCEPTED, AMENDED, REFUSED, States, WITHDRAWN};
use crate::load::ledger::percentile;

/// How many were done when.
pub struct Marks {
    begun: Instant,
    marks: Vec<(Duration, u64)>,
    memory_mb: u64,
    looked: Instant,
    ended: Duration,
}

/// Looking at memory walks page tables: seldom.
const LOOKS: Duration = Duration::from_secs(3);

impl Marks {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { begun: now, marks: Vec::new(), memory_mb: 0, looked: now, ended: Duration::ZERO }
    }

    pub fn note(&mut self, done: u64, memory_mb: impl FnOnce() -> u64) {
        let at = self.begun.elapsed();
        self.ended = at;
        // Five a second are enough for the rate of a tenth, however closely somebody looks.
        if self.marks.last().is_none_or(|(last, _)| at.saturating_sub(*last) >= Duration::from_millis(200)) {
            self.marks.push((at, done));
        }
        if self.looked.elapsed() >= LOOKS {
            self.looked = Instant::now();
            self.memory_mb = self.memory_mb.max(memory_mb());
        }
    }

    /// A last look: a short run had none.
    pub fn end(&mut self, memory_mb: u64) {
        self.memory_mb = self.memory_mb.max(memory_mb);
    }

    /// Rate of the last tenth over the mean rate of the whole run.
    fn last_tenth(&self, count: u64, seconds: f64) -> f64 {
        let Some((at, done)) = self.marks.iter().find(|(_, done)| *done * 10 >= count * 9) else { return f64::NAN };
        let rate = (count - done.min(&count)) as f64 / (seconds - at.as_secs_f64()).max(0.001);
        rate / (count as f64 / seconds)
    }
}

/// A run's figures.
#[derive(Debug, Clone)]
pub struct Flow {
    pub sent: u64,
    pub accepted: u64,
    pub refused: u64,
    pub amended: u64,
    pub withdrawn: u64,
    pub seconds: f64,
    pub per_second: f64,
    /// Of the rate, at the end over the mean: near 1 when no backlog grew.
    pub last_tenth: f64,
    /// CPU seconds of each part per 1,000 declarations; `load` is the generator.
    pub cpu: BTreeMap<&'static str, f64>,
    /// Share of all cores that was busy with anything.
    pub busy: f64,
    /// Most that the four processes held together.
    pub memory_mb: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Flow {
    pub fn new(states: &States, marks: &Marks, spent_ms: BTreeMap<&'static str, u64>, busy: f64) -> Self {
        let sent = states.count() as u64;
        let seconds = marks.ended.as_secs_f64().max(0.001);
        let latencies = states.latencies();
        // Nothing measured is no latency of zero.
        let ms = |per_mille| if latencies.is_empty() { f64::NAN } else { percentile(&latencies, per_mille) as f64 / 1000.0 };
        Self {
            sent,
            accepted: states.having(ACCEPTED),
            refused: states.having(REFUSED),
            amended: states.having(AMENDED),
            withdrawn: states.having(WITHDRAWN),
            seconds,
            per_second: sent as f64 / seconds,
            last_tenth: marks.last_tenth(sent, seconds),
            // Milliseconds per declaration are seconds per 1,000.
            cpu: spent_ms.into_iter().map(|(part, ms)| (part, ms as f64 / sent.max(1) as f64)).collect(),
            busy,
            memory_mb: marks.memory_mb as f64,
            p50_ms: ms(500),
            p99_ms: ms(990),
        }
    }

    /// CPU seconds per 1,000 declarations of some parts.
    pub fn cpu_of(&self, parts: &[&str]) -> f64 {
        parts.iter().filter_map(|part| self.cpu.get(part)).sum()
    }

    /// One line for whoever watches.
    pub fn line(&self) -> String {
        let load = self.cpu_of(&["load"]) / self.cpu.values().sum::<f64>().max(1e-9) * 100.0;
        format!(
            "{} in {:.1} s: {:.0}/s, last tenth {:.2} of that; accepted {}, refused {}, amended {}, withdrawn {}; the load took {load:.1} % of all CPU",
            self.sent, self.seconds, self.per_second, self.last_tenth, self.accepted, self.refused, self.amended, self.withdrawn
        )
    }
}
