//! What the process knows about itself: ready = database usable and migrated; live = its parts make progress or are legitimately idle.
pub mod progress;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

use self::progress::{Facts, Work, stuck};
use crate::{
    kafka::{group::lock, queue::Load},
    settings,
};

/// Shared by all parts of a process.
#[derive(Clone)]
pub struct Health(Arc<Mutex<State>>);

struct State {
    bound: Duration,
    migrated: bool,
    /// Since when it has been usable.
    database: Option<Instant>,
    broker: bool,
    stopping: bool,
    started: Instant,
    parts: BTreeMap<&'static str, Part>,
    stopped: BTreeMap<String, String>,
}

struct Part {
    came_round: Instant,
    failed: Option<Instant>,
    /// Failing now.
    retrying: bool,
    /// Of a part that works only when something is there.
    load: Option<Arc<Mutex<Load>>>,
}

impl Part {
    fn facts(&self) -> Facts {
        let work = match &self.load {
            None => Work::Always,
            Some(load) => lock(load).since.map_or(Work::Nothing, Work::Since),
        };
        Facts { came_round: self.came_round, work, failed: self.failed }
    }
}

/// What `/status` shows.
#[derive(Debug, Serialize)]
pub struct Condition {
    pub ready: bool,
    pub live: bool,
    /// Parts that have work and neither end it nor fail.
    pub stuck: Vec<&'static str>,
    /// Working, but not in full: broker away, partition stopped, batch retried.
    pub degraded: Vec<String>,
    pub uptime_s: u64,
}

impl Default for Health {
    fn default() -> Self {
        Self::new(settings::Health { stuck_s: 120 })
    }
}

impl Health {
    pub fn new(settings: settings::Health) -> Self {
        Self(Arc::new(Mutex::new(State {
            bound: Duration::from_secs(settings.stuck_s),
            migrated: false,
            database: None,
            broker: false,
            stopping: false,
            started: Instant::now(),
            parts: BTreeMap::new(),
            stopped: BTreeMap::new(),
        })))
    }

    pub fn migrated(&self) {
        lock(&self.0).migrated = true;
    }

    pub fn database(&self, usable: bool) {
        let mut state = lock(&self.0);
        if usable {
            state.database.get_or_insert_with(Instant::now);
        } else {
            state.database = None;
        }
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

    /// A part that works off a queue: without work it may rest.
    pub fn watch(&self, part: &'static str, load: Arc<Mutex<Load>>) {
        self.part(part, |p| p.load = Some(load));
    }

    /// A loop came round.
    pub fn progressed(&self, part: &'static str) {
        self.part(part, |p| {
            p.came_round = Instant::now();
            p.retrying = false;
        });
    }

    /// The Kafka client was polled.
    pub fn polled(&self) {
        self.progressed("group");
    }

    /// A loop is alive but its work fails again and again.
    pub fn retrying(&self, part: &'static str) {
        self.part(part, |p| {
            p.failed = Some(Instant::now());
            p.retrying = true;
        });
    }

    fn part(&self, name: &'static str, change: impl FnOnce(&mut Part)) {
        let mut state = lock(&self.0);
        change(state.parts.entry(name).or_insert_with(|| Part { came_round: Instant::now(), failed: None, retrying: false, load: None }));
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
        state.migrated && state.database.is_some() && !state.stopping
    }

    /// Parts that have work and for the set time neither ended it nor failed visibly.
    pub fn stuck(&self) -> Vec<&'static str> {
        let state = lock(&self.0);
        let now = Instant::now();
        state.parts.iter().filter(|(_, part)| stuck(part.facts(), state.database, now, state.bound)).map(|(name, _)| *name).collect()
    }

    /// Every part made progress or is legitimately idle.
    pub fn live(&self) -> bool {
        self.stuck().is_empty()
    }

    /// What was watched by [`Self::watch`], as it is now.
    pub fn loads(&self) -> Vec<(&'static str, Load)> {
        lock(&self.0).parts.iter().filter_map(|(name, part)| Some((*name, *lock(part.load.as_ref()?)))).collect()
    }

    /// Whether the broker answered last, and whether the database did.
    pub fn reaches(&self) -> (bool, bool) {
        let state = lock(&self.0);
        (state.broker, state.database.is_some())
    }

    /// Partitions that are not read on.
    pub fn stopped_partitions(&self) -> usize {
        lock(&self.0).stopped.len()
    }

    pub fn condition(&self) -> Condition {
        let (ready, stuck) = (self.ready(), self.stuck());
        let state = lock(&self.0);
        let mut degraded = Vec::new();
        if state.database.is_none() {
            degraded.push("database away".to_owned());
        }
        if !state.broker {
            degraded.push("broker away".to_owned());
        }
        degraded.extend(state.parts.iter().filter(|(_, part)| part.retrying).map(|(name, _)| format!("{name} retries a batch")));
        degraded.extend(state.stopped.iter().map(|(place, reason)| format!("{place} stopped: {reason}")));
        Condition { ready, live: stuck.is_empty(), stuck, degraded, uptime_s: state.started.elapsed().as_secs() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kafka::{group::Signal, queue::queue},
        reader::Delivery,
    };

    #[tokio::test]
    async fn a_consumer_that_sits_on_its_work_makes_the_process_not_live_and_is_named() {
        let health = Health::new(settings::Health { stuck_s: 0 });
        health.database(true);
        let (feed, mut queue) = queue(10, 1_000_000);
        health.watch("cargo", queue.load());
        assert!(health.live(), "idle");
        feed.try_send(Signal::Delivered(Delivery::default())).unwrap();
        assert_eq!(health.stuck(), ["cargo"]);
        let _ = queue.recv().await;
        assert_eq!(health.condition().stuck, ["cargo"], "in its hands");
        // It comes back for more, and there is none.
        let _ = tokio::time::timeout(Duration::ZERO, queue.recv()).await;
        assert!(health.live());
    }

    #[test]
    fn a_lost_broker_and_a_batch_that_fails_are_told_and_leave_the_process_live_and_ready() {
        let health = Health::default();
        health.migrated();
        health.database(true);
        health.broker(false);
        health.retrying("cargo");
        let condition = health.condition();
        assert!(condition.live && condition.ready);
        assert_eq!(condition.degraded, ["broker away", "cargo retries a batch"]);
        health.progressed("cargo");
        assert_eq!(health.condition().degraded, ["broker away"]);
    }
}
