//! Relay and consume loop, each alone on real Kafka and real PostgreSQL: first all rows go out, then they are read again.
use anyhow::Result;

use super::{Bench, consume, relay, rounds::median, rows::Row, scratch::Scratch};
use crate::{progress::Progress, stack::Stack};

/// Rows in the scratch journal.
pub const ROWS: usize = 300_000;

pub async fn rows(bench: &Bench, stack: &Stack, progress: &Progress) -> Result<Vec<Row>> {
    // Idle services step their relays and timers on the same database.
    stack.down_services(progress).await?;
    let measured = measured(bench, stack, progress).await;
    stack.up_services(progress).await?;
    let (sent, read) = measured?;
    Ok(vec![
        Row::new("relay alone, ordered, durable", "events/s", sent)
            .judged(30_000.0, Some(60_000.0))
            .beside(Some(14_500.0), "a relay in Go, published"),
        Row::new("consume loop alone, position and an empty effect", "events/s", read).judged(50_000.0, Some(100_000.0)),
    ])
}

async fn measured(bench: &Bench, stack: &Stack, progress: &Progress) -> Result<(f64, f64)> {
    let (mut sent, mut read) = (Vec::new(), Vec::new());
    for number in 0..bench.runs() {
        let step = progress.step("alone", &format!("run {} of {}: filling a journal with {ROWS} rows", number + 1, bench.runs()));
        let scratch = Scratch::new(stack).await?;
        let outcome = once(&scratch).await;
        scratch.remove().await?;
        let (relayed, consumed) = outcome?;
        step.done(&format!("relay {relayed:.0}/s, consume loop {consumed:.0}/s"));
        sent.push(relayed);
        read.push(consumed);
    }
    Ok((median(sent), median(read)))
}

async fn once(scratch: &Scratch) -> Result<(f64, f64)> {
    scratch.fill(ROWS).await?;
    Ok((relay::rate(scratch).await?, consume::rate(scratch).await?))
}
