//! A made-up history goes the whole way: trained, judged, described, and used on a live declaration.
use risk_domain::model::{Goods, Model, Score, Target};
use training::{Options, Row, TrainFault, card, cross_validate, evaluate, generate, train};

const ROWS: usize = 6000;

fn halves() -> (Vec<Row>, Vec<Row>) {
    let mut rows = generate(1, ROWS);
    let valid = rows.split_off(ROWS * 3 / 4);
    (rows, valid)
}

fn options() -> Options {
    let mut options = Options { source: "made up, seed 1".to_owned(), made_up: true, ..Options::default() };
    options.fraud.trees = 40;
    options.critical.trees = 40;
    options
}

#[test]
fn the_same_history_gives_the_same_bytes_and_another_seed_others() {
    let (history, valid) = halves();
    let bytes = |seed| train(&history, &valid, &Options { seed, ..options() }, &mut |_| {}).unwrap().bytes;
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn the_rules_behind_a_made_up_history_are_found() {
    let (history, valid) = halves();
    let trained = train(&history, &valid, &options(), &mut |_| {}).unwrap();
    let model = Model::read(&trained.bytes).unwrap();
    let judged = evaluate(&model, &generate(2, 3000), None, 1);
    assert!(judged.measure(Target::Fraud, "all", "auc").unwrap().value > 0.8);
    assert!(judged.measure(Target::Fraud, "unseen", "auc").unwrap().value > 0.75);
    let goods = |hs: &str| history.iter().find(|row| row.goods.hs == hs).unwrap().goods.clone();
    assert!(model.score(&goods("24022090")).fraud > 5 * model.score(&goods("25232990")).fraud);
}

#[test]
fn the_thresholds_put_the_asked_shares_of_the_valid_rows_into_the_lanes() {
    let (history, valid) = halves();
    let trained = train(&history, &valid, &options(), &mut |_| {}).unwrap();
    let model = Model::read(&trained.bytes).unwrap();
    let cuts = model.about().thresholds.fraud;
    let share = |cut: u32| valid.iter().filter(|row| model.score(&row.goods).fraud >= cut).count() * 1000 / valid.len();
    assert!((50..60).contains(&share(cuts.red)) && (199..215).contains(&share(cuts.yellow)), "{cuts:?}");
    assert!(cuts.uncertain < cuts.yellow);
}

#[test]
fn a_card_names_both_strata_and_says_that_the_history_is_made_up() {
    let (history, valid) = halves();
    let model = Model::read(&train(&history, &valid, &options(), &mut |_| {}).unwrap().bytes).unwrap();
    let judged = evaluate(&model, &valid, Some(&history), 1);
    let card = card(&model, &[("valid rows", &judged)]);
    assert!(card.markdown.contains("made up") && card.markdown.contains("| all | unseen |"));
    assert_eq!(card.curves.len(), 6);
    for curve in &card.curves {
        assert!(curve.svg.starts_with("<svg") && curve.svg.ends_with("</svg>\n"), "{}", curve.name);
        assert!(card.markdown.contains(&format!("({}.svg)", curve.name)));
    }
}

#[test]
fn a_history_of_one_kind_and_impossible_options_are_refused() {
    let (history, valid) = halves();
    let honest: Vec<Row> = history.iter().filter(|row| !row.fraud).cloned().collect();
    assert!(matches!(train(&honest, &valid, &options(), &mut |_| {}), Err(TrainFault::OneClass("the history"))));
    assert!(matches!(train(&history, &[], &options(), &mut |_| {}), Err(TrainFault::OneClass("the valid rows"))));
    let foldless = Options { folds: 1, ..options() };
    assert!(matches!(train(&history, &valid, &foldless, &mut |_| {}), Err(TrainFault::Option("folds", _))));
}

#[test]
fn without_enough_critical_cases_the_second_model_is_a_constant() {
    let (mut history, valid) = halves();
    let mut left = 5;
    for row in history.iter_mut().filter(|row| row.critical) {
        row.critical = left > 0;
        left -= i32::from(left > 0);
    }
    let model = Model::read(&train(&history, &valid, &options(), &mut |_| {}).unwrap().bytes).unwrap();
    let Score { critical, .. } = model.score(&valid[0].goods);
    assert_eq!(critical, model.score(&Goods::default()).critical);
    assert!((1000..2000).contains(&critical), "six of 4,501: {critical}");
}

#[test]
fn cross_validation_does_not_see_what_it_judges() {
    let mut rows = generate(1, 4000);
    // Outcomes by the toss of a coin: nothing can be learnt from them.
    let mut rng = fastrand::Rng::with_seed(9);
    rows.iter_mut().for_each(|row| (row.fraud, row.critical) = (rng.bool(), false));
    let judged = cross_validate(&rows, &options(), Target::Fraud, 4).unwrap();
    let auc = judged.measure("all", "auc").unwrap().value;
    assert!((0.46..0.54).contains(&auc), "{auc}");
}
