//! False-discovery control over all pairs tested (Benjamini & Yekutieli 2001, doi 10.1214/aos/1013699998).
#![expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]

/// The q-value of each p-value, in their order; `untold` further tests had p-values of 1.
///
/// Benjamini-Yekutieli: it holds under any dependence, and the counts of one declarant's officers exclude each other while a trader's are
/// part of its declarant's. If no pair is steered, the chance of any q-value at or below a level is at most that level.
pub(super) fn q_values(p_values: &[f64], untold: usize) -> Vec<f64> {
    let tests = p_values.len() + untold;
    let harmonic: f64 = (1..=tests).map(|k| 1.0 / k as f64).sum();
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut q = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, index) in order.into_iter().enumerate().rev() {
        least = least.min(p_values[index] * tests as f64 * harmonic / (rank + 1) as f64);
        q[index] = least;
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_values_are_the_published_formula() {
        // Four tests: sum of 1/k = 25/12.
        let q = q_values(&[0.03, 0.001, 0.02], 1);
        let by_hand: [f64; 3] = [0.03 * 4.0 / 3.0 * 25.0 / 12.0, 0.001 * 4.0 * 25.0 / 12.0, 0.02 * 4.0 / 2.0 * 25.0 / 12.0];
        // The second largest may not exceed the largest.
        let expected = [by_hand[0], by_hand[1], by_hand[2].min(by_hand[0])];
        assert!(q.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{q:?} {expected:?}");
    }

    #[test]
    fn no_tests_no_values() {
        assert!(q_values(&[], 0).is_empty());
    }
}
