//! What happened on a day, as figures that can be recomputed, signed for and corrected.
//!
//! Everything is pure. A service folds facts into [`Row`]s and [`VisitRow`]s in whatever order they come, counts them ([`figures`], or SQL
//! with the same [`Cell`]s into a [`Tally`]), freezes the result in a [`Report`] and tells one declaration's way as [`StageKind`] sentences.

mod cell;
mod export;
mod figures;
mod indicator;
mod key;
mod label;
mod merge;
mod percentile;
mod report;
mod row;
mod scope;
mod seal;
mod sentence;
mod stage;
mod unit;
mod visit_row;

pub use cell::{Cell, NotACell};
pub use export::{ExportError, csv};
pub use figures::{Change, Contribution, Figure, Refusal, Tally, behind, changes, contributions, figures};
pub use indicator::{Indicator, IndicatorName, indicators};
pub use key::{Attempt, Measure, Quantile, Reason};
pub use label::Label;
pub use merge::{At, Stamp};
pub use percentile::percentile;
pub use report::{Report, ReportError, State};
pub use row::{Decision, Fact, Registration, Row};
pub use scope::Scope;
pub use seal::{correction_due, digest, live_digest};
pub use sentence::{Detail, Form, Sentence};
pub use stage::StageKind;
pub use unit::Unit;
pub use visit_row::{VisitFact, VisitRow};
