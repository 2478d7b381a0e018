//! One training run: count, encode out of fold, grow, cut, assemble.
use std::collections::BTreeMap;

use risk_domain::model::{About, Cuts, Model, Parts, Priors, Score, Target, Thresholds};

use crate::evaluate::{TargetReport, report};
use crate::folds::Folds;
use crate::grow::{Grown, grow};
use crate::row::digest;
use crate::{CutShares, Options, Row, TrainFault, TreeOptions, evaluate};

/// Below this many cases a target gets no trees but its smoothed share.
const FEWEST_CASES: usize = 10;
/// Trainer named in the artefact.
const TRAINER: &str = "forust-ml 0.8.0";

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Keys were counted.
    Counted { keys: usize },
    /// Rows were turned into columns.
    Encoded { rows: usize },
    /// A target's trees have grown.
    Grown { target: Target, trees: usize },
    /// Valid rows were scored and thresholds set.
    Judged { rows: usize },
}

/// What a run gives.
#[derive(Debug)]
pub struct Trained {
    /// The artefact.
    pub bytes: Vec<u8>,
    pub summary: Summary,
}

/// A run in numbers.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// SHA-256 of the artefact, in hex.
    pub digest: String,
    pub bytes: usize,
    pub keys: usize,
    pub fraud_trees: usize,
    pub critical_trees: usize,
    pub about: About,
}

