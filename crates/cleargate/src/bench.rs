//! `cleargate bench`: throughput, latency, CPU and memory of the running stack, as a table and in `target/bench.json`.
use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Result;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};

use crate::{
    load::{Load, Outcome},
    progress::Progress,
    stack::{Stack, StackArgs},
};

/// Measure the platform on this machine.
#[derive(Args)]
#[command(after_help = "Examples:\n  cleargate bench\n  cleargate bench --count 5000 --warm-up 2000      short")]
pub struct Bench {
    /// Declarations of the run as fast as it goes.
    #[arg(long, default_value_t = 20_000)]
    count: usize,
    /// Declarations of the run at 300 a second.
    #[arg(long, default_value_t = 6_000)]
    paced: usize,
    /// Declarations before anything is measured: the broker's compiler is slow in its first minute.
    #[arg(long, default_value_t = 20_000)]
    warm_up: usize,
}

/// One figure; anchors are what it is judged beside.
#[derive(Debug, serde::Serialize)]
struct Figure {
    name: String,
    unit: &'static str,
    must: Option<u64>,
    stretch: Option<u64>,
    measured: u64,
    anchor: Option<u64>,
}

impl Figure {
    fn new(name: &str, unit: &'static str, must: Option<u64>, measured: u64) -> Self {
        Self { name: name.to_owned(), unit, must, stretch: None, measured, anchor: None }
    }
}

const PARTS: [&str; 6] = ["intake", "risk", "tracking", "reporting", "kafka", "postgres"];

impl Bench {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        {
            let _lock = stack.lock()?;
            stack.record()?;
            let progress = Progress::new();
            stack.up_backing(&progress).await?;
            stack.up_services(&progress).await?;
        }
        let rest = memory(&stack);
        load(&stack, self.warm_up, None, 11).await?;
        let before = cpu(&stack);
        let fast = load(&stack, self.count, None, 12).await?;
        let after = cpu(&stack);
        let busy = memory(&stack);
        let paced = load(&stack, self.paced, Some(300), 13).await?;
        let mut figures = vec![
            Figure::new("declarations, single window to done, as fast as it goes", "1/s", Some(2_000), fast.per_second),
            Figure::new("publishing to done at 300/s, p50", "ms", None, paced.p50_ms),
            Figure::new("publishing to done at 300/s, p90", "ms", None, paced.p90_ms),
            Figure::new("publishing to done at 300/s, p99", "ms", Some(500), paced.p99_ms),
        ];
        for part in PARTS {
            let spent = after.get(part).copied().unwrap_or(0).saturating_sub(before.get(part).copied().unwrap_or(0));
            figures.push(Figure::new(&format!("CPU per 1,000 declarations, {part}"), "ms", None, spent * 1000 / fast.totals.sent.max(1)));
        }
        for part in PARTS {
            let service = part != "kafka" && part != "postgres";
            figures.push(Figure::new(
                &format!("resident memory under load, {part}"),
                "MB",
                service.then_some(90),
                busy.get(part).copied().unwrap_or(0),
            ));
            if service {
                figures.push(Figure::new(&format!("resident memory at rest, {part}"), "MB", Some(60), rest.get(part).copied().unwrap_or(0)));
            }
        }
        print(&figures);
        println!("mix: {}", fast.mix);
        let file = stack.home.join("target/bench.json");
        std::fs::write(&file, serde_json::to_string_pretty(&figures)?)?;
        println!("written to {}", file.display());
        Ok(ExitCode::SUCCESS)
    }
}

async fn load(stack: &Stack, count: usize, rate: Option<u64>, seed: u64) -> Result<Outcome> {
    let load = Load { count, rate, seed, kcs: None, patience: 60, json: false };
    Ok(load.drive(stack, Vec::new()).await?.1)
}

/// CPU milliseconds spent so far, by part.
fn cpu(stack: &Stack) -> BTreeMap<&'static str, u64> {
    PARTS.iter().filter_map(|part| Some((*part, stack.cpu_ms(part)?))).collect()
}

/// Resident megabytes, by part.
fn memory(stack: &Stack) -> BTreeMap<&'static str, u64> {
    PARTS.iter().filter_map(|part| Some((*part, stack.memory_kb(part)? / 1024))).collect()
}

fn print(figures: &[Figure]) {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(["figure", "unit", "must", "measured"]);
    for figure in figures {
        let must = figure.must.map_or_else(String::new, |m| m.to_string());
        table.add_row([figure.name.as_str(), figure.unit, &must, &figure.measured.to_string()]);
    }
    println!("{table}");
}
