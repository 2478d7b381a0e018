//! What would have been: the same facts and the same draws under other rules.
//!
//! Running counters and loads are counted again under the other rules, because a cap, a ceiling or a top-up rests on what was decided before.
//! Rules that did not change give back every decision as it was.
mod course;
mod moves;
mod worth;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::{Day, Direction};

use crate::{
    assign::Load,
    draw::DayKey,
    roster::Roster,
    rulebook::{RuleBook, Scorer},
    trace::Trace,
};

pub use moves::{Amount, ByLane, Moves, OfficeTable, OfficerWork, Table};
pub use worth::{Fate, Known, Newly, Worth};

/// Format of [`Replayed`] as JSON.
pub const FORMAT: &str = "cleargate.replay/1";

/// The rules to try, and what is known beside the traces.
#[derive(Clone, Copy)]
pub struct World<'a> {
    pub book: &'a dyn RuleBook,
    /// Absent: the scores in the traces stand.
    pub scorer: Option<&'a dyn Scorer>,
    /// The key that draws of an office and day come from (after mixing); absent while it is not revealed.
    pub key: &'a dyn Fn(&str, Day) -> Option<DayKey>,
    /// By office. Without one, files that newly leave the green lane are not given to anybody.
    pub desks: &'a BTreeMap<String, Desk>,
    /// What the check of a declaration (key, version) found; absent when it was not checked.
    pub known: &'a dyn Fn(&str, u32) -> Option<Known>,
}

/// Who is there at an office, and what they carry when the replay begins.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    pub roster: Roster,
    pub loads: Vec<(String, Load)>,
}

/// What the other rules would have meant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    pub format: String,
    pub decided: u64,
    /// Decisions that are the same to the last draw.
    pub same: u64,
    pub total: Table,
    pub offices: BTreeMap<String, OfficeTable>,
    pub worth: Worth,
    /// Matches of profiles that spare, where the trace does not say how often the trader was checked in vain: counted as never.
    pub unknown_fruitless: u64,
}

/// Why a replay would not be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayFault {
    #[error("{declaration}: the trace has no day, but {day:?}")]
    Day { declaration: String, day: String },
    #[error("office {office}: {day} comes after a later day")]
    Order { office: String, day: Day },
    #[error("office {office}, {day}, {direction}: the traces do not begin with the day's first decision")]
    NotFromTheStart { office: String, day: Day, direction: Direction },
    #[error("{declaration}: the other rules draw for {purpose}, and the key of {office} for {day} is not known")]
    NoKey { declaration: String, purpose: String, office: String, day: Day },
}

/// Decides every declaration again; `traces` are whole days, in the order of decision within each office.
///
/// # Errors
/// The first trace that cannot be decided again, and why.
pub fn replay<'t>(traces: impl IntoIterator<Item = &'t Trace>, world: &World<'_>) -> Result<Replayed, ReplayFault> {
    let mut course = course::Course::new(world);
    for trace in traces {
        course.take(trace)?;
    }
    Ok(course.end())
}

#[cfg(test)]
mod specimen;
#[cfg(test)]
mod tests;
