//! Timers of two replicas: one fires, the other waits its turn, and a job that both would do has its effect once.
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use async_trait::async_trait;
use platform::{
    Failure, Work,
    health::Health,
    relay::Wake,
    timers::{self, Ground, Timer},
};
use system_tests::{
    Sandbox,
    toy::{MIGRATIONS, TOPIC, entry},
    until,
};
use tokio_util::sync::CancellationToken;

/// Writes one fact whenever it fires.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Bell {
    fn rung(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

#[async_trait]
impl Timer for Bell {
    fn name(&self) -> &'static str {
        "bell"
    }

    fn period(&self) -> Duration {
        Duration::from_millis(20)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        work.entries.push(entry(TOPIC, "32BB", "bell", "rung"));
        self.0.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}

fn ground(sandbox: &Sandbox, owner: &str) -> Ground {
    let (wake, health) = (Wake::default(), Health::default());
    Ground { pool: sandbox.pool.clone(), journal: sandbox.journal, owner: owner.to_owned(), wake, health }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_fires_on_one_replica_until_that_one_stops() -> Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    let (one, two) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (stop_one, stop_two) = (CancellationToken::new(), CancellationToken::new());
    let first = tokio::spawn(timers::run(ground(&sandbox, "one"), one.clone(), stop_one.clone()));
    until("the first one fires", async || Ok(one.rung() > 0)).await?;
    let second = tokio::spawn(timers::run(ground(&sandbox, "two"), two.clone(), stop_two.clone()));
    until("the first one goes on", async || Ok(one.rung() > 20)).await?;
    assert_eq!(two.rung(), 0);
    // It gives its lease back, so nobody waits for the lease to run out.
    stop_one.cancel();
    first.await?;
    until("the second one takes over", async || Ok(two.rung() > 0)).await?;
    stop_two.cancel();
    second.await?;
    let written: i64 = sqlx::query_scalar("SELECT count(*) FROM journal WHERE subject = 'bell'").fetch_one(&sandbox.pool).await?;
    assert_eq!(usize::try_from(written)?, one.rung() + two.rung());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_that_fire_at_the_same_moment_fire_once() -> Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC]).await?;
    for _ in 0..20 {
        sqlx::query("DELETE FROM leases").execute(&sandbox.pool).await?;
        let bell = Bell::default();
        let (one, two) = (ground(&sandbox, "one"), ground(&sandbox, "two"));
        let fired = tokio::try_join!(timers::step(&one, &bell), timers::step(&two, &bell))?;
        assert_eq!((fired.0 != fired.1, bell.rung()), (true, 1));
    }
    Ok(())
}
