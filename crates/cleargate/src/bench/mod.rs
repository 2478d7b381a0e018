//! `cleargate bench`: every figure of the platform beside its must, its stretch and its anchor, as a table and in `target/bench.json`.
mod alone;
mod chart;
mod consume;
mod disk;
mod floor;
mod lodge;
mod meter;
mod prepare;
mod pure;
mod relay;
mod replicas;
mod rounds;
mod rows;
mod scratch;
mod site;
mod spread;
mod stored;
mod stream;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, ValueEnum};

use self::{rows::Row, spread::Spread};
use crate::{
    progress::Progress,
    stack::{Stack, StackArgs},
};

/// Measure the platform on this machine, beside a bare floor of the same hops.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate bench                                     everything, with 3,000,000 stored: hours, and some 120 GB of disk
  cleargate bench --quick                             60,000 in a row, one run, nothing stored: minutes
  cleargate bench --only lodge,alone                  some parts; the other rows of target/bench.json stay
  cleargate bench --count 200000 --runs 1 --stored 0
  cleargate bench --only rounds --count 60000 --runs 1 --offices 400 --hot 0.5 --out target/skewed.json
  cleargate bench --chart docs/performance.svg        a picture of target/bench.json; nothing is measured

One replica of each service is measured, and stays. What a declaration costs with 100,000 stored can be told on a young stack alone:
`cleargate clean --yes` first. A part that fails says why, and the others go on. Copies that fill the databases are in no journal: `cleargate audit`
names them.")]
pub struct Bench {
    /// Declarations in a row as fast as it goes [default: 1,000,000; 60,000 with --quick].
    #[arg(long)]
    count: Option<usize>,
    /// Runs of each figure, of which the median counts [default: 3; 1 with --quick].
    #[arg(long)]
    runs: Option<usize>,
    /// Declarations before anything is measured: the broker's compiler is slow in its first minute [default: 60,000; 20,000 with --quick].
    #[arg(long)]
    warm_up: Option<usize>,
    /// Fill the databases up to so many declarations for the last part; 0 leaves it out [default: 3,000,000; 0 with --quick].
    #[arg(long)]
    stored: Option<u64>,
    /// The rounds' declarations go to so many made-up offices alike, instead of those of Region IX.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=999))]
    offices: Option<u16>,
    /// That share of the rounds' declarations goes to one office, 0 to 1 [default: 0.38 as in Region IX, or what all made-up ones get].
    #[arg(long, value_name = "SHARE", value_parser = spread::share)]
    hot: Option<u32>,
    /// Short runs without the part with millions stored.
    #[arg(long)]
    quick: bool,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    only: Vec<Part>,
    /// Directory of the Korea Customs Service's data set: the learned score is judged on it.
    #[arg(long, env = "KCS_DIR", value_name = "DIR")]
    kcs: Option<PathBuf>,
    /// Where the rows are written [default: target/bench.json].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Draw what the last bench wrote as SVG into this file, and measure nothing.
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Throughput, CPU, memory and latency of floor and ours in turn.
    Rounds,
    /// gRPC Lodge with 64 callers.
    Lodge,
    /// Relay and consume loop alone.
    Alone,
    /// Two replicas of each service against one.
    Replicas,
    /// With millions stored.
    Stored,
    /// Criteria, score, assignment, attacker, pair monitor, proof, replay.
    Core,
}

