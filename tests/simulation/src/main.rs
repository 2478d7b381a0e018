//! `simulate`: many seeds, or one with its schedule; or how soon every broken rule is found, as a table.
use std::{path::PathBuf, time::Instant};

mod figures;

use anyhow::bail;
use clap::{Parser, ValueEnum};
use simulation::{Broken, first_violation, run};

/// Runs the journal's protocol against a model of database and broker.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run this one alone and print its schedule
    #[arg(long)]
    seed: Option<u64>,
    /// Break a rule, to see that it is noticed
    #[arg(long)]
    broken: Option<Rule>,
    /// Also break every rule and count schedules until it is noticed; writes all figures into this file
    #[arg(long, value_name = "FILE")]
    figures: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rule {
    OffsetsFirst,
    NoPositionCheck,
    NoFence,
    BeyondPrefix,
}

impl From<Rule> for Broken {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::OffsetsFirst => Self::OffsetsFirst,
            Rule::NoPositionCheck => Self::NoPositionCheck,
            Rule::NoFence => Self::NoFence,
            Rule::BeyondPrefix => Self::BeyondPrefix,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the machine took")]
fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let broken = arguments.broken.map(Broken::from);
    if let Some(seed) = arguments.seed {
        let outcome = run(seed, broken, true);
        outcome.schedule.iter().for_each(|line| println!("{line}"));
        match outcome.violation {
            Some(violation) => bail!("seed {seed}: {violation}"),
            None => println!("seed {seed}: {} steps, every law holds", outcome.steps),
        }
        return Ok(());
    }
    let begun = Instant::now();
    match first_violation(arguments.from, arguments.seeds, broken) {
        Some((seed, violation)) => bail!("seed {seed}: {violation}\nsimulate --seed {seed} prints its schedule"),
        None => {
            let seconds = begun.elapsed().as_secs_f64();
            println!("{} seeds in {seconds:.1} s, every law holds", arguments.seeds);
            match arguments.figures {
                Some(file) => figures::write(&file, arguments.from, arguments.seeds, seconds),
                None => Ok(()),
            }
        }
    }
}
