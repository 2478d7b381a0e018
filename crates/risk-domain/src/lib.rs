//! How risky, which lane, which officer: decisions of values alone, so that anyone can take them again.
//!
//! `facts` + `profile` → [`select`]: the lane. `roster` + loads → [`assign`]: the officer. Both draw from a [`DayKey`] that was committed to
//! before the day began and is revealed after it ended. Everything a decision rests on is in its [`Trace`].

mod assign;
mod chances;
mod code;
pub mod criteria;
mod days;
mod draw;
pub mod explain;
mod facts;
mod hindrance;
mod ledger;
pub mod model;
pub mod monitor;
pub mod outcomes;
mod pick;
pub mod recompute;
pub mod replay;
mod roster;
mod rulebook;
pub mod rules;
mod select;
mod trace;
mod two;
mod watch;

pub use assign::{Assignment, Candidate, Choice, LeftOut, Load, Pick, assign, assign_on_watch, decide};
pub use chances::{Chance, chances, probabilities};
pub use code::{Form, Reason};
pub use criteria::{Criterion, Index, LanguageFault, ListKind, Lists, Scratch};
pub use days::{AHEAD, OfficeDays, Step, advance, close, days_to_commit, month_start_us};
pub use draw::{DayKey, Draw, Urn, commitment, draw, mixed};
pub use explain::{Explanation, Sources, Voice, explain};
pub use facts::{Facts, History, LineFacts, Past};
pub use hindrance::{Demand, Hindrance, hindrance};
pub use ledger::{DayCount, Ledger};
pub use pick::{Task, Weights, group, list, pick, published, supervised};
pub use recompute::{Mismatch, Published, What, retake_pick, retake_selection, retake_task};
pub use roster::{Officer, Roster};
pub use rulebook::{RuleBook, Scorer};
pub use rules::{Profile, ProfileDocument, RuleFault, Rules, RulesDocument, Selectivity};
pub use select::{Counters, Given, Hit, LineScore, Match, MatchOutcome, Rates, Selection, Thresholds, WHOLE, select};
pub use trace::{PickTrace, Preferred, Trace, digest};
pub use two::Weight;
pub use watch::Watch;
