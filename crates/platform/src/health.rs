//! Health means progress: what each loop last did, whether database and broker answer, which partitions are stopped.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

use crate::kafka::group::lock;

/// A loop that shows no sign of life for this time is stuck; each one wakes far more often.
const STUCK: Duration = Duration::from_secs(120);

/// Shared by all parts of a process.
#[derive(Clone)]
pub struct Health(Arc<Mutex<State>>);

struct State {
    migrated: bool,
    database: bool,
    broker: bool,
    stopping: bool,
    started: Instant,
    progress: BTreeMap<&'static str, Instant>,
    retrying: BTreeMap<&'static str, Instant>,
    stopped: BTreeMap<String, String>,
}

/// What `/status` shows.
#[derive(Debug, Serialize)]
pub struct Condition {
    pub ready: bool,
    pub live: bool,
    /// Working, but not in full: broker away, partition stopped, batch retried.
    pub degraded: Vec<String>,
    pub uptime_s: u64,
}

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            migrated: false,
            database: false,
            broker: false,
            stopping: false,
            started: Instant::now(),
            progress: BTreeMap::new(),
            retrying: BTreeMap::new(),
            stopped: BTreeMap::new(),
        })))
    }
}

impl Health {
    pub fn migrated(&self) {
        lock(&self.0).migrated = true;
    }

    pub fn database(&self, usable: bool) {
        lock(&self.0).database = usable;
    }

    pub fn broker(&self, reachable: bool) {
        let mut state = lock(&self.0);
        if state.broker != reachable {
            state.broker = reachable;
            tracing::info!(reachable, "broker");
        }
    }

    pub fn stopping(&self) {
        lock(&self.0).stopping = true;
    }

    /// A loop came round.
    pub fn progressed(&self, part: &'static str) {
        let mut state = lock(&self.0);
        state.progress.insert(part, Instant::now());
        state.retrying.remove(part);
    }

    /// The Kafka client was polled.
    pub fn polled(&self) {
        self.progressed("group");
    }

    /// A loop is alive but its batch fails again and again.
    pub fn retrying(&self, part: &'static str) {
        let mut state = lock(&self.0);
        state.progress.insert(part, Instant::now());
        state.retrying.insert(part, Instant::now());
    }

    pub fn stopped(&self, topic: &str, partition: i32, reason: &str) {
        lock(&self.0).stopped.insert(format!("{topic}/{partition}"), reason.to_owned());
    }

    pub fn resumed(&self, topic: &str, partition: i32) {
        lock(&self.0).stopped.remove(&format!("{topic}/{partition}"));
    }

    /// Database usable and migrated; a lost broker never makes a service unready.
    pub fn ready(&self) -> bool {
        let state = lock(&self.0);
        state.migrated && state.database && !state.stopping
    }

    /// Every loop made progress or is legitimately idle.
    pub fn live(&self) -> bool {
        lock(&self.0).progress.values().all(|at| at.elapsed() < STUCK)
    }

    pub fn condition(&self) -> Condition {
        let (ready, live) = (self.ready(), self.live());
        let state = lock(&self.0);
        let mut degraded = Vec::new();
        if !state.database {
            degraded.push("database away".to_owned());
        }
        if !state.broker {
            degraded.push("broker away".to_owned());
        }
        degraded.extend(state.retrying.keys().map(|part| format!("{part} retries a batch")));
        degraded.extend(state.stopped.iter().map(|(place, reason)| format!("{place} stopped: {reason}")));
        Condition { ready, live, degraded, uptime_s: state.started.elapsed().as_secs() }
    }
}
