//! Rates with their intervals: Wilson's for counts, Hájek's for a sample drawn with known probabilities.
#![expect(clippy::float_arithmetic, reason = "statistics for people; nothing is decided from them")]
use serde::{Deserialize, Serialize};

use crate::select::WHOLE;

/// Concluded checks below which no rate is stated: the rule of thumb for a proportion (e.g. Cochran 1977, section 3.6), not a guess.
pub const LEAST: u64 = 30;

/// Two-sided 95 % of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A rate between 0 and 1 and the interval that covers it with 95 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Wilson's score interval (Wilson 1927) of `found` in `n`; fractions are allowed, for an effective sample size. `n` is above 0.
pub fn wilson(found: f64, n: f64) -> Rate {
    let value = found / n;
    let z2 = Z * Z;
    let centre = (value + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (value * (1.0 - value) / n + z2 / (4.0 * n * n)).sqrt();
    // At 0 and 1 the bound is the value itself; rounding must not push it past.
    Rate { value, low: (centre - half).clamp(0.0, value), high: (centre + half).clamp(value, 1.0) }
}

/// `a - b` with Newcombe's hybrid score interval (Newcombe 1998, method 10).
pub fn difference(a: Rate, b: Rate) -> Rate {
    let square = |x: f64| x * x;
    let value = a.value - b.value;
    let low = value - (square(a.value - a.low) + square(b.high - b.value)).sqrt();
    let high = value + (square(a.high - a.value) + square(b.value - b.low)).sqrt();
    Rate { value, low, high }
}

/// A sample in which every element has its own probability to be in it (Poisson sampling).
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    n: u64,
    pending: u64,
    found: u64,
    /// Sums of w, w², w·y and of (1 - π)w², the same times y; w = 1 / π, y = 1 for a find.
    weight: f64,
    square: f64,
    hits: f64,
    spread: f64,
    spread_hits: f64,
}

impl Sample {
    /// One element with its probability in millionths; without a conclusion it only counts as pending.
    pub fn add(&mut self, propensity: u32, found: Option<bool>) {
        let Some(found) = found.filter(|_| propensity > 0) else {
            self.pending += 1;
            return;
        };
        let chance = f64::from(propensity.min(WHOLE)) / f64::from(WHOLE);
        let (weight, hit) = (1.0 / chance, if found { 1.0 } else { 0.0 });
        let spread = (1.0 - chance) * weight * weight;
        self.n += 1;
        self.found += u64::from(found);
        self.weight += weight;
        self.square += weight * weight;
        self.hits += weight * hit;
        self.spread += spread;
        self.spread_hits += spread * hit;
    }

    /// The rate among everything the sample was drawn from: Hájek's ratio (Hájek 1971) of the totals of Horvitz and Thompson (1952).
    ///
    /// The interval is Wilson's at Kish's effective sample size (Kish 1965): unlike the normal one it holds near 0.
    pub fn estimate(&self) -> Estimate {
        let plain = Estimate { concluded: self.n, pending: self.pending, found: self.found, ..Estimate::default() };
        if self.n < LEAST {
            return plain;
        }
        let value = self.hits / self.weight;
        let effective = self.weight * self.weight / self.square;
        // Linearised: the sum of (1 - π)·w²·(y - rate)² over (sum of w)²; y² = y.
        let variance = (self.spread_hits * (1.0 - 2.0 * value) + self.spread * value * value) / (self.weight * self.weight);
        let total = Total { value: self.hits, standard_error: self.spread_hits.sqrt(), declarations: self.weight };
        Estimate { rate: Some(wilson(value * effective, effective)), effective, standard_error: variance.max(0.0).sqrt(), total, ..plain }
    }
}

/// What a random sample says of all that it was drawn from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub concluded: u64,
    pub pending: u64,
    pub found: u64,
    /// Absent below [`LEAST`] concluded.
    pub rate: Option<Rate>,
    /// Kish's effective sample size.
    pub effective: f64,
    /// Of the rate.
    pub standard_error: f64,
    pub total: Total,
}

/// Horvitz and Thompson's totals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// Finds among all declarations, checked or not.
    pub value: f64,
    pub standard_error: f64,
    /// Declarations that the concluded sample stands for.
    pub declarations: f64,
}
