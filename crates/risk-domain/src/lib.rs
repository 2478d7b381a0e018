//! How risky, which lane, which officer: decisions of values alone, so that anyone can take them again.
//!
//! `facts` + `profile` → [`select`]: the lane. `roster` + loads → [`assign`]: the officer. Both draw from a [`DayKey`] that was committed to
//! before the day began and is revealed after it ended. Everything a decision rests on is in its [`Trace`].

mod assign;
mod chances;
mod code;
mod condition;
mod days;
mod draw;
mod explain;
mod facts;
mod load;
pub mod monitor;
mod profile;
mod recompute;
mod roster;
mod select;
mod trace;
mod two;

pub use assign::{Assignment, Candidate, Choice, LeftOut, Load, Pick, assign, assign_on_watch, decide};
pub use chances::{Chance, chances, probabilities};
pub use code::{Form, Reason, points};
pub use days::{AHEAD, OfficeDays, Step, advance, days_to_commit};
pub use draw::{DayKey, Draw, chance, choose, commitment, draw};
pub use explain::{Explanation, Voice, explain};
pub use facts::{Facts, History, LineFacts, Past};
pub use profile::{Profile, ProfileFault, ProfileSet, RandomRates};
pub use recompute::{Mismatch, recompute};
pub use roster::{Officer, Roster, Watch};
pub use select::{Match, Selection, select};
pub use trace::{Trace, digest};
pub use two::Weight;
