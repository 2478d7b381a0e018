//! Lower tail of a two-by-two table with a known odds ratio (Fisher's noncentral hypergeometric).
#![expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]

/// Findings and files of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Side {
    pub found: u32,
    pub files: u32,
}

impl Side {
    pub fn minus(self, other: Self) -> Self {
        Self { found: self.found.saturating_sub(other.found), files: self.files.saturating_sub(other.files) }
    }
}

/// P(findings of `side` ≤ those it has), all findings and files of both given, when its odds of a finding are `odds` times the other's.
pub(super) fn fewer(side: Side, other: Side, odds: f64) -> f64 {
    let all = side.found + other.found;
    let (least, most) = (all.saturating_sub(other.files), all.min(side.files));
    let weight = |x: u32| ln_choose(side.files, x) + ln_choose(other.files, all - x) + f64::from(x) * libm::log(odds);
    let weights: Vec<f64> = (least..=most).map(weight).collect();
    let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum = |weights: &[f64]| weights.iter().map(|w| libm::exp(w - largest)).sum::<f64>();
    (sum(&weights[..=(side.found - least) as usize]) / sum(&weights)).min(1.0)
}

/// Lower 99 % limit (Woolf 1955, with a half added to each cell) of the odds ratio of `side` to `other`, at most 1.
pub(super) fn least_odds(side: Side, other: Side) -> f64 {
    let cell = |n: u32| f64::from(n) + 0.5;
    let (a, b, c, d) = (cell(side.found), cell(side.files - side.found), cell(other.found), cell(other.files - other.found));
    let error = libm::sqrt(1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d);
    libm::exp(libm::log(a * d / (b * c)) - 2.326 * error).min(1.0)
}

fn ln_choose(n: u32, k: u32) -> f64 {
    let ln_factorial = |n: u32| libm::lgamma(f64::from(n) + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lady_tasting_tea_comes_out() {
        // Fisher 1935: of 8 cups 4 hold milk first; at most one right has 1/70 + 16/70.
        let side = |found| Side { found, files: 4 };
        assert!((fewer(side(1), side(3), 1.0) - 17.0 / 70.0).abs() < 1e-12);
        assert!((fewer(side(4), side(0), 1.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_officer_who_finds_less_everywhere_is_less_surprising_here() {
        let (pair, others) = (Side { found: 1, files: 60 }, Side { found: 120, files: 1000 });
        assert!(fewer(pair, others, 0.5) > 3.0 * fewer(pair, others, 1.0));
        assert!(least_odds(Side { found: 100, files: 2000 }, Side { found: 4000, files: 40_000 }) < 0.5);
        assert!((least_odds(Side { found: 400, files: 2000 }, Side { found: 4000, files: 40_000 }) - 1.0).abs() < 1e-12);
    }
}
