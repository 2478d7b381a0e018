//! What the learned score costs and is worth.
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use risk_domain::model::{Model, Target};
use training::{Options, Row, evaluate, generate, read_kcs, train};

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

/// The anchors: a plain look-up of the goods tuple, and the published table's LightGBM (arXiv:2208.02484) where it names a figure.
fn korean(history: &[Row], valid: &[Row], test: &[Row]) -> Vec<Figure> {
    let Some((model, mut figures)) = trained(history, valid) else {
        return Vec::new();
    };
    let tested = evaluate(&model, test, None, SEED);
    let both: Vec<Row> = valid.iter().chain(test).cloned().collect();
    let critical = evaluate(&model, &both, None, SEED);
    let mut add = |on: &str, evaluation: &training::Evaluation, target, stratum, measure, must: Option<f64>, anchor: Option<f64>| {
        let Some(found) = evaluation.measure(target, stratum, measure) else {
            return;
        };
        let name = format!("{} on {on}, {stratum} rows: {} [{:.3}, {:.3}]", Target::name(target), measure.replace('_', " "), found.low, found.high);
        figures.push(Figure { must, anchor, ..Figure::new(name, "", found.value) });
    };
    for (measure, must, anchor) in [
        ("auc", Some(0.978), Some(0.976)),
        ("ap", Some(0.940), Some(0.916)),
        ("precision_5", Some(0.99), Some(0.762)),
        ("precision_10", Some(0.99), Some(0.641)),
        ("precision_20", Some(0.885), Some(0.888)),
        ("calibration_error", Some(0.02), None),
    ] {
        add("test", &tested, Target::Fraud, "all", measure, must, anchor);
    }
    add("test", &tested, Target::Fraud, "unseen", "auc", Some(0.60), Some(0.5));
    add("test", &tested, Target::Fraud, "unseen", "precision_10", None, None);
    add("valid and test", &critical, Target::Critical, "all", "ap", Some(0.78), None);
    add("valid and test", &critical, Target::Critical, "all", "recall_10", Some(0.90), None);
    add("valid and test", &critical, Target::Critical, "unseen", "auc", None, Some(0.5));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_history_gives_every_figure_of_speed() {
        assert_eq!(figures(None).len(), 5);
    }
}
