//! What the draws predict: the exact chance of every candidate under the two-draw rule, known before the draw is made.
use serde::{Deserialize, Serialize};

use crate::{
    assign::{Assignment, Candidate},
    two::{Weight, lighter},
};

/// A probability as an exact fraction, at most 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chance {
    pub numerator: u64,
    /// Never 0.
    pub denominator: u64,
}

impl Chance {
    /// The nearest number.
    #[expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]
    pub fn value(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// The chance of each, in their order: of the n·(n-1) equally likely pairs of draws, the share that ends with it.
///
/// One that is lighter than L others and as heavy as E others has (2·L + E) ÷ (n·(n-1)), so nobody ever has more than 2 ÷ n.
pub fn chances(weights: &[Weight]) -> Vec<Chance> {
    let n = weights.len() as u64;
    let mut won = vec![0_u64; weights.len()];
    for (i, a) in weights.iter().enumerate() {
        for (j, b) in weights.iter().enumerate().skip(i + 1) {
            if lighter(*a, *b) {
                won[i] += 2;
            } else if lighter(*b, *a) {
                won[j] += 2;
            } else {
                won[i] += 1;
                won[j] += 1;
            }
        }
    }
    if n == 1 {
        return vec![Chance { numerator: 1, denominator: 1 }];
    }
    won.into_iter().map(|numerator| Chance { numerator, denominator: n * (n - 1) }).collect()
}

/// The chance of each candidate of an assignment, in their order.
pub fn probabilities(candidates: &[Candidate]) -> Vec<Chance> {
    chances(&candidates.iter().map(Candidate::weight).collect::<Vec<_>>())
}

impl Assignment {
    /// Every candidate's code and chance, as the pair monitor wants them.
    pub fn chances(&self) -> Vec<(&str, Chance)> {
        self.candidates.iter().map(|c| c.code.as_str()).zip(probabilities(&self.candidates)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weights(points: &[u64]) -> Vec<Weight> {
        points.iter().map(|p| Weight { points: *p, minutes: 60 }).collect()
    }

    fn numerators(points: &[u64]) -> Vec<u64> {
        chances(&weights(points)).iter().map(|c| c.numerator).collect()
    }

    #[test]
    fn the_lightest_of_four_has_half_and_the_heaviest_has_nothing() {
        // n·(n-1) = 12 pairs of draws; the lightest is in 6 of them.
        assert_eq!(numerators(&[30, 10, 40, 20]), [2, 6, 0, 4]);
    }

    #[test]
    fn equals_have_equal_chances() {
        assert_eq!(numerators(&[7, 7, 7]), [2, 2, 2]);
        assert_eq!(numerators(&[0]), [1]);
        assert!(chances(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn chances_are_what_counting_all_pairs_of_draws_gives(list in prop::collection::vec((0_u64..5, 1_u64..4), 2..9)) {
            let list: Vec<Weight> = list.into_iter().map(|(points, minutes)| Weight { points, minutes }).collect();
            let n = list.len();
            let mut won = vec![0_u64; n];
            for first in 0..n {
                for other in 0..n - 1 {
                    let second = if other >= first { other + 1 } else { other };
                    won[if lighter(list[second], list[first]) { second } else { first }] += 1;
                }
            }
            let chances = chances(&list);
            prop_assert_eq!(chances.iter().map(|c| c.numerator).collect::<Vec<_>>(), won);
            prop_assert_eq!(chances.iter().map(|c| c.numerator).sum::<u64>(), chances[0].denominator);
            prop_assert!(chances.iter().all(|c| c.numerator * n as u64 <= 2 * c.denominator));
        }
    }
}
