//! Reading facts: every fact once, in order, with its effects and its own facts in one transaction.
//!
//! 1. [`crate::protocol::screen`] compares a delivery with what was read before: next, duplicate, gap or fork. It is pure.
//! 2. [`step`](step::Reader::step) turns a batch of deliveries into one transaction: fence, effects, journal rows, then commit.
//! 3. [`settle`] hands facts to the service's [`Handler`] and deals with its outcomes: dead letters, parking, awaiting.
//! 4. [`drive`] is the loop around the step: gathers what is worth a transaction, backs off, claims again; [`watch`] compares what was read with the producers.
//!
//! The database decides where to resume; Kafka's own offsets are committed only so that lag can be watched.
mod apply;
#[cfg(feature = "laboratory")]
mod broken;
pub mod claim;
pub mod drive;
mod fact;
mod measure;
mod repair;
pub mod settle;
pub mod step;
mod watch;

use async_trait::async_trait;

pub use self::fact::{Delivery, Fact};
use crate::{failure::Failure, work::Work};

/// Code of a fact whose kind the version that read it did not know.
pub const UNKNOWN_KIND: &str = "UNKNOWN_KIND";

/// What became of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Applied, or refused by rule: in both cases the service has done what it should.
    Done,
    /// Cannot be decoded or breaks an invariant; the handler has left no effect of it. Later facts of the subject are parked behind it.
    Reject { code: &'static str, reason: String },
    /// About a subject that is not known here yet.
    Await { subject: String },
}

impl Outcome {
    /// A fact whose arm this version does not know; the version that does will redrive it.
    pub fn unknown_kind(kind: &str) -> Self {
        Self::Reject { code: UNKNOWN_KIND, reason: format!("unknown kind {kind}") }
    }

    /// A payload that is not what its type says.
    pub fn undecodable(reason: impl std::fmt::Display) -> Self {
        Self::Reject { code: "UNDECODABLE", reason: reason.to_string() }
    }
}

/// What a service does with the facts it hears.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Applies facts in their order and returns one outcome for each. Must not rely on SQL errors to find out about bad facts:
    /// after an error the whole transaction is gone.
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure>;
}

/// Where facts of a topic come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// One of our services: positions and a hash chain, repaired by its `ReadJournal`.
    Ours { producer: &'static str },
    /// Outside publishers: ids, remembered in the inbox; answers go to the topic named.
    Outside { answers: Option<&'static str> },
}

impl Origin {
    /// Of a topic among those heard; nothing is known of another one.
    pub(crate) fn of(topic: &str, sources: &[Source]) -> Self {
        sources.iter().find(|source| source.topic == topic).map_or(Self::Outside { answers: None }, |source| source.origin)
    }

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Ours { .. })
    }
}

/// A topic that a service hears.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Logical name.
    pub topic: &'static str,
    pub origin: Origin,
    pub class: SourceClass,
}

/// Which consume loop a partition belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceClass {
    /// By the range that the partition lies in.
    ByStream,
    /// The whole topic.
    Cargo,
    /// The whole topic.
    Parcels,
}
