//! Two draws and a comparison: which of the candidates takes the file.
use std::borrow::Cow;

use crate::{
    assign::{Candidate, Pick},
    draw::{DayKey, Draw, Drawn, index_below},
};

/// What two candidates are compared by: points this month for minutes on roster this month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    pub points: u64,
    /// At least 1.
    pub minutes: u64,
}

impl Candidate {
    pub fn weight(&self) -> Weight {
        Weight { points: self.points, minutes: self.minutes }
    }
}

/// Index of the chosen candidate and the draws it took.
pub(crate) fn draw_one(candidates: &[Candidate], pick: &Pick<'_>, key: &DayKey) -> (Option<usize>, Vec<Draw>) {
    let Some([first, second]) = two(candidates.len(), pick, key) else {
        return (candidates.len().checked_sub(1), Vec::new());
    };
    let chosen = if lighter(candidates[second.0].weight(), candidates[first.0].weight()) { second.0 } else { first.0 };
    let traced = |drawn: Drawn, purpose: &str| drawn.traced(&of_round(purpose, pick.round), pick.version);
    (Some(chosen), vec![traced(first.1, FIRST), traced(second.1, SECOND)])
}

const FIRST: &str = "assign:1";
const SECOND: &str = "assign:2";

/// Two different indices below `n` and their draws; none if there are not two.
pub(crate) fn two(n: usize, pick: &Pick<'_>, key: &DayKey) -> Option<[(usize, Drawn); 2]> {
    if n < 2 {
        return None;
    }
    let draw = |purpose: &str, n: usize| {
        let drawn = index_below(key, pick.declaration, &of_round(purpose, pick.round), pick.version, n as u64);
        (usize::try_from(drawn.index).unwrap_or(0), drawn)
    };
    let first = draw(FIRST, n);
    let (other, drawn) = draw(SECOND, n - 1);
    Some([first, (if other >= first.0 { other + 1 } else { other }, drawn)])
}

/// The purpose of a draw in a later round of the same version.
fn of_round(purpose: &str, round: u32) -> Cow<'_, str> {
    if round == 0 { Cow::Borrowed(purpose) } else { Cow::Owned(format!("{purpose}:{round}")) }
}

/// Points a minute, compared by cross-multiplication; a tie is not lighter.
pub(crate) fn lighter(a: Weight, b: Weight) -> bool {
    u128::from(a.points) * u128::from(b.minutes) < u128::from(b.points) * u128::from(a.minutes)
}
