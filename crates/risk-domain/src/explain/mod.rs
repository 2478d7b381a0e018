//! One decision in three voices, all from the same stored trace.
mod auditor;
mod officer;
mod said;
mod told;
mod words;

use serde::{Deserialize, Serialize};
use values::Lane;

use crate::{
    code::Form,
    trace::{PickTrace, Trace},
};

pub use auditor::{Audit, DrawTold, LaneChangeTold};
pub use officer::{Assigned, MatchedProfile, OfficerView};
pub use said::{COLUMNS, Said};
pub use told::{Declared, Told};

/// Who is listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// What is wanted and on what ground, and what comes next; never which profile, score or list.
    Declarant,
    /// Which profiles matched and why, history, contributions to the score, who got the file.
    Officer,
    /// Everything, with the recomputation.
    Auditor,
}

/// What an explanation is made from: the stored trace, and what was stored or can be looked up beside it.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    pub trace: &'a Trace,
    /// Later assignments of the same version, in order.
    pub picks: &'a [PickTrace],
    /// In order.
    pub lane_changes: &'a [LaneChange],
    /// Of the rules named by the trace's digest.
    pub clauses: &'a [MatchedClause],
    /// Of the model named by the trace's digest.
    pub contributions: &'a [ContributionLine],
    /// Salted digest of the trace, hex; '' when it is not at hand.
    pub digest: &'a str,
    /// What taking the decision again gave; '' when it was not taken again.
    pub recomputation: &'a str,
}

impl<'a> Sources<'a> {
    /// The trace alone.
    pub const fn of(trace: &'a Trace) -> Self {
        Self { trace, picks: &[], lane_changes: &[], clauses: &[], contributions: &[], digest: "", recomputation: "" }
    }
}

/// An officer changed the lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneChange {
    pub from: Lane,
    pub to: Lane,
    pub form: Form,
    pub ground: String,
    /// Coded reason.
    pub reason: String,
    pub by: String,
    /// The second person.
    pub approved_by: String,
    /// Microseconds since 1970.
    pub at_us: i64,
}

/// The clauses of a profile that held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedClause {
    pub profile: String,
    pub title_vi: String,
    pub title_en: String,
    /// As the profile writes them.
    pub clauses: Vec<String>,
}

/// What one feature of one line added to the score, or took from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionLine {
    pub line: u32,
    pub name_vi: String,
    pub name_en: String,
    /// The feature's value as people read it.
    pub value: String,
    pub millionths: i64,
}

/// The explanation: lines that fit [`COLUMNS`], and JSON whose `format` names its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub text_vi: String,
    pub text_en: String,
    pub json: String,
}

/// Explains a decision. The declarant's voice is made from [`Told`] alone, which cannot hold anything else.
pub fn explain(sources: &Sources<'_>, voice: Voice) -> Explanation {
    match voice {
        Voice::Declarant => {
            let declared = Declared::from(Told::of(sources));
            written(&declared, &declared.page())
        }
        Voice::Officer => {
            let view = OfficerView::of(sources);
            written(&view, &view.page())
        }
        Voice::Auditor => {
            let audit = Audit::of(sources);
            written(&audit, &audit.page())
        }
    }
}

fn written(told: &impl Serialize, page: &said::Page) -> Explanation {
    // Texts and integers always serialise.
    let json = serde_json::to_string(told).unwrap_or_default();
    Explanation { text_vi: page.text(|s| &s.vi), text_en: page.text(|s| &s.en), json }
}

#[cfg(test)]
mod specimen;
#[cfg(test)]
mod tests;
