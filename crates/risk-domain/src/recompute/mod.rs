//! Taking a decision again from its trace: everything that does not come out the same is named.
mod pick;
mod public;
mod selection;
#[cfg(test)]
mod tests;

use crate::rulebook::{RuleBook, Scorer};

pub use pick::{retake_pick, retake_task};
pub use public::Published;
pub use selection::retake_selection;

/// What of a decision came out differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Office,
    Day,
    Declaration,
    Version,
    Round,
    Rules,
    Model,
    Scores,
    Lane,
    Form,
    Ground,
    Score,
    By,
    Matched,
    Random,
    Propensity,
    Draws,
    EarlierDraws,
    CountedProfiles,
    Points,
    PickMissing,
    PickNeedless,
    List,
    Demand,
    Supervised,
    DefaultCap,
    Roster,
    Candidates,
    LeftOut,
    AssignmentDraws,
    Officer,
    How,
    Supervisors,
    Supervisor,
    SupervisorDraw,
}

/// One difference: what the trace says and what comes out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what:?}: traced {traced}, taken again {again}")]
pub struct Mismatch {
    pub what: What,
    pub traced: String,
    pub again: String,
}

/// Collects differences.
#[derive(Debug, Default)]
struct Differences(Vec<Mismatch>);

impl Differences {
    fn compare<T: PartialEq + std::fmt::Debug + ?Sized>(&mut self, what: What, traced: &T, again: &T) {
        if traced != again {
            self.0.push(Mismatch { what, traced: brief(traced), again: brief(again) });
        }
    }
}

/// Long lists are cut: the place of the difference is told, the whole is in the trace.
fn brief<T: std::fmt::Debug + ?Sized>(value: &T) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
