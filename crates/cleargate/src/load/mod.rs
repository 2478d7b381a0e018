//! `cleargate load`: declarations at a rate or as fast as it goes, until every one is reported and answered.
pub mod kcs;
pub mod ledger;
pub mod mix;
mod tables;
pub mod window;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{
    ledger::{Totals, percentile},
    mix::{AMENDED, Mix, PARCELS, PROTOBUF, Sample, WITHDRAWN},
    window::Window,
};
use crate::{
    clock,
    stack::{Stack, StackArgs},
};

/// Send declarations as a single window and wait until every one is done.
#[derive(Args, Clone)]
#[command(after_help = "\
Done: reporting has the lane and the officer or queue entry, and the lane's answer is on nsw.responses.v1.

Examples:
  cleargate load --count 20000                as fast as it goes
  cleargate load --rate 300 --count 20000
  cleargate load --kcs ../kcs/test.csv        a file of the Korea Customs Service's synthetic data")]
pub struct Load {
    /// How many declarations.
    #[arg(long, default_value_t = 10_000)]
    pub count: usize,
    /// Declarations a second; as fast as it goes when left out.
    #[arg(long)]
    pub rate: Option<u64>,
    /// Same seed, same declarations.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A CSV file in the form of the Korea Customs Service's data set instead of generated declarations.
    #[arg(long, value_name = "FILE")]
    pub kcs: Option<PathBuf>,
    /// Give up after this many seconds without progress.
    #[arg(long, default_value_t = 60)]
    pub patience: u64,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// What a run came to.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Outcome {
    pub totals: Totals,
    pub seconds_ms: u64,
    pub per_second: u64,
    pub p50_ms: u64,
    pub p90_ms: u64,
    pub p99_ms: u64,
    pub max_ms: u64,
    pub answers: std::collections::BTreeMap<String, u64>,
    pub refusals: std::collections::BTreeMap<String, u64>,
    pub mix: String,
}

