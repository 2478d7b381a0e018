//! Relays driven step by step: what a test wants sent is sent, and a step that was put off is taken again.
use std::time::Duration;

use anyhow::{Context as _, Result};
use platform::relay::{Relay, Step};

use crate::{Sandbox, until};

/// A step that was not put off: a topic made a moment ago has no leader yet.
pub async fn step(relay: &mut Relay) -> Result<Step> {
    let mut done = None;
    until("the relay's step is done", async || {
        done = relay.step().await.ok();
        Ok(done.is_some())
    })
    .await?;
    done.context("a step")
}

/// Steps until everything journaled is published.
pub async fn relay_all(sandbox: &Sandbox, relay: &mut Relay) -> Result<()> {
    while !sqlx::query_scalar("SELECT bool_and(published = position) FROM streams").fetch_one(&sandbox.pool).await? {
        step(relay).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}
