//! The score of a goods line and of a declaration.
use super::{Cuts, Thresholds};
use values::Lane;

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Any fraud.
    Fraud,
    /// Critical fraud: a threat to safety, not only to revenue.
    Critical,
}

impl Target {
    /// In lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fraud => "fraud",
            Self::Critical => "critical",
        }
    }
}

/// Probabilities in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Score {
    /// Of fraud.
    pub fraud: u32,
    /// Of critical fraud.
    pub critical: u32,
}

impl Score {
    /// Of a declaration: the highest of its lines, each target by itself; zeros without lines.
    pub fn of_declaration(lines: &[Self]) -> Self {
        lines.iter().fold(Self::default(), |most, line| Self { fraud: most.fraud.max(line.fraud), critical: most.critical.max(line.critical) })
    }

    /// The more severe lane of the two.
    pub fn lane(self, thresholds: &Thresholds) -> Lane {
        cut(self.fraud, thresholds.fraud).max(cut(self.critical, thresholds.critical))
    }
}

fn cut(score: u32, cuts: Cuts) -> Lane {
    if score >= cuts.red {
        Lane::Red
    } else if score >= cuts.yellow {
        Lane::Yellow
    } else {
        Lane::Green
    }
}

/// Millionths of the logistic function of log-odds, rounded half up; what follows compares integers only.
#[expect(clippy::float_arithmetic, reason = "a score is made of + - × ÷ and the pinned libm")]
pub(super) fn millionths(log_odds: f64) -> u32 {
    let probability = 1.0 / (1.0 + libm::exp(-log_odds));
    libm::floor(probability * 1_000_000.0 + 0.5) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_odds_are_half() {
        assert_eq!(millionths(0.0), 500_000);
        assert_eq!(millionths(-800.0), 0);
        assert_eq!(millionths(800.0), 1_000_000);
    }

    #[test]
    fn the_more_severe_target_sets_the_lane() {
        let cuts = Cuts { uncertain: 100, yellow: 200, red: 300 };
        let thresholds = Thresholds { fraud: cuts, critical: cuts };
        let lane = |fraud, critical| Score { fraud, critical }.lane(&thresholds);
        assert_eq!(lane(199, 0), Lane::Green);
        assert_eq!(lane(200, 0), Lane::Yellow);
        assert_eq!(lane(200, 300), Lane::Red);
    }

    #[test]
    fn a_declaration_is_as_risky_as_its_worst_line() {
        let lines = [Score { fraud: 5, critical: 1 }, Score { fraud: 2, critical: 7 }];
        assert_eq!(Score::of_declaration(&lines), Score { fraud: 5, critical: 7 });
        assert_eq!(Score::of_declaration(&[]), Score::default());
    }
}
