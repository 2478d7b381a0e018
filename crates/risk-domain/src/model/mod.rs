//! The learned score: one goods line in, two probabilities out, the same to the bit on every machine.
//!
//! [`Goods`] → [`encode`] (key tables give each key's earlier outcomes) → two forests of trees → [`Score`]. Tables, trees and thresholds come as
//! one artefact, [`Model::read`]; `docs/model.md` describes its bytes. Training lives elsewhere and uses the same encoder.

mod about;
mod artefact;
mod encode;
mod fault;
mod forest;
mod goods;
mod key;
mod reasons;
mod score;
mod shapley;
mod table;
mod wire;

pub use about::{About, Cuts, Thresholds};
pub use artefact::{Model, Parts};
pub use encode::{COLUMNS, Column, NUMBERS, Number, Priors, encode};
pub use fault::ModelFault;
pub use forest::{Forest, TreeNode};
pub use goods::Goods;
pub use key::{KEYS, Key};
pub use reasons::{Contribution, Reasons};
pub use score::{Score, Target};
pub use table::{Counts, Table};

impl crate::rulebook::Scorer for Model {
    fn digest(&self) -> values::Digest {
        self.digest()
    }

    fn score(&self, facts: &crate::facts::Facts) -> Vec<crate::select::LineScore> {
        let scores = self.score_lines(facts);
        facts
            .lines
            .iter()
            .zip(scores)
            .map(|(line, score)| crate::select::LineScore { line: line.line, fraud: score.fraud, critical: score.critical })
            .collect()
    }
}
