//! Facts whose kind the version that read them did not know: the version that knows them applies them before it is ready.
//!
//! Later ones of the same subject are parked behind them and follow in order. While an old version still runs beside the new one, more may
//! come, so this is done again every minute.
use std::{collections::BTreeSet, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    dead_letters::{self, FIRST},
    health::Health,
    operations::Desk,
    reader::UNKNOWN_KIND,
    serving::Refusal,
};

const PAGE: i64 = 500;
const AGAIN: Duration = Duration::from_secs(60);

/// Applies what this version knows; returns how many facts that were. A kind that is still unknown is tried once.
pub async fn redrive(desk: &Desk, health: &Health) -> Result<u32, Refusal> {
    let (mut applied, mut still, mut after) = (0, BTreeSet::new(), FIRST);
    loop {
        let mut letters = dead_letters::of_code(&mut *desk.pool.acquire().await?, UNKNOWN_KIND, &after, PAGE).await?;
        let Some(last) = letters.last() else { break };
        after = (last.fact.topic.to_string(), last.fact.partition, last.fact.offset);
        letters.retain(|letter| !still.contains(letter.fact.kind()));
        let redriven = desk.redrive_all(&letters).await?;
        health.progressed("unknown kinds");
        applied += redriven.applied;
        still.extend(redriven.unknown);
    }
    if applied > 0 || !still.is_empty() {
        tracing::info!(applied, ?still, "facts of kinds that were unknown");
    }
    Ok(applied)
}

/// Goes on until cancelled.
pub async fn watch(desk: Desk, health: Health, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
        health.progressed("unknown kinds");
        if let Err(refusal) = redrive(&desk, &health).await {
            tracing::warn!(?refusal, "redriving facts of unknown kinds");
        }
    }
}
