//! What people ask while declarations flow: a day of an office, the way of a number, the worklist of an officer.
//!
//! The days are those of the year behind us, which the copies fill as a year does. The running day holds all that the bench itself has lodged,
//! some fifty times what a day has at such offices: it is asked now and then, and is a row of its own.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use std::{cell::Cell, time::Duration};

use anyhow::{Result, bail};
use chrono::TimeDelta;
use contracts::{
    reporting::{DailyReportRequest, TimelineRequest},
    risk::WorklistRequest,
};
use tokio::time::Instant;

use super::{copied, count, database};
use crate::{
    bench::{Bench, rows::Row, site::Site, stream::Plan},
    client::{Clients, explain},
    clock,
    load::{ledger::percentile, mix::OFFICES},
};

/// Between two questions, so that they add little to the load.
const PAUSE: Duration = Duration::from_millis(10);
/// One question in so many is about the running day: it costs more than all others together.
const SELDOM: usize = 25;

/// Microseconds of each kind of question.
#[derive(Default)]
struct Times {
    report: Vec<u64>,
    running: Vec<u64>,
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
    let today = count(site.stack).await?.saturating_sub(copied(site.stack).await?);
    let beside = format!("{stored} stored, while {:.0}/s flow", flow.per_second);
    let row = |name: &str, times: &mut Vec<u64>| {
        times.sort_unstable();
        let beside = format!("{beside}; {} questions", times.len());
        let p99 = if times.is_empty() { f64::NAN } else { percentile(times, 990) as f64 / 1000.0 };
        Row::new(name, "ms", p99).beside(None, beside)
    };
    let running = row("report of the running day of an office, p99", &mut times.running);
    let beside_running = format!("{today} lodged on that day; {}", running.beside);
    Ok(vec![
        row("daily report of an office, p99", &mut times.report).judged(50.0, Some(10.0)),
        running.beside(None, beside_running),
        row("timeline of a number, p99", &mut times.timeline).judged(50.0, Some(10.0)),
        row("worklist of an officer, p99", &mut times.worklist).judged(50.0, Some(10.0)),
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
    for turn in 0_usize.. {
        if !flowing.get() {
            break;
        }
        let office = OFFICES[rng.usize(0..OFFICES.len())].code;
        if turn.is_multiple_of(SELDOM) {
            times.running.push(report(&clients, office, 0).await?);
        }
        times.report.push(report(&clients, office, rng.i64(1..=364)).await?);
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

/// Microseconds of one report of an office, so many days back.
async fn report(clients: &Clients, office: &str, back: i64) -> Result<u64> {
    let day = (clock::today_date() - TimeDelta::days(back)).to_string();
    let message = DailyReportRequest { scope: office.to_owned(), day, version: 0, csv: false };
    let request = clients.request("head-of-office", "head", message)?;
    let begun = Instant::now();
    clients.reporting().daily_report(request).await.map_err(|s| explain(&s))?;
    Ok(micros(begun))
}

fn micros(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)
}
