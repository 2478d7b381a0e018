//! A toy service on the real platform: its facts are texts that say what should become of them.
mod facts;
mod handler;
mod journals;
mod running;

use std::sync::Arc;

use platform::{
    health::Health,
    metrics::Metrics,
    peers::Journals,
    protocol::owning::Owning,
    reader::{Origin, Source, SourceClass, step::Reader},
    relay::{Relay, Wake},
    settings,
};
use sqlx::migrate::Migrator;

pub use self::{
    facts::{delivery, entry, message, tell},
    handler::{Add, Older, Toy},
    journals::{NoPeers, OwnJournal, restore},
    running::Running,
};
use crate::Sandbox;

pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Topic of the toy's producer; the same service reads it, as if it were another.
pub const TOPIC: &str = "customs.toy.v1";
/// Topic from outside.
pub const OUTSIDE: &str = "nsw.toy.v1";
/// Where outside messages are answered.
pub const ANSWERS: &str = "nsw.answers.v1";

pub const SOURCES: [Source; 2] = [
    Source { topic: TOPIC, origin: Origin::Ours { producer: "toy" }, class: SourceClass::ByStream },
    Source { topic: OUTSIDE, origin: Origin::Outside { answers: Some(ANSWERS) }, class: SourceClass::Cargo },
];

/// A reader that owns nothing yet.
pub fn reader(sandbox: &Sandbox, owner: &str, journals: Arc<dyn Journals>) -> Reader {
    Reader {
        pool: sandbox.pool.clone(),
        handler: Arc::new(Toy),
        journal: sandbox.journal,
        sources: SOURCES.to_vec(),
        journals,
        owner: owner.to_owned(),
        metrics: Metrics::new("toy"),
        owning: Owning::default(),
        told: Vec::new(),
    }
}

/// All partitions that the toy reads.
pub fn partitions() -> Vec<(Arc<str>, i32)> {
    (0..8).map(|n| (TOPIC.into(), n)).chain([(OUTSIDE.into(), 0)]).collect()
}

/// (subject, body) of every effect, in order.
pub async fn effects(sandbox: &Sandbox) -> anyhow::Result<Vec<(String, String)>> {
    Ok(sqlx::query_as("SELECT subject, body FROM effects ORDER BY id").fetch_all(&sandbox.pool).await?)
}

/// How the tests read: small batches, so that there are many of them.
pub const READING: settings::Reader = settings::Reader { batch: 50, batch_bytes: 1 << 24, idle_check_s: 30, inbox_days: 1 };

/// A relay of the toy's journal.
pub fn relay(sandbox: &Sandbox, owner: &str, lease_s: u32) -> Relay {
    let settings = settings::Relay { rows: 100, lease_s };
    Relay::new(sandbox.pool.clone(), sandbox.kafka.clone(), settings, owner.to_owned(), Wake::default(), Health::default(), Metrics::new("toy"))
}