impl Load {
    pub async fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        let (_, outcome) = self.drive(&stack, Vec::new()).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&outcome)?);
        } else {
            outcome.print();
        }
        Ok(if outcome.totals.done == outcome.totals.sent { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Runs the load; `before` is published first (spoiled declarations of the demo, say).
    pub async fn drive(&self, stack: &Stack, before: Vec<Sample>) -> Result<(Arc<Window>, Outcome)> {
        let run = format!("R{}", clock::now_micros() / 1000 % 100_000_000_000);
        let window = Arc::new(Window::new(&stack.brokers(), &run, true)?);
        let reporting = PgPool::connect(&stack.database_url("reporting")?.context("no database yet; run `cleargate up`")?).await?;
        let stop = CancellationToken::new();
        let listener = window.listen(stop.clone())?;
        let samples = self.samples(&run, before)?;
        let total = samples.size;
        let bar = progress(total as u64);
        let begun = Instant::now();
        let publisher = {
            let (window, rate) = (Arc::clone(&window), self.rate);
            tokio::task::spawn_blocking(move || publish(&window, samples, rate))
        };
        let watching = self.watch(&window, &reporting, total, &bar);
        let (published, watched) = tokio::join!(publisher, watching);
        published??;
        let took = begun.elapsed();
        stop.cancel();
        let _ = tokio::task::spawn_blocking(move || listener.join()).await;
        bar.finish_and_clear();
        watched?;
        let outcome = outcome(&window, took);
        Ok((window, outcome))
    }

    fn samples(&self, run: &str, before: Vec<Sample>) -> Result<Samples> {
        let first = before.len();
        let (rest, count): (Box<dyn Iterator<Item = Sample> + Send>, usize) = match &self.kcs {
            Some(file) => {
                let rows = kcs::read(file, run, clock::today_date())?;
                let count = rows.len();
                (Box::new(rows.into_iter()), count)
            }
            None => {
                let mut mix = Mix::new(self.seed, run, clock::today_date());
                (Box::new((0..self.count).map(move |_| mix.sample())), self.count)
            }
        };
        Ok(Samples { size: first + count, iter: Box::new(before.into_iter().chain(rest)) })
    }

    /// Polls reporting until everything is done; fails when nothing moves for too long.
    async fn watch(&self, window: &Window, reporting: &PgPool, total: usize, bar: &ProgressBar) -> Result<()> {
        let mut last_done = 0;
        let mut moved = Instant::now();
        loop {
            let pending = pending(window, if self.rate.is_some() { 2_000 } else { 20_000 });
            if !pending.is_empty() {
                mark_reported(window, reporting, &pending).await?;
            }
            let done = window.ledger().done();
            bar.set_position(done as u64);
            if done >= total {
                return Ok(());
            }
            if done > last_done {
                (last_done, moved) = (done, Instant::now());
            } else if moved.elapsed() > Duration::from_secs(self.patience) {
                bail!("{done} of {total} are done and nothing has moved for {} s; see `cleargate status` and `cleargate audit`", self.patience);
            }
            let pause = if self.rate.is_some() { 10 } else { 150 };
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
}

struct Samples {
    iter: Box<dyn Iterator<Item = Sample> + Send>,
    size: usize,
}

fn publish(window: &Window, samples: Samples, rate: Option<u64>) -> Result<()> {
    let begun = Instant::now();
    for (n, sample) in samples.iter.enumerate() {
        if let Some(rate) = rate {
            let due = begun + Duration::from_micros(n as u64 * 1_000_000 / rate.max(1));
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        window.lodge(sample)?;
    }
    window.flush()
}

/// Accepted declarations that reporting has not shown yet, oldest first.
fn pending(window: &Window, most: usize) -> Vec<(String, String)> {
    let ledger = window.ledger();
    let waiting = ledger.entries.iter().filter(|(_, e)| e.reported.is_none() && e.refused.is_none() && !e.number.is_empty());
    let mut oldest: Vec<_> = waiting.map(|(_, e)| (e.published, (e.sender.clone(), e.reference.clone()))).collect();
    oldest.sort_unstable_by_key(|(published, _)| *published);
    oldest.truncate(most);
    oldest.into_iter().map(|(_, key)| key).collect()
}

async fn mark_reported(window: &Window, reporting: &PgPool, pending: &[(String, String)]) -> Result<()> {
    let (senders, references): (Vec<String>, Vec<String>) = pending.iter().cloned().unzip();
    let rows: Vec<(String, String, String, i32)> = sqlx::query_as(
        "SELECT d.sender, d.reference, d.key, d.version::int FROM UNNEST($1::text[], $2::text[]) AS w (sender, reference)
         JOIN declarations d USING (sender, reference) WHERE d.reported_at IS NOT NULL",
    )
    .bind(&senders)
    .bind(&references)
    .fetch_all(reporting)
    .await?;
    let now = Instant::now();
    let mut ledger = window.ledger();
    for (sender, reference, key, version) in rows {
        if let Some((_, entry)) = ledger.about("", &sender, &reference)
            && entry.number == format!("{key}{version}")
        {
            entry.reported.get_or_insert(now);
        }
    }
    Ok(())
}

pub fn progress(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("  {bar:40} {pos}/{len} done  {per_sec}  {elapsed}") {
        bar.set_style(style);
    }
    bar
}

fn outcome(window: &Window, took: Duration) -> Outcome {
    let ledger = window.ledger();
    let latencies = ledger.latencies();
    let totals = ledger.totals();
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let ms = |per_mille| percentile(&latencies, per_mille) / 1000;
    Outcome {
        seconds_ms: millis,
        per_second: totals.sent * 1000 / millis,
        p50_ms: ms(500),
        p90_ms: ms(900),
        p99_ms: ms(990),
        max_ms: ms(1000),
        answers: ledger.answers.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        refusals: ledger.refusals.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        mix: format!(
            "lines 60 % one, 25 % two or three, 12 % to ten, 3 % to fifty; amended {AMENDED} and withdrawn {WITHDRAWN}, parcels {PARCELS}, protobuf {PROTOBUF} in a thousand"
        ),
        totals,
    }
}

impl Outcome {
    pub fn print(&self) {
        let t = &self.totals;
        println!("{} declarations in {}.{:01} s: {}/s", t.sent, self.seconds_ms / 1000, self.seconds_ms % 1000 / 100, self.per_second);
        println!("done {}, accepted {}, refused {}, amended {}, withdrawn {}", t.done, t.accepted, t.refused, t.amended, t.withdrawn);
        println!("lanes: green {}, yellow {}, red {}", t.green, t.yellow, t.red);
        println!("publishing to done: p50 {} ms, p90 {} ms, p99 {} ms, max {} ms", self.p50_ms, self.p90_ms, self.p99_ms, self.max_ms);
        println!("mix: {}", self.mix);
    }
}
