//! A database that is there and not free: connections gone, rows locked, a transaction open for minutes.
use std::time::Duration;

use anyhow::Result;
use sqlx::{Connection, PgConnection};

use crate::{
    experiment::Bench,
    fleet,
    laws::Expected,
    load::Demand,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES},
};

/// A few connections for everything, a long transaction with a snapshot, and rows locked longer than any timeout.
pub async fn contention(bench: &Bench, record: &mut Record) -> Result<()> {
    let settings = std::collections::BTreeMap::from([("DATABASE__CONNECTIONS".to_owned(), "4".to_owned())]);
    let scene = Scene::open(bench, Plan { settings, ..Plan::default() }, Demand { grpc: 400, ..Demand::at(300, bench.seed) }).await?;
    let time = Duration::from_secs(bench.scale.pick(12, 600));
    let mut open = Vec::new();
    for service in SERVICES {
        let mut conn = PgConnection::connect(&format!(
            "{}?options=-c%20idle_in_transaction_session_timeout%3D0%20-c%20statement_timeout%3D0",
            scene.site.url(service)?
        ))
        .await?;
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM journal").execute(&mut conn).await?;
        open.push(conn);
    }
    // Longer than the services' lock_timeout of 5 s: what they try meanwhile fails and is tried again.
    let mut locks = Vec::new();
    for (service, row) in [("intake", "streams"), ("risk", "consumers"), ("reporting", "consumers")] {
        let mut conn = PgConnection::connect(&format!("{}?options=-c%20idle_in_transaction_session_timeout%3D0", scene.site.url(service)?)).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("BEGIN; SELECT * FROM {row} FOR UPDATE"))).execute(&mut conn).await?;
        locks.push(conn);
    }
    tokio::time::sleep(Duration::from_secs(bench.scale.pick(8, 20))).await;
    drop(locks);
    tokio::time::sleep(time).await;
    let mut alarms = 0;
    for service in SERVICES {
        let metrics = fleet::get(scene.site.http(service, 0), "/metrics").await?;
        alarms += u32::from(longest_transaction(&metrics) >= time.as_secs_f64() * 0.8);
    }
    drop(open);
    scene.close(record, Expected::default()).await?;
    record.figure("transaction open", time.as_secs_f64(), "s", None);
    record.figure("services whose metrics show it", f64::from(alarms), "", Some(Must::AtLeast(4.0)));
    record.figure("skipped rows", record.broken(&["L1", "L5"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}

/// Seconds, as the service's metrics tell.
fn longest_transaction(metrics: &str) -> f64 {
    let line = metrics.lines().find(|l| l.starts_with("cleargate_database_transaction_age_seconds"));
    line.and_then(|l| l.rsplit(' ').next()).and_then(|v| v.trim().parse().ok()).unwrap_or(0.0)
}
