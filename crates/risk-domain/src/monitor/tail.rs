//! Upper tail of a sum of independent trials with known, different chances (Poisson-binomial, Hong 2013, doi 10.1016/j.csda.2012.10.006).
#![expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]

/// Below this a state is dropped and what it weighed is added to the tail: the result is never too small.
const NEGLIGIBLE: f64 = 1e-150;

/// P(N ≥ `least`), N = successes in independent trials; `groups` of (chance, trials).
///
/// Exact up to rounding by the recurrence over trials, `least` absorbing; sums of positive terms only, so small tails keep their digits
/// down to about 1e-145. Costs trials × `least` steps.
pub fn upper_tail(groups: &[(f64, u32)], least: u32) -> f64 {
    let trials: u64 = groups.iter().filter(|(p, _)| *p > 0.0).map(|(_, count)| u64::from(*count)).sum();
    if least == 0 || u64::from(least) > trials {
        return if least == 0 { 1.0 } else { 0.0 };
    }
    let mut states = States::new(least as usize);
    for &(chance, count) in groups.iter().filter(|(p, _)| *p > 0.0) {
        for _ in 0..count {
            states.trial(chance);
        }
    }
    (states.reached + states.dropped).min(1.0)
}

/// Probabilities of 0 to `least` - 1 successes so far, the highest first, of which `top..=bottom` are in use.
struct States {
    mass: Vec<f64>,
    top: usize,
    bottom: usize,
    reached: f64,
    dropped: f64,
}

impl States {
    fn new(least: usize) -> Self {
        let mut mass = vec![0.0; least];
        mass[least - 1] = 1.0;
        Self { mass, top: least - 1, bottom: least - 1, reached: 0.0, dropped: 0.0 }
    }

    fn trial(&mut self, p: f64) {
        if self.top == 0 {
            self.reached += p * self.mass[0];
        } else if p * self.mass[self.top] >= NEGLIGIBLE {
            self.top -= 1;
        } else {
            self.dropped += p * self.mass[self.top];
        }
        let q = 1.0 - p;
        let states = &mut self.mass[self.top..=self.bottom];
        for i in 0..states.len() - 1 {
            states[i] = q * states[i] + p * states[i + 1];
        }
        if let Some(lowest) = states.last_mut() {
            *lowest *= q;
        }
        while self.bottom > self.top && self.mass[self.bottom] < NEGLIGIBLE {
            self.dropped += self.mass[self.bottom];
            self.mass[self.bottom] = 0.0;
            self.bottom -= 1;
        }
    }
}

/// True if the tail of a sum with this mean and variance is certainly above `level`, without computing it.
///
/// At or below the mean's whole part the tail is at least one half (Jogdeo & Samuels 1968); else Berry-Esseen with constant 0.56
/// (Shevtsova 2010) over the standard deviation.
pub(super) fn surely_above(level: f64, mean: f64, variance: f64, observed: f64) -> bool {
    if observed <= libm::floor(mean) {
        return level < 0.5;
    }
    if variance <= 0.0 {
        return false;
    }
    let deviation = libm::sqrt(variance);
    let normal = 0.5 * libm::erfc((observed - 1.0 - mean) / deviation / std::f64::consts::SQRT_2);
    normal - 0.56 / deviation > level
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
    }

    #[test]
    fn equal_chances_give_the_binomial() {
        // Summed with exact fractions: 1000 trials at 1/20, at least 98.
        assert!((upper_tail(&[(0.05, 1000)], 98) / 3.770198335180576e-10 - 1.0).abs() < 1e-10, "{:e}", upper_tail(&[(0.05, 1000)], 98));
    }

    #[test]
    fn the_ends_are_certain_and_impossible() {
        assert!(close(upper_tail(&[(0.3, 7)], 0), 1.0));
        assert!(close(upper_tail(&[(0.3, 7), (0.0, 5)], 8), 0.0));
        assert!(close(upper_tail(&[(1.0, 7)], 7), 1.0));
    }

    #[test]
    fn a_tail_too_small_to_follow_is_reported_too_large_never_too_small() {
        let tail = upper_tail(&[(0.01, 3000)], 2500);
        assert!(tail > 0.0 && tail < 1e-140, "{tail:e}");
    }

    proptest! {
        #[test]
        fn the_tail_is_what_walking_all_outcomes_gives(chances in prop::collection::vec(0.01_f64..0.99, 1..11), least in 0_u32..11) {
            let by_hand: f64 = (0_u32..1 << chances.len())
                .filter(|outcome| outcome.count_ones() >= least)
                .map(|outcome| chances.iter().enumerate().map(|(i, p)| if outcome >> i & 1 == 1 { *p } else { 1.0 - p }).product::<f64>())
                .sum();
            let groups: Vec<(f64, u32)> = chances.iter().map(|p| (*p, 1)).collect();
            prop_assert!((upper_tail(&groups, least) - by_hand).abs() <= 1e-12 * by_hand.max(1e-3));
        }

        #[test]
        fn what_is_skipped_is_never_significant(p in 0.02_f64..0.5, n in 1_u32..1500, above in 0.0_f64..4.0) {
            let (mean, variance) = (p * f64::from(n), p * (1.0 - p) * f64::from(n));
            let observed = (mean + above * variance.sqrt()).floor().min(f64::from(n));
            if surely_above(0.05, mean, variance, observed) {
                prop_assert!(upper_tail(&[(p, n)], observed as u32) > 0.05);
            }
        }
    }
}
