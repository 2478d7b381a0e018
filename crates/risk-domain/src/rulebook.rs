//! What decisions ask of the rules and of the model in force.
use values::{Day, Digest, Direction};

use crate::{
    facts::Facts,
    pick::Weights,
    select::{Hit, LineScore, Rates, Thresholds},
};

/// The rules in force.
pub trait RuleBook: Send + Sync {
    /// SHA-256 of the canonical text.
    fn digest(&self) -> Digest;
    /// Profiles valid on that day whose criteria hold, in the order of their ids.
    fn hits<'a>(&'a self, facts: &Facts, day: Day) -> Vec<Hit<'a>>;
    fn rates(&self, office: &str, direction: Direction, day: Day) -> Rates;
    fn thresholds(&self) -> Thresholds;
    fn weights(&self) -> Weights;
    /// Open files at most, of an officer without a cap of his own.
    fn default_cap(&self) -> u32;
}

/// The model in force.
pub trait Scorer: Send + Sync {
    /// SHA-256 of the artefact.
    fn digest(&self) -> Digest;
    /// Of each line, in order; empty without a model.
    fn score(&self, facts: &Facts) -> Vec<LineScore>;
}
