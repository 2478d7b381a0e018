//! The two usual ways of assigning, for comparison: plain rotation (what Vietnam's system does) and the least loaded.
use risk_domain::Weight;

/// A way to choose among those on shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The project's: two drawn, the lighter takes it.
    TwoDraws,
    /// The next in the list after the last one.
    Rotation,
    /// Fewest points a minute; of equals the first in the list.
    LeastLoaded,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::TwoDraws, Self::Rotation, Self::LeastLoaded];
}

/// The next on shift after `last`, wrapping; `on` rises and is not empty.
pub fn rotate(on: &[usize], last: usize) -> usize {
    on.iter().copied().find(|o| *o > last).unwrap_or(on[0])
}

/// The one with the fewest points a minute, the first of equals; `on` is not empty.
pub fn least_loaded(on: &[usize], weight: impl Fn(usize) -> Weight) -> usize {
    on.iter().copied().reduce(|best, next| if lighter(weight(next), weight(best)) { next } else { best }).unwrap_or_default()
}

fn lighter(a: Weight, b: Weight) -> bool {
    u128::from(a.points) * u128::from(b.minutes) < u128::from(b.points) * u128::from(a.minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_wraps_to_the_first() {
        assert_eq!([rotate(&[1, 4, 6], 4), rotate(&[1, 4, 6], 5), rotate(&[1, 4, 6], 6)], [6, 6, 1]);
    }

    #[test]
    fn the_least_loaded_has_the_fewest_points_a_minute() {
        let weights = [(10, 10), (5, 4), (9, 10), (9, 10)].map(|(points, minutes)| Weight { points, minutes });
        assert_eq!(least_loaded(&[0, 1, 2, 3], |o| weights[o]), 2);
    }
}
