//! From the start of a process to ready, for each service: the worst of the four counts.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use anyhow::Result;

use crate::{
    bench::{Bench, rounds::median, rows::Row},
    stack::{NAMES, Replica, Stack},
};

pub async fn row(bench: &Bench, stack: &Stack, stored: u64) -> Result<Row> {
    let mut medians = Vec::new();
    for service in NAMES {
        let replica = Replica::named(service, 0)?;
        let mut times = Vec::new();
        for _ in 0..bench.runs() {
            times.push(stack.restart(replica).await?.as_secs_f64());
        }
        medians.push((service, median(times)));
    }
    let worst = medians.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    let each: Vec<String> = medians.iter().map(|(service, seconds)| format!("{service} {:.0} ms", seconds * 1000.0)).collect();
    Ok(Row::new("restart of any service, from start to ready", "s", worst)
        .judged(1.0, Some(0.3))
        .beside(None, format!("{stored} stored; {}", each.join(", "))))
}
