//! How risky, which lane, which officer: decisions of values alone, so that anyone can take them again.
//!
//! `facts` + [`Rules`] → [`select`]: the lane. `roster` + loads → [`assign`]: the officer. Both draw from a [`DayKey`] that was committed to
//! before the day began and is revealed after it ended. Everything a decision rests on is in its [`Trace`].

mod assign;
mod code;
pub mod criteria;
mod days;
mod draw;
mod explain;
mod facts;
mod recompute;
mod roster;
pub mod rules;
mod select;
mod trace;

pub use assign::{Assignment, Candidate, Choice, LeftOut, Load, Pick, assign};
pub use code::{Form, Reason, points};
pub use criteria::{Criterion, Index, LanguageFault, ListKind, Lists, Scratch};
pub use days::{AHEAD, OfficeDays, Step, advance, days_to_commit};
pub use draw::{DayKey, Draw, chance, choose, commitment, draw};
pub use explain::{Explanation, Voice, explain};
pub use facts::{Facts, History, LineFacts, Past};
pub use recompute::{Mismatch, recompute};
pub use roster::{Officer, Roster};
pub use rules::{Profile, ProfileDocument, RuleFault, Rules, RulesDocument, Selectivity};
pub use select::{Match, Selection, select};
pub use trace::{Trace, digest};
