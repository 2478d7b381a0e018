//! What a transition tells.
use values::{Lane, Version, Vnd};

/// A fact that follows from a transition, about the standing's version unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The declaration has a new version, which waits for its lane.
    Amended,
    /// The declarant took it back.
    Withdrawn,
    /// The lane was taken over. It is told to the declarant; the lane's owner has journaled it.
    LaneTaken {
        /// The lane.
        lane: Lane,
    },
    /// Money came.
    PaymentReceived {
        /// This payment.
        amount: Vnd,
        /// All payments so far.
        paid: Vnd,
    },
    /// All checks are done and duty is outstanding.
    TaxDue {
        /// What is left to pay.
        amount: Vnd,
    },
    /// Cleared.
    Cleared,
    /// The check did not conform.
    ClearanceRefused,
    /// A fact about an older version, or one that the state has outrun: it changed nothing.
    Superseded {
        /// The version that the fact named.
        named: Version,
    },
}
