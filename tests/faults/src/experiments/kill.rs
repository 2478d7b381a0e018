//! Processes that die without a word.
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::{Demand, Standing},
    record::{Must, Record, percentile},
    scene::Scene,
    site::{Plan, SERVICES},
};

/// Kills of each service in one round: afterwards everything is checked, and a fresh site begins.
const ROUND: u32 = 25;
/// Declarations a second that are sent: a little more than must be accepted, for a load can fall behind its pace and never make it up.
const SENT: u32 = 550;

pub async fn calm(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(500, bench.seed)).await?;
    scene.accepted_at_least(bench.scale.pick(3_000, 30_000), Duration::from_secs(180)).await?;
    scene.close(record, Expected::default()).await
}

pub async fn kill(bench: &Bench, record: &mut Record) -> Result<()> {
    let each: u32 = bench.scale.pick(5, 200);
    let mut rng = fastrand::Rng::with_seed(bench.seed);
    let (mut ready, mut kills, mut left) = (Vec::new(), 0_u32, each);
    let (mut accepted, mut killing) = (0, Duration::ZERO);
    while left > 0 {
        let scene = Scene::open(bench, Plan::default(), Demand::at(SENT, rng.u64(..))).await?;
        let (before, began) = (scene.load.ledger.count(Standing::Accepted), Instant::now());
        for _ in 0..left.min(ROUND) {
            for service in SERVICES {
                tokio::time::sleep(Duration::from_millis(rng.u64(50..900))).await;
                ready.push(scene.fleet.kill((service, rng.u16(0..2))).await?);
                kills += 1;
            }
        }
        accepted += scene.load.ledger.count(Standing::Accepted) - before;
        killing += began.elapsed();
        left -= left.min(ROUND);
        scene.close(record, Expected::default()).await?;
    }
    let rate = accepted as f64 / killing.as_secs_f64();
    record.figure("kills", f64::from(kills), "", None);
    record.figure("accepted meanwhile", rate, "declarations/s", bench.in_full(Must::AtLeast(500.0)));
    record.figure("lost", record.broken(&["L1"]) as f64, "", Some(Must::AtMost(0.0)));
    record.figure("doubled", record.broken(&["L2"]) as f64, "", Some(Must::AtMost(0.0)));
    record.figure("ready after a kill p50", percentile(&ready, 500) as f64, "ms", None);
    record.figure("p99", percentile(&ready, 990) as f64, "ms", bench.in_full(Must::AtMost(3000.0)));
    if whole(record) {
        record.bound("kill", u64::from(kills));
        SERVICES.iter().for_each(|service| record.bound(&format!("kill of {service}"), u64::from(each)));
    }
    Ok(())
}

/// Whether no law was broken: only what never failed has the bound of so many trials.
pub fn whole(record: &Record) -> bool {
    record.broken(&["L"]) == 0
}
