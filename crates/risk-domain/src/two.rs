//! Two draws among candidates, and which of two is the lighter.
use std::borrow::Cow;

use crate::{
    assign::Candidate,
    draw::{Draw, Drawn, Urn},
};

/// What two candidates are compared by: points this month for minutes on roster this month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    pub points: u64,
    /// At least 1.
    pub minutes: u64,
}

impl Candidate {
    pub const fn weight(&self) -> Weight {
        Weight { points: self.points, minutes: self.minutes }
    }
}

/// Index of the chosen candidate and the draws it took.
pub(crate) fn draw_one(candidates: &[Candidate], urn: &Urn<'_>, round: u32) -> (Option<usize>, Vec<Draw>) {
    let Some([first, second]) = two(candidates.len(), urn, round) else {
        return (candidates.len().checked_sub(1), Vec::new());
    };
    let chosen = if lighter(candidates[second.0].weight(), candidates[first.0].weight()) { second.0 } else { first.0 };
    let traced = |drawn: Drawn, name: &str| urn.traced(&purpose(name, round), drawn.counter, drawn.value);
    (Some(chosen), vec![traced(first.1, FIRST), traced(second.1, SECOND)])
}

const FIRST: &str = "assign:1";
const SECOND: &str = "assign:2";

/// Two different indices below `n` and their draws; none if there are not two.
pub(crate) fn two(n: usize, urn: &Urn<'_>, round: u32) -> Option<[(usize, Drawn); 2]> {
    if n < 2 {
        return None;
    }
    let draw = |name: &str, n: usize| {
        let drawn = urn.index_below(&purpose(name, round), n as u64);
        (usize::try_from(drawn.index).unwrap_or(0), drawn)
    };
    let first = draw(FIRST, n);
    let (other, drawn) = draw(SECOND, n - 1);
    Some([first, (if other >= first.0 { other + 1 } else { other }, drawn)])
}

/// `name`, or `name:round` from the second assignment of a version on.
pub fn purpose(name: &str, round: u32) -> Cow<'_, str> {
    if round == 0 { Cow::Borrowed(name) } else { Cow::Owned(format!("{name}:{round}")) }
}

/// Points a minute, compared by cross-multiplication; a tie is not lighter.
pub(crate) fn lighter(a: Weight, b: Weight) -> bool {
    u128::from(a.points) * u128::from(b.minutes) < u128::from(b.points) * u128::from(a.minutes)
}
