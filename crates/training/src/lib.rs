//! Training and judging of the learned score: history in, artefact out, with honest numbers about it.
//!
//! [`read_kcs`] or [`generate`] → rows → [`train`] → the bytes that `risk_domain::model::Model` reads; [`evaluate`] and [`card`] say how good they
//! are. No clock and no hidden randomness: the same rows and options give the same bytes.
#![expect(clippy::float_arithmetic, reason = "statistics, not decisions: a decision reads the artefact through risk-domain")]

mod card;
mod curve;
mod evaluate;
mod fault;
mod folds;
mod grow;
mod interval;
mod kcs;
mod made_up;
mod metric;
mod options;
mod row;
mod train;

pub use card::{Card, card};
pub use curve::Curve;
pub use evaluate::{Evaluation, Scored, StratumReport, TargetReport, evaluate, look_up};
pub use fault::{Fault, Faults, TrainFault};
pub use interval::Interval;
pub use kcs::{as_lodged, read_kcs, read_kcs_from, write_kcs};
pub use made_up::generate;
pub use options::{CutShares, Options, TreeOptions};
pub use row::Row;
pub use train::{Progress, Summary, Trained, cross_validate, train};
