//! Processes that die at the worst place: between two steps that ought to be one.
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use tokio::time::Instant;

use super::kill::whole;
use crate::{
    experiment::Bench,
    laws::Expected,
    load::Demand,
    record::{Must, Record},
    scene::Scene,
    site::Plan,
};

/// Places in the laboratory's build, and how many of a hundred passes end there.
const POINTS: [(&str, &str); 11] = [
    ("reader::middle-of-batch", "2%"),
    ("reader::before-commit", "2%"),
    ("reader::after-commit", "2%"),
    ("relay::middle-of-send", "1%"),
    // Once a second.
    ("relay::after-ack", "25%"),
    ("relay::after-advance", "25%"),
    ("commands::before-commit", "2%"),
    ("commands::after-commit", "2%"),
    // These are passed seldom.
    ("group::after-claim", "25%"),
    ("timers::before-commit", "25%"),
    ("timers::after-commit", "25%"),
];

pub async fn points(bench: &Bench, record: &mut Record) -> Result<()> {
    let wanted = bench.scale.pick(3, 25);
    let mut all = 0;
    // The short run takes one point of reader, relay and commands; the full run all points.
    for (point, chance) in POINTS.into_iter().skip(bench.scale.pick(2, 0)).step_by(bench.scale.pick(2, 1)).take(bench.scale.pick(3, POINTS.len())) {
        let crashes = at(bench, record, point, chance, wanted).await?;
        all += crashes;
        record.figure(&format!("crashes at {point}"), f64::from(crashes), "", Some(Must::AtLeast(f64::from(wanted))));
    }
    if whole(record) {
        record.bound("crash", u64::from(all));
    }
    Ok(())
}

/// Load until as many processes as wanted have died at the point; then the same site without it, quiet, laws.
async fn at(bench: &Bench, record: &mut Record, point: &str, chance: &str, wanted: u32) -> Result<u32> {
    let plan = Plan { laboratory: true, ..Plan::default() };
    let scene = Scene::open(bench, plan, Demand { grpc: 500, ..Demand::at(300, bench.seed) }).await?;
    for name in scene.fleet.names() {
        scene.fleet.environment(name, "FAILPOINTS", &format!("{point}={chance}return(abort)"));
        scene.fleet.kill(name).await?;
    }
    let mut rng = fastrand::Rng::with_seed(bench.seed);
    let (armed, mut sent_away, mut last) = (scene.fleet.restarts(), 0, Instant::now());
    let until = Instant::now() + Duration::from_secs(bench.scale.pick(40, 600));
    while scene.fleet.restarts() < armed + sent_away + wanted && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
        // Partitions are claimed only when members change: from time to time one is asked to leave, and comes back.
        if point.starts_with("group::") && last.elapsed() > Duration::from_secs(3) {
            let names = scene.fleet.names();
            sent_away += u32::from(scene.fleet.signal(names[rng.usize(..names.len())], Signal::TERM));
            last = Instant::now();
        }
    }
    let crashes = scene.fleet.restarts().saturating_sub(armed + sent_away);
    for name in scene.fleet.names() {
        scene.fleet.environment(name, "FAILPOINTS", "");
    }
    for name in scene.fleet.names() {
        // One that has just died by itself starts without the point anyway.
        let _ = scene.fleet.kill(name).await;
    }
    scene.close(record, Expected::default()).await?;
    Ok(crashes)
}
