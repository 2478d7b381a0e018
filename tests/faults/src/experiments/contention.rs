//! A database that is there and not free: connections gone, rows locked, a transaction open for minutes.
use std::time::Duration;

use anyhow::{Context as _, Result};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use crate::{
    experiment::Bench,
    gauge, ground,
    laws::Expected,
    load::Demand,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES, Site},
};

const WAIT: &str = "cleargate_pool_wait_seconds";
const AGE: &str = "cleargate_database_transaction_age_seconds";
const RETRIES: &str = "cleargate_retries_total";

/// A few connections for everything, a long transaction with a snapshot, and rows locked longer than any timeout.
pub async fn contention(bench: &Bench, record: &mut Record) -> Result<()> {
    // As many as there are parts that wait for a locked row, so that none is left for whoever looks; and looked at often.
    let settings = [("DATABASE__CONNECTIONS", "4"), ("TELEMETRY__GAUGES_S", "1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let plan = Plan { settings: settings.into(), ..Plan::default() };
    let scene = Scene::open(bench, plan, Demand { grpc: 400, ..Demand::at(300, bench.seed) }).await?;
    let time = Duration::from_secs(bench.scale.pick(6, 600));
    let mut open = Vec::new();
    for service in SERVICES {
        let mut conn = patient(&scene.site, service).await?;
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM journal").execute(&mut conn).await?;
        open.push(conn);
    }
    let retried = gauge::sum(&scene.site, RETRIES, &[]).await;
    // Longer than the services' lock_timeout of 5 s: what they try meanwhile fails and is tried again. In the order in which they lock, by topic and number:
    // in another one, who locks here could wait for a service that waits for him.
    let mut locks = Vec::new();
    for (service, row) in [("intake", "streams"), ("risk", "consumers"), ("reporting", "consumers")] {
        let mut conn = patient(&scene.site, service).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("BEGIN; SELECT * FROM {row} ORDER BY 1, 2 FOR UPDATE"))).execute(&mut conn).await?;
        locks.push(conn);
    }
    let waited = longest_wait(&scene.site, Duration::from_secs(bench.scale.pick(8, 20))).await;
    drop(locks);
    let retries = gauge::sum(&scene.site, RETRIES, &[]).await - retried;
    tokio::time::sleep(time).await;
    // The bound at which the alarm goes off, where the transaction is open for so long.
    let alarm = alarm_at(AGE)?;
    let bound = if time.as_secs_f64() > alarm { alarm } else { time.as_secs_f64() * 0.8 };
    let mut shown = 0_u32;
    for service in SERVICES {
        shown += u32::from(gauge::max(&scene.site, AGE, &[("service", service)]).await > bound);
    }
    drop(open);
    scene.close(record, Expected::default()).await?;
    record.figure("longest wait for a connection while rows were locked", waited, "s", Some(Must::AtLeast(alarm_at(WAIT)?)));
    record.figure("batches tried again while rows were locked", retries, "", Some(Must::AtLeast(1.0)));
    record.figure("transaction open", time.as_secs_f64(), "s", None);
    record.figure(
        "services whose metrics show it",
        f64::from(shown),
        &format!("above {bound:.0} s, the alarm's {alarm:.0} s"),
        Some(Must::AtLeast(4.0)),
    );
    record.figure("skipped rows", record.broken(&["L1", "L5"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}

/// A connection under the service's role that may hold a transaction open for as long as it likes.
async fn patient(site: &Site, service: &str) -> Result<PgConnection> {
    let options = "options=-c%20idle_in_transaction_session_timeout%3D0%20-c%20statement_timeout%3D0%20-c%20lock_timeout%3D0";
    Ok(PgConnection::connect(&format!("{}?{options}", site.url(service)?)).await?)
}

/// The longest that any replica has waited for a connection, looked at for this time.
async fn longest_wait(site: &Site, time: Duration) -> f64 {
    let (until, mut longest) = (Instant::now() + time, 0.0_f64);
    while Instant::now() < until {
        longest = longest.max(gauge::max(site, WAIT, &[]).await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    longest
}

/// Above which value of a metric the shipped alarm goes off.
fn alarm_at(metric: &str) -> Result<f64> {
    let file = ground::home().join("deploy/alarms/journal.yml");
    let rules = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let rule = rules.lines().find(|line| line.contains("expr:") && line.contains(metric)).with_context(|| format!("no alarm asks for {metric}"))?;
    rule.rsplit("> ").next().and_then(|bound| bound.trim().parse().ok()).with_context(|| format!("the alarm on {metric} has no bound: {rule}"))
}
