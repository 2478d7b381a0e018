//! Where reading begins after a claim, and where it goes on when the broker does not have the offset that comes next.
use super::screen::Progress;
use crate::journal::GENESIS;

/// The offset at which a new owner begins; `None` for the earliest message.
///
/// A topic from outside has no positions, so the last message that was read is read once more: [`super::plan`] recognises it, or learns that
/// the topic was created anew and has grown past that offset since.
pub fn first(progress: &Progress, ours: bool) -> Option<i64> {
    let marked = !ours && progress.hash != GENESIS;
    let next = if marked { progress.next_offset - 1 } else { progress.next_offset };
    Some(next).filter(|next| *next > 0)
}

/// What becomes of a partition whose next offset was compared with what the broker holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The offset is there, or will be the next one.
    Here,
    /// Removed by retention, or never written because the topic was created anew: reading goes on with the earliest message, counted from
    /// offset 0. What comes again is known by its position or its id; what is gone is a gap that the producer's journal fills.
    Earliest,
}

/// Compares an offset with the first one that is there (`low`) and the one after the last (`high`).
pub fn resume(next: i64, low: i64, high: i64) -> Resume {
    if (low..=high).contains(&next) { Resume::Here } else { Resume::Earliest }
}
