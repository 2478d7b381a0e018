//! What happens because time passes: a timer fires on one replica, in one transaction, and its facts name it as their cause.
use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    clock, database,
    failure::Failure,
    health::Health,
    journal::{self, Journal},
    laboratory, leases,
    relay::Wake,
    work::Work,
};

/// Something to do again and again.
#[async_trait]
pub trait Timer: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn period(&self) -> Duration;
    /// Until the next firing, after one of its own.
    fn rest(&self) -> Duration {
        self.period()
    }
    /// Does what is due at `work.now`; doing it twice must change nothing.
    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure>;
}

/// What a timer needs around it.
#[derive(Clone)]
pub struct Ground {
    pub pool: PgPool,
    pub journal: Journal,
    pub owner: String,
    pub wake: Wake,
    pub health: Health,
}

/// Fires once, if the lease can be held. Returns whether it did.
pub async fn step(ground: &Ground, timer: &dyn Timer) -> Result<bool, Failure> {
    let now = clock::now();
    let seconds = u32::try_from(timer.period().as_secs().max(5) * 2).unwrap_or(u32::MAX);
    let mut tx = ground.pool.begin_with(database::BEGIN).await?;
    if !leases::hold(&mut tx, timer.name(), &ground.owner, seconds).await? {
        return Ok(false);
    }
    let mut work = Work::new(&mut tx, now);
    timer.fire(&mut work).await?;
    let entries = std::mem::take(&mut work.entries);
    let told = journal::append(&mut tx, ground.journal, entries).await?;
    laboratory::point("timers::before-commit");
    tx.commit().await?;
    laboratory::point("timers::after-commit");
    if !told.is_empty() {
        ground.wake.committed(told);
    }
    Ok(true)
}

/// Fires at once and then after every rest, or after a period while another replica fires, until cancelled.
pub async fn run(ground: Ground, timer: Arc<dyn Timer>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = match step(&ground, timer.as_ref()).await {
            Ok(true) => timer.rest(),
            Ok(false) => timer.period(),
            Err(error) => {
                tracing::warn!(%error, timer = timer.name(), "timer");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    if let Ok(mut conn) = ground.pool.acquire().await {
        let _ = leases::release(&mut conn, timer.name(), &ground.owner).await;
    }
}
