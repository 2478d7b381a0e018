//! How risky, which lane, which officer: decisions of values alone, so that anyone can take them again.
//!
//! `facts` + `profile` → [`select`]: the lane. `roster` + loads → [`assign`]: the officer. Both draw from a [`DayKey`] that was committed to
//! before the day began and is revealed after it ended. Everything a decision rests on is in its [`Trace`].

mod assign;
mod code;
mod condition;
mod days;
mod draw;
mod explain;
mod facts;
mod hindrance;
mod ledger;
mod load;
mod pick;
mod profile;
mod recompute;
mod roster;
mod select;
mod trace;

pub use assign::{Assignment, Candidate, Choice, LeftOut, Load, Pick, assign};
pub use code::{Form, Reason};
pub use days::{AHEAD, OfficeDays, Step, advance, days_to_commit};
pub use draw::{DayKey, Draw, Urn, commitment, draw, mixed};
pub use explain::{Explanation, Voice, explain};
pub use facts::{Facts, History, LineFacts, Past};
pub use hindrance::{Demand, Hindrance, hindrance};
pub use ledger::{DayCount, Ledger};
pub use pick::{Task, Weights, group, list, pick, published, supervised};
pub use profile::{Profile, ProfileFault, ProfileSet, RandomRates};
pub use recompute::{Mismatch, Published, RuleBook, Scorer, What, month_start_us, retake_pick, retake_selection, retake_task};
pub use roster::{Officer, Roster};
pub use select::{Counters, Given, Hit, LineScore, Match, MatchOutcome, Rates, Selection, Thresholds, WHOLE, select, selects};
pub use trace::{PickTrace, Preferred, Trace, digest};
