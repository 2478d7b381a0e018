//! `cleargate demo`: a day of Region IX from the single window to a signed report, and the proof that nothing was lost.
pub mod learning;
mod officers;
mod proving;
mod spoiled;
mod trucks;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};
use clap::Args;
use contracts::reporting::{CloseRequest, CorrectRequest, DailyReportRequest, Report, SignOffRequest};
use tokio::time::Instant;

use crate::{
    audit,
    client::{Clients, explain},
    clock,
    load::{Load, Outcome},
    progress::{Progress, seconds},
    stack::{ScaleArgs, Stack, StackArgs},
};

/// Start everything, send a day through it, sign its report, audit it.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  cleargate demo\n  cleargate demo --count 5000\n  cleargate demo --kcs ../data/kcs      also the Korea Customs Service's test file"
)]
pub struct Demo {
    /// Declarations in all; one in twenty is bad.
    #[arg(long, default_value_t = 20_000)]
    count: usize,
    #[arg(long, default_value_t = 9)]
    seed: u64,
    /// Directory with test.csv of the Korea Customs Service's data set, or the file.
    #[arg(long, env = "KCS_DIR", value_name = "DIR")]
    kcs: Option<PathBuf>,
    #[command(flatten)]
    scale: ScaleArgs,
}

impl Demo {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let begun = Instant::now();
        let stack = Stack::open_scaled(args, &self.scale)?;
        {
            let _lock = stack.lock()?;
            stack.record()?;
            let progress = Progress::new();
            stack.up_backing(&progress).await?;
            stack.up_services(&progress).await?;
        }
        let started = begun.elapsed();
        let clients = Clients::new(&stack)?;
        let rostered = officers::roster(&clients, clock::today_date()).await?;

        let kcs_file = self.kcs_file()?;
        let revision = learning::prepare(&clients, kcs_file.as_deref(), self.seed).await?;
        println!("model and one more profile in force by two persons each: rules revision {revision}");
        println!("\nA day at Region IX: {} declarations, seed {}, one in twenty bad", self.count, self.seed);
        let bad = self.count / 20;
        let run = format!("D{}", clock::now_micros() / 1000 % 100_000_000_000);
        let load = Load { count: self.count - bad, rate: None, seed: self.seed, kcs: None, patience: 60, json: false };
        let (window, day) = load.drive(&stack, spoiled::samples(bad, &run)).await?;
        day.print();
        let concluded = officers::work_off(&clients, 1_500).await?;
        let (arrived, left) = trucks::pass(&window, 600)?;
        println!("officers on roster {rostered}, checks concluded {concluded}; trucks seen in {arrived}, out {left}");
        let mut lost = day.totals.sent - day.totals.done;
        if let Some(file) = kcs_file {
            println!("\nReal-shaped input: {}", file.display());
            let load = Load { count: 0, rate: None, seed: 0, kcs: Some(file), patience: 60, json: false };
            let (_, kcs) = load.drive(&stack, Vec::new()).await?;
            kcs.print();
            refusals(&kcs);
            lost += kcs.totals.sent - kcs.totals.done;
        }

        proving::shares(&clients).await?;
        let red = window.ledger().entries.values().find(|e| e.lane == "red").map(|e| (e.number.clone(), e.sender.clone()));
        let (number, sender) = red.unwrap_or_default();
        if !number.is_empty() {
            proving::voices(&clients, &number, &sender).await?;
        }
        let unproved = proving::prove(&clients, &stack).await?;
        let report = sign(&clients).await?;
        let lodged = report.figures.iter().find(|f| f.cell == "lodged.total").map_or(0, |f| f.value);
        println!(
            "\nDaily report {} version {}: {lodged} lodged, closed by {}, signed by {}",
            report.day, report.version, report.closed_by, report.signed_by
        );
        let findings = audit::findings(&stack).await?;
        audit::print(&findings);
        let doubled: u64 = findings.iter().map(|f| f.faults).sum::<u64>() + unproved;
        println!("{lost} lost, {doubled} faults; started in {}, all in {}", seconds(started), seconds(begun.elapsed()));
        println!(
            "\nTry next:\n  target/release/cleargate show {number}\n  target/release/cleargate report --office 32BC\n  target/release/cleargate dead-letters list"
        );
        Ok(if lost + doubled == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn kcs_file(&self) -> Result<Option<PathBuf>> {
        let Some(path) = &self.kcs else { return Ok(None) };
        let file = if path.is_dir() { path.join("test.csv") } else { path.clone() };
        if !file.is_file() {
            bail!("{} is not there; the data are published at github.com/Seondong/Customs-Declaration-Datasets (MIT)", file.display());
        }
        Ok(Some(file))
    }
}

fn refusals(outcome: &Outcome) {
    let list: Vec<String> = outcome.refusals.iter().map(|(code, count)| format!("{code} x{count}")).collect();
    println!("refused by code: {}", if list.is_empty() { "none".to_owned() } else { list.join(", ") });
}

/// Closes today's report (or corrects it, when an earlier demo closed it) and has it signed by a second person.
async fn sign(clients: &Clients) -> Result<Report> {
    let (scope, day) = (String::new(), clock::today());
    let mut reporting = clients.reporting();
    let request = DailyReportRequest { scope: scope.clone(), day: day.clone(), version: 0, csv: false };
    let known = reporting.daily_report(clients.request("head-of-office", "head", request)?).await.map_err(|s| explain(&s))?.into_inner();
    let closed = if known.version == 0 {
        reporting.close(clients.request("head-of-office", "head", CloseRequest { scope: scope.clone(), day: day.clone() })?).await
    } else {
        let reason = "declarations arrived after closing".to_owned();
        reporting.correct(clients.request("head-of-office", "head", CorrectRequest { scope: scope.clone(), day: day.clone(), reason })?).await
    };
    let version = closed.map_err(|s| explain(&s))?.into_inner().version;
    let request = clients.request("deputy-head", "head", SignOffRequest { scope, day, version })?;
    Ok(reporting.sign_off(request).await.map_err(|s| explain(&s))?.into_inner())
}
