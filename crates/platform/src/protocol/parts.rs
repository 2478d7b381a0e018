//! A batch that fails is taken apart only where that helps: at a rejected fact, or in halves down to the one that the database refuses.

/// Why the facts of a transaction could not be applied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The unit at this index was rejected, although later ones of its subject were applied with it.
    RejectedAt(usize),
    /// The database refuses the content of some unit, and always will.
    Refused,
}

/// What is done with units that failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<U> {
    /// The parts are tried one after the other.
    Apart,
    /// This one goes to the dead letters.
    Bury(U),
}

/// Parts of a batch, the earliest first.
#[derive(Debug)]
pub struct Parts<U> {
    /// The earliest is the last one here.
    left: Vec<Vec<U>>,
}

impl<U> Parts<U> {
    pub fn new(units: Vec<U>) -> Self {
        Self { left: vec![units] }
    }

    /// The part that comes next.
    pub fn pop(&mut self) -> Option<Vec<U>> {
        self.left.pop().filter(|units| !units.is_empty())
    }

    /// Puts a part that failed back in pieces, or names the unit to bury.
    pub fn failed(&mut self, mut units: Vec<U>, trouble: Trouble) -> Verdict<U> {
        if units.len() < 2 {
            return units.pop().map_or(Verdict::Apart, Verdict::Bury);
        }
        let at = match trouble {
            Trouble::RejectedAt(index) => index + 1,
            Trouble::Refused => units.len() / 2,
        };
        let later = units.split_off(at.clamp(1, units.len() - 1));
        self.left.push(later);
        self.left.push(units);
        Verdict::Apart
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_refused_is_buried_alone_and_all_else_is_applied_in_order(refused in proptest::collection::vec(any::<bool>(), 1..40)) {
            let mut parts = Parts::new((0..refused.len()).collect());
            let (mut applied, mut buried) = (Vec::new(), Vec::new());
            while let Some(units) = parts.pop() {
                if units.iter().any(|u| refused[*u]) {
                    if let Verdict::Bury(unit) = parts.failed(units, Trouble::Refused) {
                        buried.push(unit);
                    }
                } else {
                    applied.extend(units);
                }
            }
            prop_assert_eq!(&applied, &(0..refused.len()).filter(|u| !refused[*u]).collect::<Vec<_>>());
            prop_assert_eq!(&buried, &(0..refused.len()).filter(|u| refused[*u]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_rejected_fact_ends_its_part() {
        let mut parts = Parts::new(vec![0, 1, 2, 3]);
        let units = parts.pop().unwrap();
        assert_eq!(parts.failed(units, Trouble::RejectedAt(1)), Verdict::Apart);
        assert_eq!((parts.pop(), parts.pop(), parts.pop()), (Some(vec![0, 1]), Some(vec![2, 3]), None));
    }
}
