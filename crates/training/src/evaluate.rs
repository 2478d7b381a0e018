//! Judging a model on rows with known outcome, always in two strata: all rows, and rows whose goods tuple was never seen.
use std::collections::HashSet;

use risk_domain::model::{Key, Model, Target};
use serde::Serialize;

use crate::interval::{measured, tuples};
use crate::metric::Ranked;
use crate::{Interval, Row};

/// What a model is worth on some rows.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// SHA-256 of the artefact, in hex.
    pub model: String,
    pub rows: usize,
    /// What decided whether a tuple was seen: the model's own table, or a history that was given.
    pub seen_by: &'static str,
    pub targets: Vec<TargetReport>,
    /// Every row's scores, in the order of the rows.
    #[serde(skip)]
    pub scores: Vec<Scored>,
}

/// One target's strata.
#[derive(Debug, Clone, Serialize)]
pub struct TargetReport {
    pub target: Target,
    pub strata: Vec<StratumReport>,
}

/// Measures of one stratum.
#[derive(Debug, Clone, Serialize)]
pub struct StratumReport {
    /// `all` or `unseen`.
    pub stratum: &'static str,
    pub rows: usize,
    pub cases: usize,
    /// Distinct goods tuples: the independent observations.
    pub tuples: usize,
    /// By name, in the order of the tables.
    #[serde(serialize_with = "as_map")]
    pub measures: Vec<(&'static str, Option<Interval>)>,
    /// (false positive rate, recall).
    #[serde(skip)]
    pub roc: Vec<(f64, f64)>,
    /// (recall, precision).
    #[serde(skip)]
    pub precision_recall: Vec<(f64, f64)>,
    /// Mean probability, share of cases, rows.
    pub calibration: Vec<(f64, f64, usize)>,
}

/// A row's scores in millionths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scored {
    pub id: String,
    pub score: u32,
    pub critical_score: u32,
}

impl TargetReport {
    /// A measure of a stratum by name, e.g. `("unseen", "auc")`.
    pub fn measure(&self, stratum: &str, name: &str) -> Option<Interval> {
        let stratum = self.strata.iter().find(|s| s.stratum == stratum)?;
        stratum.measures.iter().find(|(of, _)| *of == name)?.1
    }
}

impl Evaluation {
    /// A measure by target, stratum and name.
    pub fn measure(&self, target: Target, stratum: &str, name: &str) -> Option<Interval> {
        self.targets.iter().find(|t| t.target == target)?.measure(stratum, name)
    }
}

/// Scores all rows and measures both targets in both strata. With `history` a tuple counts as seen if it is there, else if the model knows it.
pub fn evaluate(model: &Model, rows: &[Row], history: Option<&[Row]>, seed: u64) -> Evaluation {
    let given: Option<HashSet<u64>> = history.map(|rows| rows.iter().map(|row| Key::Tuple.hash(&row.goods)).collect());
    let unseen = |row: &Row| given.as_ref().map_or(!model.knows(&row.goods), |seen| !seen.contains(&Key::Tuple.hash(&row.goods)));
    let scores: Vec<Scored> = rows
        .iter()
        .map(|row| {
            let score = model.score(&row.goods);
            Scored { id: row.id.clone(), score: score.fraud, critical_score: score.critical }
        })
        .collect();
    let targets = [Target::Fraud, Target::Critical].map(|target| {
        let of = |scored: &Scored| match target {
            Target::Fraud => scored.score,
            Target::Critical => scored.critical_score,
        };
        let all: Vec<(&Row, u32)> = rows.iter().zip(&scores).map(|(row, scored)| (row, of(scored))).collect();
        let new: Vec<(&Row, u32)> = all.iter().filter(|(row, _)| unseen(row)).copied().collect();
        let mut found = report(target, &all, seed);
        found.strata.push(stratum("unseen", target, &new, seed));
        found
    });
    Evaluation {
        model: hex::encode(model.digest()),
        rows: rows.len(),
        seen_by: if history.is_some() { "the given history" } else { "the model's own table" },
        targets: targets.into(),
        scores,
    }
}

/// The anchor beside every model: no trees, only the share of cases among earlier rows of the same goods tuple, or of all rows if there are none.
pub fn look_up(model: &Model, rows: &[Row], target: Target, seed: u64) -> TargetReport {
    let about = model.about();
    let share = |row: &Row| {
        let known = model.seen(Key::Tuple, &row.goods);
        let (cases, of) = match (known.seen, target) {
            (0, Target::Fraud) => (about.frauds, about.rows),
            (0, Target::Critical) => (about.critical, about.rows),
            (seen, Target::Fraud) => (known.fraud, seen),
            (seen, Target::Critical) => (known.critical, seen),
        };
        u32::try_from(u64::from(cases) * 1_000_000 / u64::from(of.max(1))).unwrap_or(u32::MAX)
    };
    let scored: Vec<(&Row, u32)> = rows.iter().map(|row| (row, share(row))).collect();
    report(target, &scored, seed)
}

/// One target over all of the rows.
pub fn report(target: Target, scored: &[(&Row, u32)], seed: u64) -> TargetReport {
    TargetReport { target, strata: vec![stratum("all", target, scored, seed)] }
}

fn stratum(name: &'static str, target: Target, scored: &[(&Row, u32)], seed: u64) -> StratumReport {
    const POINTS: usize = 400;
    let rows: Vec<&Row> = scored.iter().map(|(row, _)| *row).collect();
    let ranked = Ranked::new(scored.iter().map(|(row, score)| (*score, row.is(target))), seed);
    let (of_row, count) = tuples(&rows);
    let (roc, precision_recall) = ranked.curves(POINTS);
    StratumReport {
        stratum: name,
        rows: rows.len(),
        cases: rows.iter().filter(|row| row.is(target)).count(),
        tuples: count,
        measures: measured(&ranked, &of_row, count, seed),
        roc,
        precision_recall,
        calibration: ranked.calibration(),
    }
}

fn as_map<S: serde::Serializer>(measures: &[(&'static str, Option<Interval>)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(measures.iter().copied())
}