impl Bench {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let mut stack = Stack::open(args)?;
        let file = self.out.clone().unwrap_or_else(|| stack.home.join("target/bench.json"));
        if let Some(svg) = &self.chart {
            chart::draw(&file, svg)?;
            println!("{} drawn from {}", svg.display(), file.display());
            return Ok(ExitCode::SUCCESS);
        }
        if self.wants_stack() {
            self.spread().tell_intake()?;
            disk::has_room(stack.state.dir(), self.megabytes())?;
        }
        let progress = Progress::new();
        let mut report = Report { file, rows: Vec::new(), failed: 0, keeps_others: !self.only.is_empty() };
        if self.wants_stack() {
            let measured = self.system(&mut stack, &progress, &mut report).await;
            report.hold("the running system", measured);
        }
        if self.wants(Part::Core) {
            report.take("core", Ok(pure::rows(self.kcs.as_deref(), &progress)))?;
        }
        rows::print(&report.rows);
        println!("written to {}", report.file.display());
        Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Everything that needs the running stack. What a declaration costs with few stored is measured before many are.
    async fn system(&self, stack: &mut Stack, progress: &Progress, report: &mut Report) -> Result<()> {
        stack.scale.replicas = 1;
        {
            let _lock = stack.lock()?;
            stack.record()?;
            stack.up_backing(progress).await?;
            // What runs may be an older build, or know of replicas that are gone.
            stack.down_services(progress).await?;
            stack.up_services(progress).await?;
        }
        prepare::decisions(stack, &self.spread().codes(), progress).await?;
        let stored = self.wants(Part::Stored) && self.stored() > 0;
        let base = if stored { report.hold("cost with few stored", stored::base(self, stack, progress).await) } else { None };
        if self.wants(Part::Rounds) {
            report.take("rounds", rounds::rows(self, stack, progress).await)?;
        }
        if self.wants(Part::Lodge) {
            report.take("lodge", lodge::rows(self, stack, progress).await)?;
        }
        if self.wants(Part::Alone) {
            report.take("alone", alone::rows(self, stack, progress).await)?;
        }
        if self.wants(Part::Replicas) {
            report.take("replicas", replicas::rows(self, stack, progress).await)?;
        }
        if stored {
            report.take("stored", stored::rows(self, stack, base, progress).await)?;
        }
        Ok(())
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    fn wants_stack(&self) -> bool {
        [Part::Rounds, Part::Lodge, Part::Alone, Part::Replicas, Part::Stored].into_iter().any(|part| self.wants(part))
    }

    /// To which offices the rounds' declarations go.
    fn spread(&self) -> Spread {
        Spread::new(self.offices, self.hot)
    }

    /// What the parts will leave on disk, about, and the floor of one round beside it.
    fn megabytes(&self) -> u64 {
        let (runs, count, warm_up) = (self.runs() as u64, self.count() as u64, self.warm_up() as u64);
        let of = |part: Part, declarations: u64| if self.wants(part) { declarations } else { 0 };
        let stored = if self.stored() > 0 { stored::lodged(self) } else { 0 };
        let lodged = of(Part::Rounds, runs * (warm_up + count + self.paced() as u64))
            + of(Part::Lodge, (runs + 1) * self.calls() as u64)
            + of(Part::Replicas, runs * 2 * replicas::lodged(self))
            + of(Part::Stored, stored);
        let floor = of(Part::Rounds, warm_up + count);
        (lodged * disk::OURS + floor * disk::FLOOR + of(Part::Stored, self.stored()) * disk::COPY) / 1_000_000
    }

    fn or<T>(&self, told: Option<T>, whole: T, quick: T) -> T {
        told.unwrap_or(if self.quick { quick } else { whole })
    }

    fn count(&self) -> usize {
        self.or(self.count, 1_000_000, 60_000).clamp(1, 9_999_999)
    }

    fn runs(&self) -> usize {
        self.or(self.runs, 3, 1).max(1)
    }

    fn warm_up(&self) -> usize {
        self.or(self.warm_up, 60_000, 20_000).max(1)
    }

    fn stored(&self) -> u64 {
        self.or(self.stored, 3_000_000, 0)
    }

    /// Declarations at 300/s.
    fn paced(&self) -> usize {
        self.or(None, 9_000, 3_000)
    }

    /// Declarations at 1/s.
    fn slow(&self) -> usize {
        self.or(None, 60, 20)
    }

    /// gRPC calls of one run.
    fn calls(&self) -> usize {
        self.or(None, 100_000, 20_000)
    }

    /// Seconds in which questions are asked.
    fn asked_for_s(&self) -> usize {
        self.or(None, 60, 20)
    }
}

/// Rows so far, written after each part: an interrupted bench keeps what it has.
struct Report {
    file: PathBuf,
    rows: Vec<Row>,
    failed: usize,
    /// Of an earlier run, when only some parts are measured now.
    keeps_others: bool,
}

impl Report {
    fn take(&mut self, part: &str, measured: Result<Vec<Row>>) -> Result<()> {
        let rows = self.hold(part, measured).unwrap_or_default();
        self.rows.extend(rows);
        rows::write(&self.file, &self.rows, self.keeps_others)
    }

    /// What was measured; a failure is told and counted.
    fn hold<T>(&mut self, part: &str, measured: Result<T>) -> Option<T> {
        measured
            .inspect_err(|error| {
                self.failed += 1;
                eprintln!("  {part}: not measured: {error:#}");
            })
            .ok()
    }
}
