//! Every experiment by name; each file holds one kind of fault.
mod broken;
mod broker;
mod clock;
mod contention;
mod crash;
mod disk;
mod kill;
mod lost;
mod mixture;
mod network;
mod overload;
mod pause;
mod poison;
mod postgres;
mod rebalance;
mod repeats;
mod restore;
mod rolling;
mod tamper;
mod upgrade;

use crate::{experiment, experiment::Experiment};

/// In the order of the table.
pub const ALL: [Experiment; 27] = [
    experiment!("calm", "nothing at all: what the laws come to without a fault", true, kill::calm),
    experiment!("kill", "kill -9 of each service in turn under 500 declarations/s", true, kill::kill),
    experiment!(
        "crash-points",
        "processes abort between two steps: commit and offset, acknowledgement and advance, inside a batch",
        true,
        crash::points
    ),
    experiment!("pause", "SIGSTOP and SIGCONT of owners of partitions and of leading relays", true, pause::pause),
    experiment!("broker-restarts", "kill -9 of the broker under load, again and again", false, broker::restarts),
    experiment!("broker-away", "the broker is gone for minutes while calls go on", true, broker::away),
    experiment!("postgres-killed", "kill -9 of PostgreSQL under load", true, postgres::killed),
    experiment!("standby-promoted", "the primary is killed and its synchronous standby promoted", true, postgres::promoted),
    experiment!("standby-behind", "the primary is killed and an asynchronous standby that lags promoted", false, postgres::behind),
    experiment!("disk-full", "no room on the database's, the broker's, a service's disk", false, disk::full),
    experiment!("network-cuts", "every way between caller, service, database and broker cut", true, network::cuts),
    experiment!("network-weather", "10 % loss and up to 500 ms delay on every way", false, network::weather),
    experiment!("poison", "every 500th message is rubbish, impossible or of an unknown kind; redriven twice", false, poison::poison),
    experiment!("repeats", "every message twice, ten times, whole topics again from 0, offices shuffled", true, repeats::repeats),
    experiment!("topics-lost", "topics emptied by retention while readers are away, then deleted and made anew", true, lost::topics),
    experiment!("producer-restored", "a producer's database is given back from an older backup: a fork", true, restore::forked),
    experiment!("reader-restored", "a reader's database is given back from a backup and the topics replayed", false, restore::replayed),
    experiment!("clock", "one replica of each service ten minutes ahead, behind, over midnight and back", true, clock::wrong),
    experiment!(
        "rebalance-storm",
        "members join and leave every five seconds, classic and KIP-848, SIGTERM in mid-rebalance",
        true,
        rebalance::storm
    ),
    experiment!("hot-office", "half of the load on one office", false, overload::hot_office),
    experiment!("flood", "ten times what can be carried, nearly all of it parcels", false, overload::flood),
    experiment!("contention", "few connections, locked rows, a transaction open for minutes", true, contention::contention),
    experiment!("tampering", "a bit flipped in a row of a journal, a row deleted, two swapped", true, tamper::tamper),
    experiment!("mixture", "faults drawn from a seed, one upon the other", true, mixture::mixture),
    experiment!("rolling-restart", "old and new version side by side, a migration between", true, rolling::restart),
    experiment!("unknown-arm", "readers of a version that lacks a kind of fact, upgraded under load", true, upgrade::unknown_arm),
    experiment!("broken-builds", "offsets before effects, no position check, no fence: must be caught", true, broken::caught),
];
