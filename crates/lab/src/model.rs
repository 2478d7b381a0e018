//! What the learned score costs and is worth.
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use risk_domain::model::{Model, Target};
use training::{Evaluation, Options, Row, TargetReport, evaluate, generate, look_up, read_kcs, train};

use crate::{Figure, median_ns};

/// Rows of the made-up history that stands in where the Korean data are not there.
const MADE_UP: usize = 30_000;
const SEED: u64 = 1;

/// Speed of scoring, explaining and training; and, where `kcs` names the directory of the Korean data, what the model reaches on them.
pub fn figures(kcs: Option<&Path>) -> Vec<Figure> {
    match kcs.and_then(read_all) {
        Some([history, valid, test]) => korean(&history, &valid, &test),
        None => {
            let rows = generate(SEED, MADE_UP);
            let (history, valid) = rows.split_at(MADE_UP * 4 / 5);
            trained(history, valid).map_or_else(Vec::new, |(_, figures)| figures)
        }
    }
}

fn read_all(directory: &Path) -> Option<[Vec<Row>; 3]> {
    let read = |name: &str| read_kcs(&directory.join(name)).ok();
    Some([read("train.csv")?, read("valid.csv")?, read("test.csv")?])
}

#[expect(clippy::float_arithmetic, clippy::disallowed_methods, reason = "a measurement, not a decision")]
fn trained(history: &[Row], valid: &[Row]) -> Option<(Model, Vec<Figure>)> {
    let start = Instant::now();
    let bytes = train(history, valid, &Options::default(), &mut |_| {}).ok()?.bytes;
    let seconds = start.elapsed().as_secs_f64();
    let model = Model::read(&bytes).ok()?;
    let scored = &valid[..valid.len().min(2000)];
    let score = median_ns(9, scored.len(), || {
        for row in scored {
            black_box(model.score(black_box(&row.goods)));
        }
    });
    let explained = &valid[..valid.len().min(200)];
    let explain = median_ns(5, explained.len(), || {
        for row in explained {
            black_box(model.contributions(black_box(&row.goods)));
        }
    });
    let read = median_ns(5, 1, || {
        black_box(Model::read(black_box(&bytes)).is_ok());
    });
    let figures = vec![
        Figure::new("score of a goods line, both targets", "us", score / 1e3).must(25.0),
        Figure::new("exact contributions of a goods line", "ms", explain / 1e6).must(3.0),
        Figure::new("reading a model", "ms", read / 1e6),
        Figure::new("size of a model", "MB", bytes.len() as f64 / 1e6),
        Figure::new(format!("training both targets on {} rows", history.len()), "s", seconds),
    ];
    Some((model, figures))
}

/// The anchor is a plain look-up of the goods tuple in the same history; on unseen tuples that is a coin.
fn korean(history: &[Row], valid: &[Row], test: &[Row]) -> Vec<Figure> {
    let Some((model, mut figures)) = trained(history, valid) else {
        return Vec::new();
    };
    let both: Vec<Row> = valid.iter().chain(test).cloned().collect();
    let fraud = Judged::of("test", Target::Fraud, &model, test);
    let critical = Judged::of("valid and test", Target::Critical, &model, &both);
    figures.extend([
        fraud.figure("all", "auc", Some(0.978)),
        fraud.figure("all", "ap", Some(0.940)),
        fraud.figure("all", "precision_5", Some(0.99)),
        fraud.figure("all", "precision_10", Some(0.99)),
        fraud.figure("all", "precision_20", Some(0.885)),
        fraud.figure("all", "calibration_error", Some(0.02)),
        fraud.figure("unseen", "auc", Some(0.60)),
        fraud.figure("unseen", "precision_10", None),
        critical.figure("all", "ap", Some(0.78)),
        critical.figure("all", "recall_10", Some(0.90)),
        critical.figure("unseen", "auc", None),
    ]);
    figures
}

/// One target on some rows, with what a look-up reaches on them.
struct Judged<'n> {
    on: &'n str,
    target: Target,
    evaluation: Evaluation,
    anchor: TargetReport,
}

impl<'n> Judged<'n> {
    fn of(on: &'n str, target: Target, model: &Model, rows: &[Row]) -> Self {
        Self { on, target, evaluation: evaluate(model, rows, None, SEED), anchor: look_up(model, rows, target, SEED) }
    }

    /// A measure that does not exist is NaN and keeps no bound.
    fn figure(&self, stratum: &str, measure: &str, must: Option<f64>) -> Figure {
        let found = self.evaluation.measure(self.target, stratum, measure);
        let interval = found.map(|f| format!(" [{:.3}, {:.3}]", f.low, f.high)).unwrap_or_default();
        let name = format!("{} on {}, {stratum} rows: {}{interval}", self.target.name(), self.on, measure.replace('_', " "));
        let coin = (stratum == "unseen" && measure == "auc").then_some(0.5);
        let anchor = self.anchor.measure(stratum, measure).map(|a| a.value).or(coin);
        Figure { must, anchor, ..Figure::new(name, "", found.map_or(f64::NAN, |f| f.value)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_history_gives_every_figure_of_speed() {
        assert_eq!(figures(None).len(), 5);
    }
}
