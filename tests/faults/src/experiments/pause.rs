//! Owners that stop for a minute and go on as if nothing had happened.
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::Demand,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES},
};

/// SIGSTOP longer than any session and lease, then SIGCONT, for one replica of each service: readers and relays alike.
pub async fn pause(bench: &Bench, record: &mut Record) -> Result<()> {
    let time = Duration::from_secs(bench.scale.pick(9, 60));
    let scene = Scene::open(bench, Plan::default(), Demand::at(300, bench.seed)).await?;
    let rounds: &[&[&str]] = bench.scale.pick(&[&SERVICES], &[&["intake"], &["risk"], &["tracking"], &["reporting"], &SERVICES]);
    let mut stopped = 0_u32;
    for services in rounds {
        for replica in [0, 1] {
            let zombies: Vec<_> = SERVICES.into_iter().filter(|s| services.contains(s)).map(|s| (s, replica)).collect();
            zombies.iter().for_each(|name| {
                stopped += u32::from(scene.fleet.signal(*name, Signal::STOP));
            });
            tokio::time::sleep(time).await;
            zombies.iter().for_each(|name| {
                scene.fleet.signal(*name, Signal::CONT);
            });
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    }
    scene.close(record, Expected::default()).await?;
    // Whoever comes back must not keep anything to itself: not a partition, not a paused one.
    if let Some(drained) = record.figures.last_mut() {
        drained.must = Some(Must::AtMost(60.0));
    }
    record.figure("processes stopped and continued", f64::from(stopped), &format!("for {} s", time.as_secs()), None);
    record.figure("stale writes", record.broken(&["L2", "L3", "L7"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}
