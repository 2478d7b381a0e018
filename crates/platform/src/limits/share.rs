//! How many calls may be in hand: under overload queries are turned away before commands.
use std::sync::{Arc, Mutex};

use super::{Kind, Turned};
use crate::{kafka::group::lock, settings};

/// Calls in hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InHand {
    pub commands: u32,
    pub queries: u32,
}

/// Whether one more call may come in. A command is turned away only when a query would be too.
pub fn admits(limits: settings::Limits, in_hand: InHand, kind: Kind) -> Result<(), Turned> {
    let all = in_hand.commands.saturating_add(in_hand.queries);
    match kind {
        Kind::Operation => Ok(()),
        Kind::Command if all >= limits.calls => Err(Turned::Calls),
        Kind::Command => Ok(()),
        Kind::Query if all >= limits.calls_for_queries => Err(Turned::Calls),
        Kind::Query if in_hand.queries >= limits.queries => Err(Turned::Queries),
        Kind::Query => Ok(()),
    }
}

/// Counts the calls in hand.
#[derive(Clone)]
pub struct Share {
    limits: settings::Limits,
    in_hand: Arc<Mutex<InHand>>,
}

/// One call in hand, until it is dropped.
pub struct Pass {
    kind: Kind,
    in_hand: Arc<Mutex<InHand>>,
}

impl Share {
    pub fn new(limits: settings::Limits) -> Self {
        Self { limits, in_hand: Arc::default() }
    }

    pub fn enter(&self, kind: Kind) -> Result<Pass, Turned> {
        let mut in_hand = lock(&self.in_hand);
        admits(self.limits, *in_hand, kind)?;
        match kind {
            Kind::Command => in_hand.commands += 1,
            Kind::Query => in_hand.queries += 1,
            Kind::Operation => {}
        }
        Ok(Pass { kind, in_hand: Arc::clone(&self.in_hand) })
    }

    pub fn in_hand(&self) -> InHand {
        *lock(&self.in_hand)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut in_hand = lock(&self.in_hand);
        match self.kind {
            Kind::Command => in_hand.commands -= 1,
            Kind::Query => in_hand.queries -= 1,
            Kind::Operation => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::bucket::Rate;

    fn limits(calls: u32, calls_for_queries: u32, queries: u32) -> settings::Limits {
        let rate = Rate { per_second: 1, burst: 1 };
        settings::Limits { calls, calls_for_queries, queries, commands_of_one: rate, queries_of_one: rate }
    }

    proptest! {
        #[test]
        fn a_command_is_turned_away_only_when_queries_are_too(
            calls in 1_u32..50, share in 0_u32..50, queries in 0_u32..50, commands_in in 0_u32..60, queries_in in 0_u32..60,
        ) {
            let limits = limits(calls, share.min(calls), queries);
            let in_hand = InHand { commands: commands_in, queries: queries_in };
            prop_assert!(admits(limits, in_hand, Kind::Command).is_ok() || admits(limits, in_hand, Kind::Query).is_err());
            prop_assert_eq!(admits(limits, in_hand, Kind::Operation), Ok(()));
        }

        #[test]
        fn however_calls_come_and_go_none_is_counted_twice_and_no_limit_is_passed(steps in prop::collection::vec((any::<bool>(), any::<bool>()), 1..200)) {
            let limits = limits(20, 10, 5);
            let share = Share::new(limits);
            let mut passes = Vec::new();
            for (enters, command) in steps {
                if enters {
                    passes.extend(share.enter(if command { Kind::Command } else { Kind::Query }));
                } else {
                    passes.pop();
                }
                let InHand { commands, queries } = share.in_hand();
                prop_assert_eq!(usize::try_from(commands + queries).unwrap(), passes.len());
                prop_assert!(commands + queries <= limits.calls && queries <= limits.queries);
            }
        }
    }
}
