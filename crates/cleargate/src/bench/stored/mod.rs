//! With millions stored: cost of a declaration against a hundred thousand, queries while declarations flow, and restarts.
mod fill;
mod kept;
mod queries;
mod restart;

use anyhow::{Context, Result, bail};
use sqlx::{Connection, PgConnection};

use super::{Bench, rounds::median, rows::Row, site::Site, stream::Plan};
use crate::{
    progress::Progress,
    stack::{NAMES, Stack},
};

/// Stored when the smaller cost is measured, at most twice as many.
const FEW: u64 = 100_000;
/// Declarations of one run of which a cost is taken.
const RUN: usize = 60_000;

/// The smaller cost, and how many were stored then.
#[derive(Debug, Clone, Copy)]
pub struct Base {
    stored: u64,
    cost: f64,
}

/// Declarations that this part lodges on a young stack, those that warm up included.
pub fn lodged(bench: &Bench) -> u64 {
    FEW + (2 * bench.runs() * RUN + bench.warm_up() + 1_000 * bench.asked_for_s()) as u64
}

/// Brings a young stack to a hundred thousand declarations and measures what one costs then.
pub async fn base(bench: &Bench, stack: &Stack, progress: &Progress) -> Result<Base> {
    let before = count(stack).await?;
    if before > 2 * FEW {
        bail!("{before} declarations are stored already; `cleargate clean --yes` first, to measure what one costs with {FEW}");
    }
    let step = progress.step("stored", &format!("bringing {before} declarations to {FEW}"));
    let site = Site::ours(stack).await?;
    let missing = usize::try_from(FEW.saturating_sub(before))?.max(bench.warm_up());
    Plan { count: missing, rate: None, seed: 31 }.drive(&site).await?;
    let stored = count(stack).await?;
    step.doing(&format!("measuring the cost with {stored}"));
    let cost = cost(bench, &site).await?;
    site.reporting.close().await;
    step.done(&format!("{cost:.4} s of CPU per 1,000 with {stored} stored"));
    Ok(Base { stored, cost })
}

/// Fills the databases up and measures the rest; `base` is absent when it could not be had.
pub async fn rows(bench: &Bench, stack: &Stack, base: Option<Base>, progress: &Progress) -> Result<Vec<Row>> {
    let step = progress.step("stored", &format!("filling up to {}", bench.stored()));
    let how = fill::up_to(stack, bench.stored(), &step).await?;
    let how = format!("{how}; {}", kept::all(stack, &step).await?);
    let stored = count(stack).await?;
    step.doing(&format!("measuring the cost with {stored}"));
    let site = Site::ours(stack).await?;
    Plan { count: bench.warm_up(), rate: None, seed: 41 }.drive(&site).await?;
    let many = cost(bench, &site).await?;
    let mut rows = Vec::new();
    if let Some(base) = base {
        rows.push(ratio(base, many, stored, &how));
    }
    step.doing("asking while 1,000/s flow");
    rows.extend(queries::rows(bench, &site, stored).await?);
    site.reporting.close().await;
    step.doing("restarting each service");
    rows.push(restart::row(bench, stack, stored).await?);
    step.done(&format!("{stored} stored; {how}"));
    Ok(rows)
}

#[expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
fn ratio(base: Base, many: f64, stored: u64, how: &str) -> Row {
    Row::new(format!("cost per declaration with {stored} stored over cost with {}", base.stored), "", many / base.cost)
        .judged(1.10, Some(1.03))
        .beside(Some(1.0), format!("CPU of services, Kafka and PostgreSQL: {many:.4} s per 1,000 over {:.4} s; {how}", base.cost))
}

/// CPU seconds of services, Kafka and PostgreSQL per 1,000 declarations as fast as it goes.
async fn cost(bench: &Bench, site: &Site<'_>) -> Result<f64> {
    let parts = [NAMES.as_slice(), &["kafka", "postgres"]].concat();
    let mut costs = Vec::new();
    for number in 0..bench.runs() {
        costs.push(Plan { count: RUN, rate: None, seed: 51 + number as u64 }.drive(site).await?.cpu_of(&parts));
    }
    Ok(median(costs))
}

/// Declarations that intake has stored.
async fn count(stack: &Stack) -> Result<u64> {
    let mut intake = database(stack, "intake").await?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM declarations").fetch_one(&mut intake).await?;
    Ok(count.unsigned_abs())
}

/// Copies, all of them of earlier days. Reporting is filled last: it has what all have.
async fn copied(stack: &Stack) -> Result<u64> {
    let mut reporting = database(stack, "reporting").await?;
    let sql = "SELECT count(*) FROM declarations WHERE key LIKE '2%' AND version = 0";
    let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut reporting).await?;
    Ok(count.unsigned_abs())
}

/// A service's database as the superuser, who has no limits on statements.
async fn database(stack: &Stack, service: &str) -> Result<PgConnection> {
    let admin = stack.database_url("admin")?.context("no database yet; run `cleargate up`")?;
    let server = admin.rsplit_once('/').map_or(admin.as_str(), |(server, _)| server);
    Ok(PgConnection::connect(&format!("{server}/{service}")).await?)
}