/// Trains both targets on `history` and sets the thresholds by the scores of `valid`. The same arguments give the same bytes.
pub fn train(history: &[Row], valid: &[Row], options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Trained, TrainFault> {
    check(options)?;
    for (name, rows) in [("the history", history), ("the valid rows", valid)] {
        one_of_each(name, rows)?;
    }
    let rows: Vec<&Row> = history.iter().collect();
    let mut parts = fit(&rows, options, &[Target::Fraud, Target::Critical], progress)?;
    parts.about.valid_rows = count(valid, |_| true);
    parts.about.data_digest = hex::encode(digest(&[history, valid]));
    let model = Model::assemble(&parts)?;
    let scores: Vec<Score> = valid.iter().map(|row| model.score(&row.goods)).collect();
    parts.about.thresholds = Thresholds {
        fraud: cuts(scores.iter().map(|s| s.fraud).collect(), options.fraud_cuts),
        critical: cuts(scores.iter().map(|s| s.critical).collect(), options.critical_cuts),
    };
    parts.about.metrics = metrics(&model, valid, options.seed);
    progress(Progress::Judged { rows: valid.len() });
    let model = Model::assemble(&parts)?;
    let summary = Summary {
        digest: hex::encode(model.digest()),
        bytes: model.write().len(),
        keys: model.keys(),
        fraud_trees: model.forest(Target::Fraud).trees().len(),
        critical_trees: model.forest(Target::Critical).trees().len(),
        about: parts.about,
    };
    Ok(Trained { bytes: model.write().to_vec(), summary })
}

/// Scores every row by a model that was trained without its part of the rows; for choosing settings without touching anything else.
pub fn cross_validate(rows: &[Row], options: &Options, target: Target, parts: u8) -> Result<TargetReport, TrainFault> {
    check(options)?;
    one_of_each("the history", rows)?;
    let mut rng = fastrand::Rng::with_seed(options.seed ^ 0x5eed);
    let part_of: Vec<u8> = rows.iter().map(|_| rng.u8(0..parts.max(2))).collect();
    let mut scored: Vec<(&Row, u32)> = Vec::with_capacity(rows.len());
    for part in 0..parts.max(2) {
        let (held, kept): (Vec<_>, Vec<_>) = rows.iter().zip(&part_of).partition(|(_, of)| **of == part);
        let kept: Vec<&Row> = kept.into_iter().map(|(row, _)| row).collect();
        let model = Model::assemble(&fit(&kept, options, &[target], &mut |_| {})?)?;
        scored.extend(held.into_iter().map(|(row, _)| (row, of(model.score(&row.goods), target))));
    }
    Ok(report(target, &scored, options.seed))
}

const fn of(score: Score, target: Target) -> u32 {
    match target {
        Target::Fraud => score.fraud,
        Target::Critical => score.critical,
    }
}

fn fit(rows: &[&Row], options: &Options, targets: &[Target], progress: &mut dyn FnMut(Progress)) -> Result<Parts, TrainFault> {
    let folds = Folds::new(rows, options.folds, options.seed);
    let entries = folds.entries();
    progress(Progress::Counted { keys: entries.len() });
    let share = |target| rows.iter().filter(|row| row.is(target)).count() as f64 / rows.len().max(1) as f64;
    let priors = Priors { smoothing: options.smoothing, fraud: share(Target::Fraud), critical: share(Target::Critical) };
    let columns: Vec<_> = rows.iter().enumerate().map(|(index, row)| folds.columns(index, row, &priors)).collect();
    progress(Progress::Encoded { rows: columns.len() });
    let mut grown = |target, trees| -> Result<Grown, TrainFault> {
        let cases: Vec<bool> = rows.iter().map(|row| row.is(target)).collect();
        let found = cases.iter().filter(|case| **case).count();
        let grown = if !targets.contains(&target) || found < FEWEST_CASES || found == cases.len() {
            (smoothed_log_odds(found, cases.len()), Vec::new())
        } else {
            grow(&columns, &cases, target, trees, options.seed)?
        };
        progress(Progress::Grown { target, trees: grown.1.len() });
        Ok(grown)
    };
    let fraud = grown(Target::Fraud, &options.fraud)?;
    let critical = grown(Target::Critical, &options.critical)?;
    Ok(Parts { about: about(rows, options), priors, entries, fraud, critical })
}

/// Laplace's rule of succession, as log-odds.
fn smoothed_log_odds(cases: usize, rows: usize) -> f64 {
    ((cases as f64 + 1.0) / ((rows - cases) as f64 + 1.0)).ln()
}

fn about(rows: &[&Row], options: &Options) -> About {
    let day = |day: Option<chrono::NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    let count = |of: fn(&Row) -> bool| rows.iter().filter(|row| of(row)).count() as u32;
    About {
        source: options.source.clone(),
        made_up: options.made_up,
        from: day(rows.iter().map(|row| row.day).min()),
        to: day(rows.iter().map(|row| row.day).max()),
        rows: count(|_| true),
        frauds: count(|row| row.fraud),
        critical: count(|row| row.critical),
        valid_rows: 0,
        data_digest: String::new(),
        trainer: TRAINER.to_owned(),
        seed: options.seed,
        thresholds: Thresholds::default(),
        metrics: BTreeMap::new(),
    }
}

/// The score of the row at each share from the top, so that at least that share is at or above it.
fn cuts(mut scores: Vec<u32>, shares: CutShares) -> Cuts {
    scores.sort_unstable_by(|a, b| b.cmp(a));
    let at = |share: u32| {
        let rank = scores.len() as u64 * u64::from(share.min(1_000_000)) / 1_000_000;
        scores.get((rank as usize).saturating_sub(1)).copied().unwrap_or_default()
    };
    Cuts { uncertain: at(shares.uncertain), yellow: at(shares.yellow), red: at(shares.red) }
}

fn metrics(model: &Model, valid: &[Row], seed: u64) -> BTreeMap<String, i64> {
    let mut metrics = BTreeMap::new();
    let evaluation = evaluate(model, valid, None, seed);
    // What the drift of live scores is measured against.
    let mut tenths = [0_i64; 10];
    for row in &evaluation.scores {
        tenths[(row.score / 100_000).min(9) as usize] += 1;
    }
    metrics.extend(tenths.into_iter().enumerate().map(|(n, count)| (format!("valid.fraud.scores_{n}"), count)));
    for target in evaluation.targets {
        for stratum in target.strata {
            for (name, interval) in stratum.measures {
                if let Some(interval) = interval {
                    let name = format!("valid.{}.{}.{name}", target.target.name(), stratum.stratum);
                    metrics.insert(name, (interval.value * 1_000_000.0).round() as i64);
                }
            }
        }
    }
    metrics
}

fn check(options: &Options) -> Result<(), TrainFault> {
    let share = |cuts: CutShares| cuts.red <= cuts.yellow && cuts.yellow <= cuts.uncertain && cuts.uncertain <= 1_000_000;
    let trees = |t: &TreeOptions| (1..=5000).contains(&t.trees) && (2..=10_000).contains(&t.leaves) && (1..=32).contains(&t.depth);
    let shares = |t: &TreeOptions| t.rows > 0.0 && t.rows <= 1.0 && t.columns >= 0.05 && t.columns <= 1.0;
    let both = |holds: &dyn Fn(&TreeOptions) -> bool| holds(&options.fraud) && holds(&options.critical);
    let faults = [
        (options.folds >= 2, "folds", "at least 2"),
        (options.smoothing > 0.0 && options.smoothing.is_finite(), "smoothing", "above 0"),
        (both(&trees), "trees, leaves and depth", "1 to 5,000, 2 to 10,000 and 1 to 32"),
        (both(&shares), "shares of rows and columns", "above 0 and at most 1"),
        (share(options.fraud_cuts) && share(options.critical_cuts), "the shares of the lanes", "in order: red, yellow, uncertain"),
    ];
    faults.into_iter().find(|(holds, ..)| !holds).map_or(Ok(()), |(_, name, must)| Err(TrainFault::Option(name, must)))
}

fn one_of_each(name: &'static str, rows: &[Row]) -> Result<(), TrainFault> {
    u32::try_from(rows.len()).map_err(|_| TrainFault::TooMany(u32::MAX))?;
    let frauds = count(rows, |row| row.fraud) as usize;
    if frauds == 0 || frauds == rows.len() { Err(TrainFault::OneClass(name)) } else { Ok(()) }
}

fn count(rows: &[Row], of: fn(&Row) -> bool) -> u32 {
    rows.iter().filter(|row| of(row)).count() as u32
}
