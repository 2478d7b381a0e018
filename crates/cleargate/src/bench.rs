//! `cleargate bench`: throughput, latency, CPU and memory of the running stack, as a table and in `target/bench.json`.
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use lab::Figure;

use crate::{
    load::{Load, Outcome},
    progress::Progress,
    stack::{ScaleArgs, Stack, StackArgs},
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
    /// Leave out the pure core: criteria, score, assignment, attacker, pair monitor, proof, replay.
    #[arg(long)]
    system_only: bool,
    /// Directory of the Korea Customs Service's data set: the learned score is judged on it.
    #[arg(long, env = "KCS_DIR", value_name = "DIR")]
    kcs: Option<PathBuf>,
    #[command(flatten)]
    scale: ScaleArgs,
}

const PARTS: [&str; 6] = ["intake", "risk", "tracking", "reporting", "kafka", "postgres"];

impl Bench {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open_scaled(args, &self.scale)?;
        {
            let _lock = stack.lock()?;
            stack.record()?;
            let progress = Progress::new();
            stack.up_backing(&progress).await?;
            stack.up_services(&progress).await?;
        }
        let replicas = u64::from(stack.scale.replicas);
        let rest = memory(&stack);
        load(&stack, self.warm_up, None, 11).await?;
        let before = cpu(&stack);
        let fast = load(&stack, self.count, None, 12).await?;
        let after = cpu(&stack);
        let busy = memory(&stack);
        let paced = load(&stack, self.paced, Some(300), 13).await?;
        let mut figures = vec![
            figure("declarations, single window to done, as fast as it goes", "1/s", Some(2_000), fast.per_second),
            figure("publishing to done at 300/s, p50", "ms", None, paced.p50_ms),
            figure("publishing to done at 300/s, p90", "ms", None, paced.p90_ms),
            figure("publishing to done at 300/s, p99", "ms", Some(500), paced.p99_ms),
        ];
        for part in PARTS {
            let spent = after.get(part).copied().unwrap_or(0).saturating_sub(before.get(part).copied().unwrap_or(0));
            figures.push(figure(&format!("CPU per 1,000 declarations, {part}"), "ms", None, spent * 1000 / fast.totals.sent.max(1)));
        }
        for part in PARTS {
            let service = part != "kafka" && part != "postgres";
            figures.push(figure(
                &format!("resident memory under load, {part}"),
                "MB",
                service.then_some(90 * replicas),
                busy.get(part).copied().unwrap_or(0),
            ));
            if service {
                figures.push(figure(&format!("resident memory at rest, {part}"), "MB", Some(60 * replicas), rest.get(part).copied().unwrap_or(0)));
            }
        }
        if !self.system_only {
            figures.extend(core(self.kcs.as_deref()));
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

/// A figure of the whole system, in whole units.
fn figure(name: &str, unit: &'static str, must: Option<u64>, measured: u64) -> Figure {
    let whole = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let figure = Figure::new(name, unit, whole(measured));
    Figure { must: must.map(whole), ..figure }
}

/// Figures of the pure core, each in a run of its own.
fn core(kcs: Option<&Path>) -> Vec<Figure> {
    let progress = Progress::new();
    let parts: [(&str, &dyn Fn() -> Vec<Figure>); 7] = [
        ("criteria", &lab::criteria::figures),
        ("model", &|| lab::model::figures(kcs)),
        ("fairness", &lab::fairness::figures),
        ("attack", &lab::attack::figures),
        ("pairs", &lab::pairs::figures),
        ("proof", &lab::proof::figures),
        ("replay", &lab::replay::figures),
    ];
    let measure = |(name, part): (&str, &dyn Fn() -> Vec<Figure>)| {
        let step = progress.step(name, "measuring");
        let figures = part();
        step.done(&format!("{} figures", figures.len()));
        figures
    };
    parts.into_iter().flat_map(measure).collect()
}

fn print(figures: &[Figure]) {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["figure", "unit", "must", "measured", "beside"]);
    for figure in figures {
        let text = |number: Option<f64>| number.map_or_else(String::new, number_text);
        table.add_row([figure.name.as_str(), figure.unit, &text(figure.must), &number_text(figure.measured), &text(figure.anchor)]);
    }
    println!("{table}");
}

/// Whole numbers whole, small ones with as many digits as tell something.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 || number.abs() >= 1000.0 {
        format!("{number:.0}")
    } else if number.abs() >= 10.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.4}")
    }
}
