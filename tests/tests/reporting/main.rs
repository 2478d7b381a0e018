//! Reporting on a real PostgreSQL: facts in any order of topics, days that are closed, corrected and signed for, days that
//! are over and kept, cells and timelines.
mod cells;
mod days;
mod facts;
mod keeping;
mod marks;
mod odd;
mod orders;
mod racing;
mod sums;

use std::sync::Arc;

use contracts::reporting::{CloseRequest, DailyReportRequest, Report, reporting_server::Reporting as _};
use platform::{Fact, Handler, Outcome, Work, callers::Caller, commands::CommandLoop, health::Health, metrics::Metrics, relay::Wake, settings};
use reporting::{Counter, Desk, MIGRATIONS, REPORTING, Reading};
use sqlx::PgConnection;
use system_tests::Sandbox;
use tokio_util::sync::CancellationToken;
use tonic::Request;

const DAY: &str = "2026-07-06";
const KEYS: [&str; 3] = ["10900000001", "10900000002", "30900000003"];

async fn sandbox() -> anyhow::Result<Sandbox> {
    Sandbox::new(&MIGRATIONS, &[REPORTING]).await
}

async fn apply(sandbox: &Sandbox, facts: &[Fact]) -> anyhow::Result<Vec<Outcome>> {
    let mut tx = sandbox.pool.begin().await?;
    let outcomes = apply_in(&mut tx, facts).await?;
    tx.commit().await?;
    Ok(outcomes)
}

async fn apply_in(conn: &mut PgConnection, facts: &[Fact]) -> anyhow::Result<Vec<Outcome>> {
    Ok(Reading.apply(&mut Work::new(conn, platform::clock::now()), facts).await?)
}

fn counter(sandbox: &Sandbox, close_open_days: bool) -> Counter {
    let (commands, command_loop) = CommandLoop::new(
        sandbox.pool.clone(),
        Arc::new(Desk { close_open_days }),
        Arc::new(Reading),
        sandbox.journal,
        Wake::default(),
        Health::default(),
        Metrics::new("reporting"),
        settings::Commands { batch: 16, queue: 16, queue_bytes: 1 << 20 },
    );
    tokio::spawn(command_loop.run(CancellationToken::new()));
    Counter { pool: sandbox.pool.clone(), commands, sub_department: "IX".to_owned() }
}

fn by<M>(subject: &str, office: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { subject: subject.to_owned(), roles: vec!["head".to_owned()], offices: vec![office.to_owned()] });
    request
}

fn close() -> CloseRequest {
    CloseRequest { scope: "32BB".to_owned(), day: DAY.to_owned() }
}

async fn report(counter: &Counter, version: u32) -> anyhow::Result<Report> {
    let request = DailyReportRequest { scope: "32BB".to_owned(), day: DAY.to_owned(), version, csv: true };
    Ok(counter.daily_report(by("an", "32BB", request)).await?.into_inner())
}

fn value(report: &Report, cell: &str) -> Option<i64> {
    report.figures.iter().find(|f| f.cell == cell).map(|f| f.value)
}
