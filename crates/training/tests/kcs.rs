//! What the model must reach on the Korean data, trained on the year 2020 alone.
#![expect(clippy::unwrap_used, reason = "a test")]
use std::path::Path;

use risk_domain::model::{Model, Target};
use training::{Evaluation, Options, Row, as_lodged, evaluate, read_kcs, train};

/// Resamples of the intervals depend on this seed, the measures do not, but for ties at the edge of a share.
const SEED: u64 = 1;

#[expect(clippy::disallowed_methods, reason = "the data set is named by environment and not part of the project")]
fn rows() -> Option<[Vec<Row>; 3]> {
    let Ok(directory) = std::env::var("KCS_DIR") else {
        eprintln!("KCS_DIR is not set: the model is not judged on the Korean data");
        return None;
    };
    Some(["train.csv", "valid.csv", "test.csv"].map(|name| read_kcs(&Path::new(&directory).join(name)).unwrap()))
}

fn value(evaluation: &Evaluation, target: Target, stratum: &str, measure: &str) -> f64 {
    let found = evaluation.measure(target, stratum, measure).unwrap();
    eprintln!("{target:?} {stratum} {measure}: {:.3} [{:.3}, {:.3}]", found.value, found.low, found.high);
    found.value
}

#[test]
fn the_korean_data_are_judged_as_well_as_published_and_new_goods_no_better_than_possible() {
    let Some([history, valid, test]) = rows() else { return };
    let trained = train(&history, &valid, &Options::default(), &mut |_| {}).unwrap();
    let model = Model::read(&trained.bytes).unwrap();

    let tested = evaluate(&model, &test, None, SEED);
    let all = |measure| value(&tested, Target::Fraud, "all", measure);
    assert!(all("auc") >= 0.978);
    assert!(all("ap") >= 0.940);
    assert!(all("precision_5") >= 0.99);
    assert!(all("precision_10") >= 0.99);
    assert!(all("precision_20") >= 0.885);
    assert!(all("calibration_error") <= 0.02);
    let unseen = value(&tested, Target::Fraud, "unseen", "auc");
    assert!((0.60..=0.70).contains(&unseen), "more than 0.70 means that something leaks");

    let both: Vec<Row> = valid.iter().chain(&test).cloned().collect();
    let judged = evaluate(&model, &both, None, SEED);
    assert_eq!(judged.targets[1].strata[0].cases, 98);
    assert!(value(&judged, Target::Critical, "all", "ap") >= 0.78);
    assert!(value(&judged, Target::Critical, "all", "recall_10") >= 0.90);
}

#[test]
fn the_model_s_own_table_and_the_history_agree_on_what_was_seen() {
    let Some([history, valid, test]) = rows() else { return };
    let trained = train(&history, &valid, &Options::default(), &mut |_| {}).unwrap();
    let model = Model::read(&trained.bytes).unwrap();
    let unseen = |history| evaluate(&model, &test, history, SEED).targets[0].strata[1].rows;
    assert_eq!(unseen(None), unseen(Some(&history)));
}

#[test]
fn rows_as_lodged_here_keep_most_of_what_they_tell() {
    let Some(read) = rows() else { return };
    let [history, valid, test] = read.map(as_lodged);
    let model = Model::read(&train(&history, &valid, &Options::default(), &mut |_| {}).unwrap().bytes).unwrap();
    let tested = evaluate(&model, &test, None, SEED);
    assert!(value(&tested, Target::Fraud, "all", "auc") >= 0.97);
    assert!(value(&tested, Target::Fraud, "unseen", "auc") <= 0.70);
}
