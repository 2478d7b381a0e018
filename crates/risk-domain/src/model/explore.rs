//! Who is examined although the score says green, so that hit rates can be estimated without bias.
//!
//! A model that is fed only with what it selected itself never learns what it misses. A declaration below the thresholds is examined with a
//! probability that is known and journaled, its propensity; a finding then counts 1 / propensity times (Horvitz and Thompson, JASA 47, 1952).
//! The draw itself is made elsewhere, from the day key.
use super::{Score, Thresholds};

/// Propensity of what is always examined.
pub const CERTAIN: u32 = 1_000_000;

/// Shares to examine, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shares {
    /// Of declarations in the uncertain band of either target.
    pub uncertain: u32,
    /// Of all others below the thresholds.
    pub random: u32,
}

/// Part of the traffic with one propensity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stratum {
    /// The score alone leads out of the green lane.
    Selected,
    /// Close below a threshold.
    Uncertain,
    /// Everything else.
    Random,
}

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Exploration {
    pub stratum: Stratum,
    /// Probability of being examined because of score or exploration, in millionths.
    pub propensity: u32,
}

/// Stratum and propensity of a declaration's score. The uncertain band is never sampled less than the rest; shares above one count as one.
pub fn explore(score: Score, thresholds: &Thresholds, shares: Shares) -> Exploration {
    let at_least = |fraud, critical| score.fraud >= fraud || score.critical >= critical;
    let random = shares.random.min(CERTAIN);
    if at_least(thresholds.fraud.yellow, thresholds.critical.yellow) {
        Exploration { stratum: Stratum::Selected, propensity: CERTAIN }
    } else if at_least(thresholds.fraud.uncertain, thresholds.critical.uncertain) {
        Exploration { stratum: Stratum::Uncertain, propensity: shares.uncertain.min(CERTAIN).max(random) }
    } else {
        Exploration { stratum: Stratum::Random, propensity: random }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cuts;
    use super::*;

    const CUTS: Cuts = Cuts { uncertain: 100, yellow: 200, red: 300 };
    const THRESHOLDS: Thresholds = Thresholds { fraud: CUTS, critical: CUTS };

    fn at(fraud: u32, critical: u32) -> (Stratum, u32) {
        let found = explore(Score { fraud, critical }, &THRESHOLDS, Shares { uncertain: 50_000, random: 10_000 });
        (found.stratum, found.propensity)
    }

    #[test]
    fn the_stratum_follows_the_riskier_target() {
        assert_eq!(at(99, 99), (Stratum::Random, 10_000));
        assert_eq!(at(100, 0), (Stratum::Uncertain, 50_000));
        assert_eq!(at(100, 200), (Stratum::Selected, CERTAIN));
    }

    #[test]
    fn uncertainty_never_lowers_a_propensity() {
        let shares = Shares { uncertain: 0, random: 10_000 };
        assert_eq!(explore(Score { fraud: 150, critical: 0 }, &THRESHOLDS, shares).propensity, 10_000);
    }
}
