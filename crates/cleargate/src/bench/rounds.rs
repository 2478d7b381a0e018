//! Floor and ours in turn, each after a warm-up: throughput, share of the floor, CPU, memory, and latency at 300/s and at 1/s.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use anyhow::{Context, Result};

use super::{
    Bench,
    disk::Disk,
    floor::Floor,
    rows::Row,
    site::Site,
    stream::{Flow, Plan},
};
use crate::{
    progress::Progress,
    stack::{NAMES, Stack},
};

/// One site's runs of one round.
struct Round {
    fast: Flow,
    calm: Flow,
    slow: Flow,
    /// What `fast` left on disk; of ours alone.
    disk: Option<Disk>,
}

/// Measures `runs` rounds. A floor that cannot be had is named once, and ours goes on without it; what was measured before a failure is kept.
pub async fn rows(bench: &Bench, stack: &Stack, progress: &Progress) -> Result<Vec<Row>> {
    let (mut floors, mut ours) = (Vec::new(), Vec::new());
    let (mut why, mut streams) = (String::new(), 0);
    for number in 0..bench.runs() {
        if why.is_empty() {
            // Idle services cost something too, and the floor shall have the machine for itself.
            stack.down_services(progress).await?;
            match floor_round(bench, stack, progress, number).await {
                Ok(round) => floors.push(round),
                Err(error) => why = format!("{error:#}"),
            }
            stack.up_services(progress).await?;
        }
        let site = Site::ours(stack).await?.spread(bench.spread());
        let measured = round(bench, &site, progress, number).await;
        streams = site.streams().await.unwrap_or(streams);
        site.reporting.close().await;
        match measured {
            Ok(round) => ours.push(round),
            Err(error) if ours.is_empty() => return Err(error),
            Err(error) => {
                eprintln!("  ours       round {} failed, those before it count: {error:#}", number + 1);
                break;
            }
        }
    }
    if !why.is_empty() {
        eprintln!("  floor      left out: {why}");
    }
    let mut rows = table(bench, &floors, &ours);
    rows.extend(surroundings(bench, &ours, streams));
    Ok(rows)
}

async fn floor_round(bench: &Bench, stack: &Stack, progress: &Progress, number: usize) -> Result<Round> {
    let floor = Floor::start(stack).await?;
    let measured = async {
        let site = Site::floor(stack, &floor).await?.spread(bench.spread());
        let round = round(bench, &site, progress, number).await;
        site.reporting.close().await;
        round
    };
    let measured = measured.await;
    let removed = floor.stop().await.context("removing the floor");
    // A floor that is left behind is swept before the next one; its figures count all the same.
    removed.unwrap_or_else(|error| eprintln!("  floor      {error:#}"));
    measured
}

async fn round(bench: &Bench, site: &Site<'_>, progress: &Progress, number: usize) -> Result<Round> {
    let seed = 100 * (number as u64 + 1);
    let step = progress.step(site.name(), &format!("round {} of {}: warming up", number + 1, bench.runs()));
    Plan { count: bench.warm_up(), rate: None, seed }.drive(site).await?;
    step.doing(&format!("round {}: {} as fast as it goes", number + 1, bench.count()));
    let before = disk(site).await?;
    let fast = Plan { count: bench.count(), rate: None, seed: seed + 1 }.drive(site).await?;
    let disk = disk(site).await?.zip(before).map(|(now, before)| now.since(before));
    eprintln!("  {:<10} {}", site.name(), fast.line());
    step.doing(&format!("round {}: {} at 300/s", number + 1, bench.paced()));
    let calm = Plan { count: bench.paced(), rate: Some(300), seed: seed + 2 }.drive(site).await?;
    step.doing(&format!("round {}: {} at 1/s", number + 1, bench.slow()));
    let slow = Plan { count: bench.slow(), rate: Some(1), seed: seed + 3 }.drive(site).await?;
    step.done(&format!(
        "round {}: {:.0}/s; at 300/s p50 {:.1} ms, p99 {:.1} ms; at 1/s p50 {:.1} ms, p99 {:.1} ms",
        number + 1,
        fast.per_second,
        calm.p50_ms,
        calm.p99_ms,
        slow.p50_ms,
        slow.p99_ms
    ));
    Ok(Round { fast, calm, slow, disk })
}

/// The floor's tables and topics are other ones, and go again.
async fn disk(site: &Site<'_>) -> Result<Option<Disk>> {
    Ok(if site.whole() { Some(Disk::read(site.stack).await?) } else { None })
}

