//! Two replicas of each service against one, in turn on the same machine.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use anyhow::Result;

use super::{Bench, rounds::median, rows::Row, site::Site, stream::Plan};
use crate::{progress::Progress, stack::Stack};

pub async fn rows(bench: &Bench, stack: &mut Stack, progress: &Progress) -> Result<Vec<Row>> {
    let first = stack.scale.replicas;
    let measured = ratio(bench, stack, progress).await;
    // Whatever came of it, the others are measured with as many as before.
    scale(stack, first, progress).await?;
    Ok(vec![
        Row::new("throughput of two replicas of each service over one", "", measured?)
            .judged(0.95, Some(1.0))
            .beside(None, "one and two in turn, median of the pairs"),
    ])
}

/// A tenth of the long run is enough for a ratio.
fn count(bench: &Bench) -> usize {
    (bench.count() / 10).max(20_000)
}

/// Declarations with one number of replicas, those that warm up included.
pub fn lodged(bench: &Bench) -> u64 {
    (count(bench) + count(bench) / 4) as u64
}

async fn ratio(bench: &Bench, stack: &mut Stack, progress: &Progress) -> Result<f64> {
    let count = count(bench);
    let mut ratios = Vec::new();
    for number in 0..bench.runs() {
        let mut rates = Vec::new();
        for replicas in [1, 2] {
            scale(stack, replicas, progress).await?;
            let site = Site::ours(stack).await?;
            let seed = 1_000 * u64::from(replicas) + number as u64;
            Plan { count: count / 4, rate: None, seed: seed + 500 }.drive(&site).await?;
            let flow = Plan { count, rate: None, seed }.drive(&site).await?;
            site.reporting.close().await;
            eprintln!("  {:<10} {}", format!("replicas {replicas}"), flow.line());
            rates.push(flow.per_second);
        }
        ratios.extend(rates.last().zip(rates.first()).map(|(two, one)| two / one));
    }
    Ok(median(ratios))
}

/// So many replicas of each service run, and later commands know it.
pub async fn scale(stack: &mut Stack, replicas: u16, progress: &Progress) -> Result<()> {
    stack.scale.replicas = replicas;
    let _lock = stack.lock()?;
    stack.record()?;
    // Whoever stays must learn the addresses of the others.
    stack.down_services(progress).await?;
    stack.up_services(progress).await
}
