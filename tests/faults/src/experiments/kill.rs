//! Processes that die without a word.
use std::time::Duration;

use anyhow::Result;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::Demand,
    record::{Must, Record, percentile},
    scene::Scene,
    site::{Plan, SERVICES},
};

/// Kills of each service in one round: afterwards everything is checked, and a fresh site begins.
const ROUND: u32 = 25;

pub async fn calm(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(500, bench.seed)).await?;
    scene.accepted_at_least(bench.scale.pick(5_000, 30_000), Duration::from_secs(180)).await?;
    scene.close(record, Expected::default()).await
}

pub async fn kill(bench: &Bench, record: &mut Record) -> Result<()> {
    let each: u32 = bench.scale.pick(5, 200);
    let mut rng = fastrand::Rng::with_seed(bench.seed);
    let (mut ready, mut kills, mut left) = (Vec::new(), 0_u32, each);
    while left > 0 {
        let scene = Scene::open(bench, Plan::default(), Demand::at(500, rng.u64(..))).await?;
        for _ in 0..left.min(ROUND) {
            for service in SERVICES {
                tokio::time::sleep(Duration::from_millis(rng.u64(50..900))).await;
                ready.push(scene.fleet.kill((service, rng.u16(0..2))).await?);
                kills += 1;
            }
        }
        left -= left.min(ROUND);
        scene.close(record, Expected::default()).await?;
    }
    record.figure("kills", f64::from(kills), "", None);
    record.figure("ready after a kill p50", percentile(&ready, 500) as f64, "ms", None);
    record.figure("p99", percentile(&ready, 990) as f64, "ms", Some(Must::AtMost(3000.0)));
    record.bound("kill", u64::from(kills));
    Ok(())
}