/// Middle value; the lower one of two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Under which conditions the rounds ran, and what they left behind.
fn surroundings(bench: &Bench, ours: &[Round], streams: i64) -> Vec<Row> {
    let spread = bench.spread();
    let kept = |bytes: fn(&Disk) -> u64| {
        let each = ours.iter().filter_map(|r| Some(bytes(r.disk.as_ref()?) as f64 / r.fast.sent as f64 / 1_000.0));
        median(each.collect())
    };
    vec![
        Row::new("rounds of ours that were measured", "", ours.len() as f64),
        Row::new("streams of a topic", "", streams as f64),
        Row::new("offices of the load", "", spread.codes().len() as f64),
        Row::new("share of the busiest office", "", spread.busiest()),
        Row::new("write-ahead log a declaration", "KB", kept(|disk| disk.wal)),
        Row::new("tables and indexes a declaration", "KB", kept(|disk| disk.tables)),
        Row::new("broker's log a declaration", "KB", kept(|disk| disk.kafka)),
    ]
}

fn table(bench: &Bench, floors: &[Round], ours: &[Round]) -> Vec<Row> {
    let of = |rounds: &[Round], figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let both = |figure: &dyn Fn(&Round) -> f64| (of(ours, figure), Some(of(floors, figure)).filter(|f| f.is_finite()));
    // 1.5 times the floor's, and never more than the row's own bound.
    let bound = |most: f64, floor: Option<f64>| floor.map_or(most, |floor| most.min(1.5 * floor));
    let shares = ours.iter().zip(floors).map(|(our, floor)| our.fast.per_second / floor.fast.per_second).collect();
    let floor = "floor in the same run";
    let mut rows = vec![
        Row::new(format!("declarations/s from single window to done, {} in a row", bench.count()), "1/s", of(ours, &|r| r.fast.per_second))
            .judged(6_000.0, Some(8_500.0))
            .beside(Some(1_417.0), "highest national peak published; tuned Java pipeline 5,230/s"),
        Row::new("rate of the last tenth over the mean", "", of(ours, &|r| r.fast.last_tenth)).beside(None, "1: no backlog grew"),
    ];
    if let Some(rate) = both(&|r| r.fast.per_second).1 {
        rows.push(
            Row::new("our share of the bare floor", "", median(shares))
                .judged(0.5, Some(0.75))
                .beside(Some(1.0), "floor in the same round; it gets lodgings alone: no amendments, withdrawals and payments"),
        );
        rows.push(Row::new("declarations/s of the bare floor", "1/s", rate));
    }
    let (measured, anchor) = both(&|r| r.fast.cpu_of(&NAMES));
    rows.push(
        Row::new("CPU of the four processes per 1,000 declarations at that rate", "s", measured)
            .judged(0.11, Some(0.08))
            .beside(anchor, "floor in the same run; tuned Java 0.157 s"),
    );
    for part in NAMES.into_iter().chain(["kafka", "postgres", "load"]) {
        let (measured, anchor) = both(&|r| r.fast.cpu_of(&[part]));
        rows.push(Row::new(format!("CPU of {part} per 1,000 declarations at that rate"), "s", measured).beside(anchor, floor));
    }
    let share = |r: &Round| r.fast.cpu_of(&["load"]) / r.fast.cpu.values().sum::<f64>();
    rows.push(Row::new("the load's share of all CPU at that rate", "", of(ours, &share)));
    for (name, must, stretch, figure) in [
        ("resident memory of the four together at that rate", 280.0, 200.0, &(|r: &Round| r.fast.memory_mb) as &dyn Fn(&Round) -> f64),
        ("resident memory of the four together at 300/s", 140.0, 80.0, &|r| r.calm.memory_mb),
    ] {
        rows.push(Row::new(name, "MB", of(ours, figure)).judged(must, Some(stretch)).beside(Some(1_400.0), "tuned Java pipeline"));
    }
    for (name, must, stretch, relative, figure, what) in [
        (
            "publishing to done at 300/s, p50",
            60.0_f64,
            20.0_f64,
            true,
            &(|r: &Round| r.calm.p50_ms) as &dyn Fn(&Round) -> f64,
            "floor in the same run; tuned Java 83 ms",
        ),
        ("publishing to done at 300/s, p99", 200.0, 50.0, true, &|r| r.calm.p99_ms, "floor in the same run; tuned Java 349 ms"),
        ("publishing to done at 1/s, p50", 25.0, 12.0, false, &|r| r.slow.p50_ms, floor),
        ("publishing to done at 1/s, p99", 60.0, 30.0, false, &|r| r.slow.p99_ms, floor),
    ] {
        let (measured, anchor) = both(figure);
        let must = if relative { bound(must, anchor) } else { must };
        rows.push(Row::new(name, "ms", measured).judged(must, Some(stretch.min(must))).beside(anchor, what));
    }
    let (measured, anchor) = both(&|r| r.calm.busy);
    let must = bound(0.5, anchor);
    rows.push(
        Row::new("CPU of everything at 300/s, share of all cores", "", measured)
            .judged(must, Some(0.25_f64.min(must)))
            .beside(anchor, "floor in the same run; tuned Java 0.85"),
    );
    rows
}
