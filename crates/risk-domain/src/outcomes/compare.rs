//! Tests of distributions: chi-square for histograms, Fisher's exact one for rates.
#![expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "statistics for people; nothing is decided from them")]

/// Bins of a histogram of scores: ten equal parts of a million.
pub const BINS: usize = 10;

/// How likely a chi-square variable with `freedom` degrees exceeds `x`: the finite sum (Abramowitz and Stegun 26.4.4 and 26.4.5).
pub fn chi_square_tail(x: f64, freedom: u32) -> f64 {
    if x <= 0.0 || freedom == 0 {
        return 1.0;
    }
    let half = x / 2.0;
    let odd = freedom % 2 == 1;
    let mut tail = if odd { libm::erfc(half.sqrt()) } else { 0.0 };
    let mut power = if odd { 0.5 } else { 0.0 };
    while power < f64::from(freedom) / 2.0 {
        tail += libm::exp(power * libm::log(half) - half - libm::lgamma(power + 1.0));
        power += 1.0;
    }
    tail.clamp(0.0, 1.0)
}

/// Probability that two histograms so different come from one distribution (chi-square test of homogeneity); absent when either is empty.
pub fn same_distribution(a: &[u64; BINS], b: &[u64; BINS]) -> Option<f64> {
    let (n, m) = (a.iter().sum::<u64>() as f64, b.iter().sum::<u64>() as f64);
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let (k, l) = ((m / n).sqrt(), (n / m).sqrt());
    let filled = a.iter().zip(b).filter(|(a, b)| **a + **b > 0);
    let (chi, bins) = filled.fold((0.0, 0_u32), |(chi, bins), (a, b)| {
        let (a, b) = (*a as f64, *b as f64);
        (chi + (k * a - l * b) * (k * a - l * b) / (a + b), bins + 1)
    });
    Some(chi_square_tail(chi, bins.saturating_sub(1)))
}

/// Population stability index of `now` against `then` (Siddiqi 2006); half a count is added to each bin so that empty ones stay finite.
pub fn stability(then: &[u64; BINS], now: &[u64; BINS]) -> Option<f64> {
    let (n, m) = (then.iter().sum::<u64>(), now.iter().sum::<u64>());
    if n == 0 || m == 0 {
        return None;
    }
    let share = |count: u64, of: u64| (count as f64 + 0.5) / (of as f64 + BINS as f64 / 2.0);
    Some(then.iter().zip(now).map(|(then, now)| (share(*now, m), share(*then, n))).map(|(now, then)| (now - then) * libm::log(now / then)).sum())
}

/// Probability under one common rate of two samples at least as unlikely as these (Fisher's exact test, two-sided).
///
/// `a` and `b` are (finds, checks), finds at most checks.
pub fn same_rate(a: (u64, u64), b: (u64, u64)) -> f64 {
    let found = a.0 + b.0;
    let log = |k: u64| choose(a.1, k) + choose(b.1, found - k) - choose(a.1 + b.1, found);
    let seen = log(a.0);
    // Equal probabilities differ by rounding alone.
    let as_unlikely = |k: &u64| log(*k) <= seen + 1e-7;
    (found.saturating_sub(b.1)..=found.min(a.1)).filter(as_unlikely).map(|k| libm::exp(log(k))).sum::<f64>().min(1.0)
}

/// Logarithm of the binomial coefficient.
fn choose(n: u64, k: u64) -> f64 {
    let factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    factorial(n) - factorial(k) - factorial(n - k)
}
