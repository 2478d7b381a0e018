//! Risk profiles as data: what makes a declaration worth a check, and which.
use values::{Day, Digest, Direction, Lane};

use crate::{code::Form, condition::Predicate};

/// One profile (ASYCUDA: criterion), valid on a range of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: String,
    pub title_vi: String,
    pub title_en: String,
    /// `None`: both.
    pub direction: Option<Direction>,
    /// Empty: all.
    pub offices: Vec<String>,
    pub valid_from: Day,
    /// Inclusive.
    pub valid_to: Day,
    pub lane: Lane,
    pub form: Form,
    /// Millionths of the matching declarations that are really selected.
    pub share: u32,
    /// Millionths that a match adds to the score.
    pub weight: u32,
    pub ground: String,
    /// All must hold.
    pub clauses: Vec<Predicate>,
}

/// Random selection of what no profile has selected, in millionths (Circular 81/2019/TT-BTC articles 19 and 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomRates {
    pub documents: u32,
    /// At most 10,000: one percent of the goods at a gate (Circular 38/2015/TT-BTC article 9).
    pub scan: u32,
}

/// A validated set with the digest by which decisions name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSet {
    pub version: u32,
    /// SHA-256 of the text it was loaded from.
    pub digest: Digest,
    pub profiles: Vec<Profile>,
    pub import: RandomRates,
    pub export: RandomRates,
    /// Open files that an officer may have when the roster says nothing.
    pub default_cap: u32,
}

impl ProfileSet {
    /// The set that is shipped for Region IX.
    pub const STANDARD: &str = include_str!("profiles.toml");

    /// Random rates of a direction.
    pub fn random(&self, direction: Direction) -> RandomRates {
        match direction {
            Direction::Import => self.import,
            Direction::Export => self.export,
        }
    }
}

/// What is wrong with a profile set; all faults are told at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile {profile}: {fault}")]
pub struct ProfileFault {
    /// Id, or '' for the set itself.
    pub profile: String,
    pub fault: String,
}
