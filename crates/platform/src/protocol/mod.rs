//! What journal, relay and reader decide, without any I/O: the rules of the journal as state machines over values.
//!
//! The shells around them ([`crate::journal`], [`crate::relay`], [`crate::reader`]) ask the database and the broker, tell a machine what came
//! back and do what it says. The simulation (`tests/simulation`) drives the very same machines against a model of both, with crashes at every
//! step. Names of topics and partitions are a parameter (`P`), so that the simulation may use numbers.
//!
//! [`chain`] gives positions, [`relaying`] says what to send and how far it is acknowledged, [`start`] what a new producer begins with,
//! [`screen`] what a delivery is, [`plan`] what a batch does, [`parts`] how a batch that fails is taken apart, [`owning`] who may write,
//! [`heads`] what an idle reader makes of its producer's head, [`resume`] where reading goes on.
pub mod chain;
pub mod heads;
pub mod owning;
pub mod parts;
pub mod plan;
pub mod relaying;
pub mod resume;
pub mod screen;
pub mod start;

use crate::laboratory::{self, Broken};

/// Which rules hold. Outside the laboratory all of them do, and [`Sound`] has no size.
pub trait Laws: Copy {
    /// Whether this rule is broken on purpose.
    fn broken(self, rule: Broken) -> bool;
}

/// Every rule holds, unless a build for the laboratory was told otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sound;

impl Laws for Sound {
    fn broken(self, rule: Broken) -> bool {
        laboratory::broken(rule)
    }
}

/// One rule is broken, or none: for the simulation.
impl Laws for Option<Broken> {
    fn broken(self, rule: Broken) -> bool {
        self == Some(rule)
    }
}
