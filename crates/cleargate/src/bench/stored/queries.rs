//! What people ask while declarations flow: the day of an office, the way of a number, the worklist of an officer.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use std::{cell::Cell, time::Duration};

use anyhow::{Result, bail};
use contracts::{
    reporting::{DailyReportRequest, TimelineRequest},
    risk::WorklistRequest,
};
use tokio::time::Instant;

use super::database;
use crate::{
    bench::{Bench, rows::Row, site::Site, stream::Plan},
    client::{Clients, explain},
    clock,
    load::{ledger::percentile, mix::OFFICES},
};

/// Between two questions, so that they add little to the load.
const PAUSE: Duration = Duration::from_millis(10);

/// Microseconds of each kind of question.
#[derive(Default)]
struct Times {
    report: Vec<u64>,
    timeline: Vec<u64>,
    worklist: Vec<u64>,
}

pub async fn rows(bench: &Bench, site: &Site<'_>, stored: u64) -> Result<Vec<Row>> {
    let flowing = Cell::new(true);
    let load = async {
        let flow = Plan { count: 1_000 * bench.asked_for_s(), rate: Some(1_000), seed: 61 }.drive(site).await;
        flowing.set(false);
        flow
    };
    let (flow, times) = tokio::join!(load, ask(site, &flowing));
    let (flow, mut times) = (flow?, times?);
    let beside = format!("{stored} stored, while {:.0}/s flow", flow.per_second);
    let row = |name: &str, times: &mut Vec<u64>| {
        times.sort_unstable();
        let beside = format!("{beside}; {} questions", times.len());
        Row::new(name, "ms", percentile(times, 990) as f64 / 1000.0).judged(50.0, Some(10.0)).beside(None, beside)
    };
    Ok(vec![
        row("daily report of an office, p99", &mut times.report),
        row("timeline of a number, p99", &mut times.timeline),
        row("worklist of an officer, p99", &mut times.worklist),
    ])
}

async fn ask(site: &Site<'_>, flowing: &Cell<bool>) -> Result<Times> {
    let clients = Clients::new(site.stack)?;
    let mut rng = fastrand::Rng::with_seed(61);
    let mut reporting = database(site.stack, "reporting").await?;
    let keys: Vec<String> = sqlx::query_scalar("SELECT key FROM declarations TABLESAMPLE SYSTEM (0.5) LIMIT 20000").fetch_all(&mut reporting).await?;
    let mut risk = database(site.stack, "risk").await?;
    let officers: Vec<(String, String)> = sqlx::query_as("SELECT office, officer FROM open_files WHERE files > 0").fetch_all(&mut risk).await?;
    if keys.is_empty() || officers.is_empty() {
        bail!("there is nothing to ask about: {} numbers, {} officers with files", keys.len(), officers.len());
    }
    let mut times = Times::default();
    while flowing.get() {
        let office = OFFICES[rng.usize(0..OFFICES.len())].code.to_owned();
        let report = clients.request("head-of-office", "head", DailyReportRequest { scope: office, day: clock::today(), version: 0, csv: false })?;
        let begun = Instant::now();
        clients.reporting().daily_report(report).await.map_err(|s| explain(&s))?;
        times.report.push(micros(begun));
        let number = keys[rng.usize(0..keys.len())].clone();
        let timeline = clients.request("head-of-office", "head", TimelineRequest { number })?;
        let begun = Instant::now();
        clients.reporting().timeline(timeline).await.map_err(|s| explain(&s))?;
        times.timeline.push(micros(begun));
        let (office, officer) = officers[rng.usize(0..officers.len())].clone();
        let worklist = clients.request(&officer.clone(), "officer", WorklistRequest { office, officer, ..WorklistRequest::default() })?;
        let begun = Instant::now();
        clients.risk().worklist(worklist).await.map_err(|s| explain(&s))?;
        times.worklist.push(micros(begun));
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}

fn micros(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)
}
