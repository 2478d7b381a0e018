//! Percentiles by the nearest rank, in integers.

/// The smallest value such that at least `per_mille` thousandths of all values are not above it (nearest rank; PostgreSQL's `percentile_disc`).
///
/// `sorted` ascends. `None` for no values or more than 1000 per mille.
pub fn percentile(sorted: &[i64], per_mille: u32) -> Option<i64> {
    if per_mille > 1000 {
        return None;
    }
    let rank = (u128::from(per_mille) * sorted.len() as u128).div_ceil(1000).max(1);
    sorted.get(usize::try_from(rank).ok()? - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_nearest_rank_is_a_value_of_the_sample() {
        assert_eq!(percentile(&[15, 20, 35, 40, 50], 300), Some(20));
        assert_eq!(percentile(&[15, 20, 35, 40, 50], 500), Some(35));
        assert_eq!(percentile(&[1, 2], 500), Some(1));
        assert_eq!(percentile(&[7], 0), Some(7));
        assert_eq!(percentile(&[1, 9], 1000), Some(9));
        assert_eq!(percentile(&[], 500), None);
        assert_eq!(percentile(&[1], 1001), None);
    }

    proptest! {
        #[test]
        fn enough_values_are_not_above_it_and_no_smaller_value_would_do(mut values in prop::collection::vec(-50_i64..50, 1..60), p in 0_u32..=1000) {
            values.sort_unstable();
            let found = percentile(&values, p).unwrap();
            let share = |limit: i64| values.iter().filter(|v| **v <= limit).count() * 1000;
            prop_assert!(share(found) >= p as usize * values.len());
            let smaller = values.iter().filter(|v| **v < found).max();
            prop_assert!(smaller.is_none_or(|s| share(*s) < p as usize * values.len()));
        }
    }
}
