//! A broker that restarts, and one that is away.
use std::{sync::Arc, time::Duration};

use anyhow::Result;
use rustix::process::Signal;
use tokio::time::Instant;

use crate::{
    experiment::{Bench, Scale},
    fleet,
    laws::Expected,
    load::{Demand, Ledger, REFUSED, Standing},
    quiet,
    record::{Must, Record, percentile},
    scene::Scene,
    site::Plan,
};

/// A lodging is tried under its reference until it is answered. An attempt may end with its connection, which every service renews by age; clients
/// of gRPC that try such a call again by themselves do not show it, ours does.
const ATTEMPTS: &str = "attempts answered meanwhile";

/// Killed and started again under load, again and again.
pub async fn restarts(bench: &Bench, record: &mut Record) -> Result<()> {
    let times: u32 = bench.scale.pick(2, 50);
    let scene = Scene::open(bench, Plan::default(), Demand::at(300, bench.seed)).await?;
    let mut pauses = Vec::new();
    let (answered, failed) = scene.load.ledger.answered();
    for _ in 0..times {
        let killed = Instant::now();
        bench.ground.signal("kafka", Signal::KILL)?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        bench.ground.up().await?;
        let before = scene.load.ledger.count(Standing::Accepted);
        scene.accepted_at_least(before + 300, Duration::from_secs(60)).await?;
        pauses.push(u64::try_from(killed.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    let (answered_now, failed_now) = scene.load.ledger.answered();
    let (how, ledger) = (failures(&scene.load.ledger), Arc::clone(&scene.load.ledger));
    scene.close(record, Expected::default()).await?;
    record.figure("restarts", f64::from(times), "", None);
    record.figure("lodgings by call that nobody answered", ledger.unanswered() as f64, "", Some(Must::AtMost(0.0)));
    record.figure(ATTEMPTS, share(answered_now - answered, failed_now - failed), &format!("%{how}"), None);
    record.figure("until 300 more are accepted p50", percentile(&pauses, 500) as f64, "ms", None);
    record.figure("p99", percentile(&pauses, 990) as f64, "ms", None);
    record.bound("restart", u64::from(times));
    Ok(())
}

/// Away for minutes: calls are accepted meanwhile, and afterwards all of it drains fast.
pub async fn away(bench: &Bench, record: &mut Record) -> Result<()> {
    let seconds = if bench.scale == Scale::Long { 7_200 } else { bench.scale.pick(15, 600) };
    let (rate, time) = (60, Duration::from_secs(seconds));
    let scene = Scene::open(bench, Plan::default(), Demand { grpc: 1000, ..Demand::at(rate, bench.seed) }).await?;
    let (accepted, (answered, failed)) = (scene.load.ledger.count(Standing::Accepted), scene.load.ledger.answered());
    bench.ground.signal("kafka", Signal::KILL)?;
    tokio::time::sleep(time).await;
    let accepted_away = scene.load.ledger.count(Standing::Accepted) - accepted;
    let (answered_now, failed_now) = scene.load.ledger.answered();
    let how = failures(&scene.load.ledger);
    let (answered_away, failed_away) = (answered_now - answered, failed_now - failed);
    let mut well = 0;
    for (service, replica) in scene.fleet.names() {
        let port = scene.site.http(service, replica);
        well += u32::from(fleet::is_ok(port, "/livez").await && fleet::is_ok(port, "/readyz").await);
    }
    let processes = scene.fleet.names().len() as f64;
    // Only what piled up is drained; so nothing more is sent.
    scene.load.pace(0);
    let unanswered = settled(&scene.load.ledger).await;
    let backlog: i64 =
        sqlx::query_scalar("SELECT sum(position - published)::bigint FROM streams").fetch_one(&scene.site.database("intake").await?).await?;
    bench.ground.up().await?;
    let back = Instant::now();
    quiet::wait(&scene.site, Duration::from_secs(300)).await?;
    let drained = accepted_away as f64 / back.elapsed().as_secs_f64();
    scene.close(record, Expected::default()).await?;
    record.figure("broker away for", time.as_secs_f64(), "s", None);
    record.figure("lodgings by call that nobody answered meanwhile", unanswered as f64, "", Some(Must::AtMost(0.0)));
    record.figure(ATTEMPTS, share(answered_away, failed_away), &format!("%{how}"), None);
    // A call that hangs would count neither as answered nor as failed.
    let offered = f64::from(rate) * time.as_secs_f64();
    record.figure("lodged of what was offered", 100.0 * accepted_away as f64 / offered, "%", bench.in_full(Must::AtLeast(95.0)));
    record.figure("processes live and ready without it", f64::from(well), &format!("of {processes}"), Some(Must::AtLeast(processes)));
    record.figure("rows piled up in intake", backlog as f64, "", None);
    record.figure("drained through all four services at", drained / f64::from(rate), "times the arrival rate", bench.in_full(Must::AtLeast(10.0)));
    Ok(())
}

/// Lodgings that are unanswered when the last callers have had the time to hear.
async fn settled(ledger: &Ledger) -> u64 {
    let until = Instant::now() + Duration::from_secs(15);
    while ledger.unanswered() > 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ledger.unanswered()
}

/// Of a hundred calls that ended, those that were answered.
fn share(answered: u64, failed: u64) -> f64 {
    100.0 * answered as f64 / (answered + failed).max(1) as f64
}

/// How calls failed, for whoever wonders.
fn failures(ledger: &Ledger) -> String {
    let failed = ledger.attempts().into_iter().filter(|(how, _)| !["OK", REFUSED].contains(&how.as_str()));
    failed.map(|(how, n)| format!(" {n} {how}")).collect()
}
