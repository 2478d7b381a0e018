//! The fault laboratory: drives the real system under load, injects one fault at a time and checks every law from outside.
#![expect(clippy::float_arithmetic, reason = "measurements, not decisions")]

mod alarms;
mod canon;
mod clock;
mod experiment;
mod experiments;
mod fleet;
mod gauge;
mod ground;
mod latency;
mod laws;
mod letters;
mod load;
mod proxy;
mod quiet;
mod record;
mod scene;
mod site;
mod wire;
mod wires;

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Parser, Subcommand};
use tokio::time::Instant;

use crate::{
    experiment::{Bench, Experiment, Scale},
    ground::Ground,
    record::Record,
};

/// Faults under load, and what became of every declaration.
#[derive(Parser)]
#[command(name = "faults", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  faults list                      every experiment with its fault
  faults run kill --short          one of them, small
  faults run broker-away --long    the broker away for two hours
  faults short                     all of them, small: what CI runs
  faults all                       all of them in full: hours
  faults table                     write the figures into docs/reliability.md
  faults clean                     stop the laboratory's stack and remove its data";

#[derive(Subcommand)]
enum Command {
    /// What there is to run
    List,
    /// Some experiments by name
    Run {
        names: Vec<String>,
        /// As in CI: fewer repetitions, shorter pauses
        #[arg(long, conflicts_with = "long")]
        short: bool,
        /// In full, and what takes minutes there takes hours: a broker away for two
        #[arg(long)]
        long: bool,
        /// Of load and of what is drawn; the same seed draws the same
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Every experiment, small
    Short,
    /// Every experiment in full
    All,
    /// Writes the table of docs/reliability.md from the newest results
    Table,
    /// Stops the laboratory's own stack and removes its data
    Clean,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = tokio::select! {
        done = conduct(Cli::parse().command) => done,
        // What was started is taken down with what is dropped here.
        () = asked_to_stop() => Err(anyhow!("asked to stop")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn asked_to_stop() {
    let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

async fn conduct(command: Command) -> Result<()> {
    match command {
        Command::List => {
            println!("{}", experiment::table(&experiments::ALL));
            Ok(())
        }
        Command::Run { names, short, long, seed } => {
            let chosen = names.iter().map(|name| named(name)).collect::<Result<Vec<_>>>()?;
            let scale = match (short, long) {
                (true, _) => Scale::Short,
                (_, true) => Scale::Long,
                _ => Scale::Full,
            };
            run(&chosen, scale, seed).await
        }
        Command::Short => run(&experiments::ALL.iter().filter(|e| e.in_short).collect::<Vec<_>>(), Scale::Short, 1).await,
        Command::All => run(&experiments::ALL.iter().collect::<Vec<_>>(), Scale::Full, 1).await,
        Command::Table => record::write_table(),
        Command::Clean => Ground::open()?.clean().await,
    }
}

fn named(name: &str) -> Result<&'static Experiment> {
    experiments::ALL.iter().find(|e| e.name == name).with_context(|| format!("there is no experiment {name}; see `faults list`"))
}

/// Runs experiments one after the other, keeps each one's figures, and fails at the end when a law or a must was broken.
async fn run(chosen: &[&'static Experiment], scale: Scale, seed: u64) -> Result<()> {
    let ground = Arc::new(Ground::open()?);
    let began = Instant::now();
    let mut broken = Vec::new();
    for experiment in chosen {
        let record = experiment.conduct(Bench { ground: Arc::clone(&ground), scale, seed }).await;
        record.print();
        record.keep()?;
        if !record.holds() {
            broken.push(record);
        }
    }
    ground.down().await?;
    println!("{} in {} min", Record::summary(chosen.len(), broken.len()), began.elapsed().as_secs().div_ceil(60));
    if broken.is_empty() { Ok(()) } else { bail!("broken:\n{}", broken.iter().map(Record::broken_by).collect::<Vec<_>>().join("\n")) }
}
