//! The read model of one visit, or of one vehicle at a gate that has none.
use crate::merge::first;
use values::Instant;

/// A fact of tracking about a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitFact {
    /// Admitted.
    Arrived,
    /// The gate stayed closed.
    Held,
    /// Let out.
    Departed,
}

/// First occurrence of each fact, so that facts commute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRow {
    /// Visit id, or vehicle id of a vehicle without a visit.
    pub id: String,
    /// When it was admitted.
    pub arrived_at: Option<Instant>,
    /// When it was first held.
    pub held_at: Option<Instant>,
    /// When it left.
    pub departed_at: Option<Instant>,
}

impl VisitRow {
    /// A visit of which nothing is known.
    pub fn new(id: String) -> Self {
        Self { id, arrived_at: None, held_at: None, departed_at: None }
    }

    /// Folds a fact in, recorded at a time. Commutative and idempotent.
    pub fn apply(&mut self, recorded_at: Instant, fact: VisitFact) {
        let slot = match fact {
            VisitFact::Arrived => &mut self.arrived_at,
            VisitFact::Held => &mut self.held_at,
            VisitFact::Departed => &mut self.departed_at,
        };
        first(slot, recorded_at);
    }
}
