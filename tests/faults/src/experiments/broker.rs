//! A broker that restarts, and one that is away.
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use tokio::time::Instant;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::{Demand, Standing},
    quiet,
    record::{Must, Record, percentile},
    scene::Scene,
    site::Plan,
};

/// Killed and started again under load, again and again.
pub async fn restarts(bench: &Bench, record: &mut Record) -> Result<()> {
    let times: u32 = bench.scale.pick(2, 50);
    let scene = Scene::open(bench, Plan::default(), Demand::at(300, bench.seed)).await?;
    let mut pauses = Vec::new();
    for _ in 0..times {
        let killed = Instant::now();
        bench.ground.signal("kafka", Signal::KILL)?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        bench.ground.up().await?;
        let before = scene.load.ledger.count(Standing::Accepted);
        scene.accepted_at_least(before + 300, Duration::from_secs(60)).await?;
        pauses.push(u64::try_from(killed.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    scene.close(record, Expected::default()).await?;
    record.figure("restarts", f64::from(times), "", None);
    record.figure("until 300 more are accepted p50", percentile(&pauses, 500) as f64, "ms", None);
    record.figure("p99", percentile(&pauses, 990) as f64, "ms", None);
    record.bound("restart", u64::from(times));
    Ok(())
}

/// Away for minutes: calls are accepted meanwhile, and afterwards all of it drains fast.
pub async fn away(bench: &Bench, record: &mut Record) -> Result<()> {
    let (rate, time) = (60, Duration::from_secs(bench.scale.pick(15, 600)));
    let scene = Scene::open(bench, Plan::default(), Demand { grpc: 1000, ..Demand::at(rate, bench.seed) }).await?;
    let (accepted, (answered, failed)) = (scene.load.ledger.count(Standing::Accepted), scene.load.ledger.answered());
    bench.ground.signal("kafka", Signal::KILL)?;
    tokio::time::sleep(time).await;
    let accepted_away = scene.load.ledger.count(Standing::Accepted) - accepted;
    let (answered_now, failed_now) = scene.load.ledger.answered();
    let (answered_away, failed_away) = (answered_now - answered, failed_now - failed);
    let backlog: i64 =
        sqlx::query_scalar("SELECT sum(position - published)::bigint FROM streams").fetch_one(&scene.site.database("intake").await?).await?;
    // Only what piled up is drained; so nothing more is sent.
    scene.load.pace(0);
    bench.ground.up().await?;
    let back = Instant::now();
    quiet::wait(&scene.site, Duration::from_secs(300)).await?;
    let drained = accepted_away as f64 / back.elapsed().as_secs_f64();
    scene.close(record, Expected::default()).await?;
    record.figure("broker away for", time.as_secs_f64(), "s", None);
    record.figure(
        "calls answered meanwhile",
        100.0 * answered_away as f64 / (answered_away + failed_away).max(1) as f64,
        "%",
        Some(Must::AtLeast(100.0)),
    );
    record.figure("rows piled up in intake", backlog as f64, "", None);
    let must = bench.scale.pick(None, Some(Must::AtLeast(10.0)));
    record.figure("drained through all four services at", drained / f64::from(rate), "times the arrival rate", must);
    Ok(())
}
