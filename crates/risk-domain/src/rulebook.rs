//! What a decision asks of the rules and of the model, whatever language they are written in.
use values::{Day, Direction};

use crate::{
    facts::Facts,
    pick::Weights,
    select::{Hit, LineScore, Rates, Thresholds},
};

/// Rules in force.
pub trait RuleBook {
    /// Profiles whose criteria hold on a day, in the order of the rules.
    fn hits<'a>(&'a self, facts: &Facts, day: Day) -> Vec<Hit<'a>>;
    /// Rates of an office and a direction on a day.
    fn rates(&self, office: &str, direction: Direction, day: Day) -> Rates;
    /// Scores from which the model selects.
    fn thresholds(&self) -> Thresholds;
    /// Points of work.
    fn weights(&self) -> Weights;
    /// Open files at most for an officer who has no cap of his own.
    fn default_cap(&self) -> u32;
}

/// A model.
pub trait Scorer {
    /// Score of each line, in order.
    fn score(&self, facts: &Facts) -> Vec<LineScore>;
}
