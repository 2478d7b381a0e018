//! Lower tail of a rank sum (Mann & Whitney 1947): exact for small samples, a bound that is never too small for large ones.
#![expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]

/// Steps that an exact tail may cost.
const AFFORDABLE: usize = 1_000_000;

/// Twice the mid-rank of each value among all, in their order: whole numbers, ties share their mean.
pub(super) fn double_ranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        for index in tied {
            ranks[*index] = 2 * before + tied.len() + 1;
        }
        before += tied.len();
    }
    ranks
}

/// Chance that `chosen` of all `ranks` (doubled), drawn without return, sum to `sum` or less.
pub(super) fn lower_tail(ranks: &[usize], chosen: usize, sum: usize) -> f64 {
    if ranks.len().saturating_mul(chosen).saturating_mul(sum + 1) <= AFFORDABLE { exact(ranks, chosen, sum) } else { bound(ranks.len(), chosen, sum) }
}

/// Counts the subsets by size and sum.
fn exact(ranks: &[usize], chosen: usize, sum: usize) -> f64 {
    let width = sum + 1;
    let mut ways = vec![0.0_f64; (chosen + 1) * width];
    ways[0] = 1.0;
    for rank in ranks {
        for size in (1..=chosen).rev() {
            for total in (*rank..width).rev() {
                ways[size * width + total] += ways[(size - 1) * width + total - rank];
            }
        }
    }
    let subsets: f64 = (0..chosen).map(|k| (ranks.len() - k) as f64 / (chosen - k) as f64).product();
    (ways[chosen * width..].iter().sum::<f64>() / subsets).min(1.0)
}

/// Chernoff's bound with the exact generating function of the statistic U, a Gaussian binomial coefficient: the product over i to m of
/// (1 - q^(n+i)) ÷ (1 - q^i), divided by the number of subsets, q = e^-t. Mid-ranks are means over broken ties, so theirs is smaller.
fn bound(all: usize, chosen: usize, sum: usize) -> f64 {
    let (m, n) = (chosen.min(all - chosen), chosen.max(all - chosen));
    let u = sum as f64 / 2.0 - (chosen * (chosen + 1)) as f64 / 2.0;
    let sizes = || (1..=m).map(|i| (i as f64, (n + i) as f64));
    let slope = |t: f64| u + sizes().map(|(i, j)| j / libm::expm1(t * j) - i / libm::expm1(t * i)).sum::<f64>();
    // Any t > 0 gives a bound; the best is where the slope turns. The logarithm of t is halved.
    let (mut low, mut high) = (libm::log(1e-3 / (all * all) as f64), libm::log(10.0));
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if slope(libm::exp(middle)) < 0.0 { low = middle } else { high = middle }
    }
    let t = libm::exp(low);
    let subsets: f64 = sizes().map(|(i, j)| libm::log(j / i)).sum();
    let generating: f64 = sizes().map(|(i, j)| libm::log(libm::expm1(-t * j) / libm::expm1(-t * i))).sum();
    libm::exp(t * u + generating - subsets).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_share_their_mean_rank() {
        assert_eq!(double_ranks(&[3.0, 1.0, 3.0, 0.5]), [7, 4, 7, 2]);
    }

    #[test]
    fn the_published_table_comes_out() {
        // Samples of 4 and 6: U of at most 2 in 4 of the 210 subsets, so rank sums of at most 12.
        let ranks: Vec<usize> = (1..=10).map(|r| 2 * r).collect();
        assert!((lower_tail(&ranks, 4, 24) - 4.0 / 210.0).abs() < 1e-12);
    }

    #[test]
    fn the_bound_is_near_the_exact_tail() {
        let ranks: Vec<usize> = (1..=40).map(|r| 2 * r).collect();
        let (tail, bound) = (exact(&ranks, 15, 2 * 180), bound(40, 15, 2 * 180));
        assert!(tail < 1e-4 && bound > tail && bound < 20.0 * tail, "{tail:e} {bound:e}");
    }

    proptest! {
        #[test]
        fn the_exact_tail_is_what_walking_all_subsets_gives(values in prop::collection::vec(0_u32..6, 2..10), size in 1_usize..9) {
            let ranks = double_ranks(&values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
            let chosen = size.min(ranks.len() - 1);
            let sums: Vec<usize> = (0_u32..1 << ranks.len())
                .filter(|set| set.count_ones() as usize == chosen)
                .map(|set| ranks.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, r)| *r).sum())
                .collect();
            for sum in [sums[0], sums[sums.len() / 2]] {
                let share = sums.iter().filter(|s| **s <= sum).count() as f64 / sums.len() as f64;
                prop_assert!((exact(&ranks, chosen, sum) - share).abs() < 1e-9);
                prop_assert!(bound(ranks.len(), chosen, sum) >= share - 1e-12);
            }
        }
    }
}
