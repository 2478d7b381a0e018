//! Every experiment by name; each file holds one kind of fault.
mod kill;

use crate::{experiment, experiment::Experiment};

pub const ALL: [Experiment; 2] = [
    experiment!("calm", "nothing at all: what the laws come to without a fault", true, kill::calm),
    experiment!("kill", "kill -9 of each service in turn under 500 declarations/s", true, kill::kill),
];
