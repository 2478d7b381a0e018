//! Pair monitor: who met whom, against what the draws predict, with exact p-values and false-discovery control.
//!
//! `observed` → `counts` (officer with declarant, trader and hour: `tail`), `speed` (`ranks`) and `findings` (`table`) → `discovery` → [`Report`].
//! Statistics about decisions already taken: no decision rests on them, so they may use floats.

mod counts;
mod discovery;
mod findings;
mod observed;
mod ranks;
mod report;
mod speed;
mod table;
mod tail;

pub use observed::{Files, Observed};
pub use report::{Kind, PairAlarm, Point, Report, Settings, Tested, examine};
pub use tail::upper_tail;

/// A pair that was tested, by numbers of officer and counterpart.
#[derive(Debug, Clone, Copy)]
struct Pair {
    kind: Kind,
    officer: usize,
    counterpart: usize,
    observed: f64,
    expected: f64,
    files: u32,
    overrides: u32,
    /// None: certainly of no interest, taken as 1.
    p_value: Option<f64>,
}
