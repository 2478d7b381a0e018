//! 95 % intervals by resampling whole goods tuples: repeats of one line of goods are one observation, not many.
use std::collections::HashMap;

use risk_domain::model::Key;

use crate::Row;
use crate::metric::{Measures, Ranked};

/// Resamples a stratum this often.
const RESAMPLES: usize = 1000;

/// A measured value and where 95 % of the resamples lie.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Number of the goods tuple of each row, and how many there are.
pub fn tuples(rows: &[&Row]) -> (Vec<usize>, usize) {
    let mut numbers = HashMap::new();
    let of_row = rows
        .iter()
        .map(|row| {
            let next = numbers.len();
            *numbers.entry(Key::Tuple.hash(&row.goods)).or_insert(next)
        })
        .collect();
    (of_row, numbers.len())
}

/// Every measure with its interval; `None` where it does not exist, as recall without a case.
pub fn measured(ranked: &Ranked, tuples: &[usize], count: usize, seed: u64) -> Vec<(&'static str, Option<Interval>)> {
    let values = ranked.measures(&vec![1; tuples.len()]);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut resampled: Vec<Measures> = Vec::with_capacity(RESAMPLES);
    let mut drawn = vec![0_u32; count];
    for _ in 0..RESAMPLES {
        drawn.fill(0);
        (0..count).for_each(|_| drawn[rng.usize(0..count)] += 1);
        let weights: Vec<u32> = tuples.iter().map(|tuple| drawn[*tuple]).collect();
        resampled.push(ranked.measures(&weights));
    }
    let named = values.named();
    named.into_iter().enumerate().map(|(index, (name, value))| (name, interval(value, resampled.iter().map(|m| m.named()[index].1)))).collect()
}

fn interval(value: f64, resampled: impl Iterator<Item = f64>) -> Option<Interval> {
    let mut sorted: Vec<f64> = resampled.filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get((share * sorted.len() as f64) as usize).copied();
    value.is_finite().then(|| at(0.025).zip(at(0.975))).flatten().map(|(low, high)| Interval { value, low, high })
}
