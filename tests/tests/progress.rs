//! Progress on real Kafka and PostgreSQL: a consumer that hangs is not live, one that says why it fails is; memory stays bounded meanwhile.
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use async_trait::async_trait;
use platform::{Fact, Failure, Handler, Outcome, Work, health::Health, settings};
use system_tests::{
    Sandbox,
    relaying::relay_all,
    toy::{self, ANSWERS, MIGRATIONS, OUTSIDE, READING, Running, TOPIC, Toy, relay, tell},
    until,
};
use tokio::sync::Semaphore;

/// Does nothing until a permit comes.
struct Waits {
    permits: Semaphore,
    began: AtomicUsize,
}

impl Waits {
    fn new() -> Arc<Self> {
        Arc::new(Self { permits: Semaphore::new(0), began: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Handler for Waits {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        self.began.fetch_add(1, Ordering::Relaxed);
        drop(self.permits.acquire().await);
        Toy.apply(work, facts).await
    }
}

/// Fails as if its database were away.
struct Fails(AtomicUsize);

#[async_trait]
impl Handler for Fails {
    async fn apply(&self, _: &mut Work<'_>, _: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Failure::Retry("the database is away".to_owned()))
    }
}

async fn published(facts: &[(&str, &str, &str)]) -> Result<Sandbox> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await?;
    sandbox.create_topics(&[TOPIC, OUTSIDE, ANSWERS]).await?;
    tell(&sandbox, facts).await?;
    let mut relay = relay(&sandbox, "relay", 15);
    relay_all(&sandbox, &mut relay).await?;
    Ok(sandbox)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_hangs_in_a_batch_is_not_live_until_it_comes_round_again() -> Result<()> {
    let sandbox = published(&[("OFF1", "s", "ok")]).await?;
    let (handler, health) = (Waits::new(), Health::new(settings::Health { stuck_s: 1 }));
    health.database(true);
    let member = Running::watched(&sandbox, "one", Arc::clone(&handler) as Arc<dyn Handler>, READING, health.clone())?;
    until("a part is stuck", async || Ok(!health.live())).await?;
    assert_eq!(handler.began.load(Ordering::Relaxed), 1);
    assert_eq!(health.stuck(), ["cargo"], "and it is named; the group and the idle parcels are well");
    // Not while the database is away: a restart would not bring it back.
    health.database(false);
    assert!(health.live());
    health.database(true);
    handler.permits.add_permits(Semaphore::MAX_PERMITS / 2);
    until("the fact is applied and the process live", async || Ok(toy::effects(&sandbox).await?.len() == 1 && health.live())).await?;
    member.leave().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_tried_again_and_again_leaves_the_process_live_and_says_so() -> Result<()> {
    let sandbox = published(&[("OFF1", "s", "ok")]).await?;
    let (handler, health) = (Arc::new(Fails(AtomicUsize::new(0))), Health::new(settings::Health { stuck_s: 3 }));
    health.database(true);
    let member = Running::watched(&sandbox, "one", Arc::clone(&handler) as Arc<dyn Handler>, READING, health.clone())?;
    until("it was tried often", async || {
        assert!(health.live(), "stuck: {:?}", health.stuck());
        Ok(handler.0.load(Ordering::Relaxed) >= 8)
    })
    .await?;
    assert!(health.condition().degraded.contains(&"cargo retries a batch".to_owned()));
    member.leave().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_consumer_pauses_its_partitions_at_the_bytes_it_may_hold_and_loses_nothing() -> Result<()> {
    const MOST: usize = 256 << 10;
    let bodies: Vec<String> = (0..400).map(|n| format!("{n:04}{}", "x".repeat(4 << 10))).collect();
    let facts: Vec<(&str, &str, &str)> = bodies.iter().map(|body| ("OFF1", "s", body.as_str())).collect();
    let sandbox = published(&facts).await?;
    let (handler, health) = (Waits::new(), Health::default());
    let settings = settings::Reader { batch: 1000, batch_bytes: MOST, ..READING };
    let member = Running::watched(&sandbox, "one", Arc::clone(&handler) as Arc<dyn Handler>, settings, health.clone())?;
    let bytes = || health.loads().iter().map(|(_, load)| load.bytes).max().unwrap_or(0);
    until("the queue is full", async || Ok(bytes() > MOST - (6 << 10))).await?;
    while toy::effects(&sandbox).await?.len() < facts.len() {
        handler.permits.add_permits(1);
        assert!(bytes() <= MOST, "{} bytes", bytes());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let applied: Vec<String> = toy::effects(&sandbox).await?.into_iter().map(|(_, body)| body).collect();
    assert_eq!(applied, bodies);
    member.leave().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_broker_is_away_comes_round_however_much_waits_and_sends_all_of_it_in_the_end() -> Result<()> {
    let mut sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await?;
    sandbox.create_topics(&[TOPIC, OUTSIDE, ANSWERS]).await?;
    let body = "x".repeat(1 << 10);
    let facts: Vec<(&str, &str, &str)> = (0..90).map(|_| ("OFF1", "s", body.as_str())).collect();
    tell(&sandbox, &facts).await?;
    let reachable = std::mem::replace(&mut sandbox.kafka.brokers, "127.0.0.1:1".to_owned());
    sandbox.kafka.unsent_kb = 16;
    let mut lost = relay(&sandbox, "relay", 15);
    for _ in 0..2 {
        // It does not know what the topics hold, so it sends nothing; but it comes round and says so.
        assert!(tokio::time::timeout(Duration::from_secs(30), lost.step()).await?.is_err());
    }
    drop(lost);
    sandbox.kafka.brokers = reachable;
    let mut relay = relay(&sandbox, "relay", 15);
    relay_all(&sandbox, &mut relay).await
}
