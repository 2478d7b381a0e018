//! What the simulation shows, as rows of a name and a value, for the table of docs/reliability.md.
use std::path::Path;

use anyhow::{Context as _, ensure};
use simulation::{Broken, first_violation};

/// How often each broken rule is looked for, every time from other seeds.
const STARTS: u64 = 50;
/// A rule that stays unnoticed for so many schedules would be a fault of the simulation.
const PATIENCE: u64 = 10_000;

/// Writes the figures of a run that has just held, and how soon each broken rule is found.
pub fn write(file: &Path, from: u64, seeds: u64, seconds: f64) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    #[expect(clippy::float_arithmetic, reason = "measurements, not decisions")]
    let (rate, bound) = (seeds as f64 / seconds.max(0.001), 300.0 / seeds.max(1) as f64);
    let held = format!("{seeds} in {seconds:.1} s on {cores} cores, {rate:.0} a second: bound on failure a schedule {bound:.3} %");
    let mut rows = vec![(format!("schedules, all laws held (seeds {from} to {})", from + seeds - 1), held)];
    let rules = [
        ("offsets before effects", Broken::OffsetsFirst),
        ("no position check", Broken::NoPositionCheck),
        ("no fence", Broken::NoFence),
        ("`published` beyond the acknowledged prefix", Broken::BeyondPrefix),
    ];
    for (name, rule) in rules {
        let mut needed = Vec::new();
        for start in (0..STARTS).map(|n| n * PATIENCE) {
            let found = first_violation(start, PATIENCE, Some(rule));
            ensure!(found.is_some(), "{name} was not noticed in {PATIENCE} schedules from seed {start}");
            needed.extend(found.map(|(seed, _)| seed - start + 1));
        }
        needed.sort_unstable();
        let (median, most) = (needed[needed.len() / 2], needed.last().copied().unwrap_or_default());
        rows.push((format!("{name}: schedules until it is found, {STARTS} starts"), format!("median {median}, at most {most}")));
    }
    let figures: Vec<_> = rows.into_iter().map(|(figure, value)| serde_json::json!({"figure": figure, "value": value})).collect();
    file.parent().map(std::fs::create_dir_all).transpose()?;
    std::fs::write(file, serde_json::to_string_pretty(&serde_json::json!({"figures": figures}))?).with_context(|| file.display().to_string())
}
