//! The relay of the platform as services run it, until a whole journal is published.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use std::time::Duration;

use anyhow::{Result, bail};
use platform::{
    health::Health,
    metrics::Metrics,
    relay::{Relay, Wake},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{alone::ROWS, scratch::Scratch};

/// Events a second from the start of the relay until `published` says that the broker has acknowledged the last.
pub async fn rate(scratch: &Scratch) -> Result<f64> {
    let (settings, wake) = (&scratch.settings, Wake::default());
    let health = Health::new(settings.health);
    let relay = Relay::new(scratch.pool.clone(), settings.kafka.clone(), settings.relay, "bench".to_owned(), wake, health, Metrics::new("bench"));
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let running = tokio::spawn(relay.run(stop.clone()));
    let measured = watch(scratch, begun).await;
    stop.cancel();
    running.await?;
    measured
}

async fn watch(scratch: &Scratch, begun: Instant) -> Result<f64> {
    let mut moved = (0, Instant::now());
    loop {
        let (published,): (i64,) = sqlx::query_as("SELECT sum(published)::bigint FROM streams").fetch_one(&scratch.pool).await?;
        if published >= i64::try_from(ROWS)? {
            return Ok(published as f64 / begun.elapsed().as_secs_f64());
        }
        if published > moved.0 {
            moved = (published, Instant::now());
        } else if moved.1.elapsed() > Duration::from_secs(30) {
            bail!("{published} of {ROWS} rows are published and nothing has moved for 30 s");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
