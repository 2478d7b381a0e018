//! Every experiment by name; each file holds one kind of fault.
mod broker;
mod crash;
mod kill;
mod lost;
mod pause;
mod postgres;
mod rebalance;
mod repeats;

use crate::{experiment, experiment::Experiment};

pub const ALL: [Experiment; 11] = [
    experiment!("calm", "nothing at all: what the laws come to without a fault", true, kill::calm),
    experiment!("kill", "kill -9 of each service in turn under 500 declarations/s", true, kill::kill),
    experiment!(
        "crash-points",
        "processes that abort between two steps: commit and offset, acknowledgement and advance, inside a batch",
        true,
        crash::points
    ),
    experiment!("pause", "SIGSTOP and SIGCONT of owners of partitions and of leading relays", true, pause::pause),
    experiment!("broker-restarts", "kill -9 of the broker under load, again and again", true, broker::restarts),
    experiment!("broker-away", "the broker is gone for minutes while calls go on", true, broker::away),
    experiment!("postgres-killed", "kill -9 of PostgreSQL under load", true, postgres::killed),
    experiment!("standby-promoted", "the primary is killed and its synchronous standby promoted", true, postgres::promoted),
    experiment!("repeats", "every message twice, ten times, whole topics again from 0, offices shuffled", true, repeats::repeats),
    experiment!(
        "rebalance-storm",
        "members join and leave every five seconds, classic and KIP-848, SIGTERM in mid-rebalance",
        true,
        rebalance::storm
    ),
    experiment!("topics-lost", "topics emptied by retention while readers are away, then deleted and made anew", true, lost::topics),
];
