//! Slots that facts may fill in any order and any number of times with the same result.
use values::Instant;

/// When a fact was recorded by its owner, and where in its stream: what orders two facts of one owner about one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// `recorded_at` of the journal row.
    pub at: Instant,
    /// Position in the stream.
    pub position: u64,
}

/// A value and when it was recorded; ordered by stamp, then by value, so that even an impossible tie has one winner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct At<T> {
    /// When and where.
    pub stamp: Stamp,
    /// What.
    pub value: T,
}

/// The earliest wins.
pub(crate) fn first<T: Ord>(slot: &mut Option<T>, new: T) {
    if slot.as_ref().is_none_or(|old| new < *old) {
        *slot = Some(new);
    }
}

/// The latest wins.
pub(crate) fn last<T: Ord>(slot: &mut Option<T>, new: T) {
    if slot.as_ref().is_none_or(|old| new > *old) {
        *slot = Some(new);
    }
}
