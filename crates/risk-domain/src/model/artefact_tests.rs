//! The artefact survives its own bytes and refuses all others.
use std::collections::BTreeMap;

use super::super::forest::tests::trees;
use super::*;
use proptest::prelude::*;

fn goods() -> Goods {
    Goods {
        hs: "07141011".into(),
        departure: "LA".into(),
        origin: "TH".into(),
        tax_rate: 80_000,
        tax_type: "B01".into(),
        net_mass_g: 1_250_000,
        price: 3_000_000,
        procedure: "A11".into(),
        transport: "4".into(),
    }
}

fn parts(fraud: Vec<Vec<TreeNode>>, critical: Vec<Vec<TreeNode>>) -> Parts {
    let mut entries: Vec<_> = Key::ALL.iter().map(|k| (k.hash(&goods()), Counts { seen: 200, fraud: 30, critical: 2 })).collect();
    entries.sort_unstable_by_key(|(hash, _)| *hash);
    let about = About {
        source: "made up".into(),
        made_up: true,
        from: "2025-01-01".into(),
        to: "2025-12-31".into(),
        rows: 200,
        frauds: 30,
        critical: 2,
        valid_rows: 0,
        data_digest: String::new(),
        trainer: "none".into(),
        seed: 0,
        thresholds: super::super::Thresholds::default(),
        metrics: BTreeMap::new(),
    };
    let priors = Priors { smoothing: 10.0, fraud: 0.2, critical: 0.01 };
    Parts { about, priors, entries, fraud: (-1.5, fraud), critical: (-4.0, critical) }
}

fn small() -> Model {
    let tree = vec![
        TreeNode::Split { cover: 4.0, column: 0, threshold: 0.18, missing_left: true, left: 1 },
        TreeNode::Leaf { cover: 1.0, weight: 0.75 },
        TreeNode::Leaf { cover: 3.0, weight: -0.5 },
    ];
    Model::assemble(&parts(vec![tree.clone()], vec![tree])).unwrap()
}

#[test]
fn a_known_line_is_scored_by_its_history() {
    let model = small();
    assert!(model.knows(&goods()));
    // Rate 0.1524 < 0.18: -1.5 + 0.75 and -4 + 0.75, through the logistic function.
    assert_eq!(model.score(&goods()), Score { fraud: 320_821, critical: 37_327 });
    let stranger = Goods { hs: "999999".into(), ..goods() };
    assert!(!model.knows(&stranger));
    assert_eq!(model.score(&stranger), Score { fraud: 119_203, critical: 10_987 });
}

#[test]
fn every_shortened_file_is_refused() {
    let bytes = small().write().to_vec();
    for length in 0..bytes.len() {
        assert!(Model::read(&bytes[..length]).is_err(), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Model::read(&longer).err(), Some(ModelFault::Trailing(1)));
}

#[test]
fn other_files_formats_and_encoders_are_refused_by_name() {
    let bytes = small().write().to_vec();
    let changed = |place: usize| {
        let mut other = bytes.clone();
        other[place] ^= 0x40;
        Model::read(&other).err()
    };
    let about = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]) as usize;
    assert_eq!(changed(0), Some(ModelFault::Magic));
    assert_eq!(changed(8), Some(ModelFault::Version(0x41)));
    assert_eq!(changed(16 + about), Some(ModelFault::Columns));
    assert!(matches!(changed(16), Some(ModelFault::About(_))));
}

#[test]
fn the_digest_is_that_of_the_file() {
    let model = small();
    let again = Model::read(model.write()).unwrap();
    assert_eq!(again.digest(), model.digest());
    let digest: Digest = Sha256::digest(model.write()).into();
    assert_eq!(model.digest(), digest);
}

proptest! {
    #[test]
    fn a_damaged_file_is_refused_or_scores_without_panic(place in any::<proptest::sample::Index>(), value in any::<u8>()) {
        let mut bytes = small().write().to_vec();
        let place = place.index(bytes.len());
        bytes[place] = value;
        if let Ok(model) = Model::read(&bytes) {
            let score = model.score(&goods());
            prop_assert!(score.fraud <= 1_000_000 && score.critical <= 1_000_000);
            model.contributions(&goods());
        }
    }

    #[test]
    fn a_model_reads_back_as_it_was_written(fraud in trees(), critical in trees()) {
        let model = Model::assemble(&parts(fraud.clone(), critical.clone())).unwrap();
        prop_assert_eq!(model.forest(Target::Fraud).trees(), &fraud[..]);
        prop_assert_eq!(model.forest(Target::Critical).trees(), &critical[..]);
        prop_assert_eq!(model.about(), &parts(fraud, critical).about);
    }

    #[test]
    fn reasons_add_up_to_the_log_odds(fraud in trees()) {
        let model = Model::assemble(&parts(fraud.clone(), fraud)).unwrap();
        let reasons = model.reasons(&goods(), Target::Fraud);
        let sum: i64 = reasons.contributions.iter().map(|c| c.log_odds).sum();
        if !reasons.contributions.is_empty() {
            prop_assert_eq!(reasons.base + sum, reasons.log_odds);
        }
        prop_assert!((reasons.base + sum - reasons.log_odds).abs() <= 1);
    }
}
