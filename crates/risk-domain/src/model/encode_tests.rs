//! The encoder against columns that a second implementation computed from its description.
use std::collections::BTreeMap;

use super::super::Table;
use super::*;

#[derive(serde::Deserialize)]
struct Vector {
    smoothing: f64,
    fraud_prior: f64,
    critical_prior: f64,
    rows: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    goods: Goods,
    fraud: bool,
    critical: bool,
    /// Missing values are null.
    columns: Vec<Option<f64>>,
    tuple_hash: String,
}

#[test]
fn columns_are_those_of_the_test_vector() {
    let vector: Vector = serde_json::from_str(include_str!("encoder_vector.json")).unwrap();
    let mut counts: BTreeMap<u64, Counts> = BTreeMap::new();
    for row in &vector.rows {
        for key in Key::ALL {
            let counts = counts.entry(key.hash(&row.goods)).or_default();
            counts.seen += 1;
            counts.fraud += u32::from(row.fraud);
            counts.critical += u32::from(row.critical);
        }
    }
    let table = Table::new(counts.into_iter()).unwrap();
    let priors = Priors { smoothing: vector.smoothing, fraud: vector.fraud_prior, critical: vector.critical_prior };
    assert_eq!(vector.rows.len(), 20);
    for (number, row) in vector.rows.iter().enumerate() {
        assert_eq!(Key::Tuple.hash(&row.goods).to_string(), row.tuple_hash, "row {number}");
        let columns = encode(&row.goods, &priors, |_, hash| table.get(hash));
        assert_eq!(row.columns.len(), COLUMNS);
        for (index, (ours, theirs)) in columns.iter().zip(&row.columns).enumerate() {
            let agrees = theirs.map_or(ours.is_nan(), |theirs| (ours - theirs).abs() < 1e-12);
            assert!(agrees, "row {number}, {:?}: {ours} and {theirs:?}", Column::at(index));
        }
    }
}
