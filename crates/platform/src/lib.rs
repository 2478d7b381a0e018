//! What the four services share: settings, telemetry, database, journal, relay, reader, commands, callers, gRPC, health, shutdown.
//!
//! The crate knows no event by name. A service gives it a [`Handler`] for what it hears, a [`commands::Decide`] for what it is asked,
//! and a router of gRPC services; [`service::run`] does the rest. Read the modules in this order: [`journal`] (how a fact is written),
//! [`relay`] (how it reaches Kafka), [`reader`] (how it is read), [`commands`] (how a call becomes facts). What they decide is in [`protocol`].

pub mod awaiting;
pub mod callers;
pub mod clock;
pub mod cloudevent;
pub mod commands;
pub mod database;
pub mod dead_letters;
pub mod failure;
pub mod handover;
pub mod health;
pub mod http;
pub mod inbox;
pub mod journal;
pub mod kafka;
pub mod laboratory;
pub mod leases;
pub mod limits;
pub mod metrics;
pub mod operations;
mod pace;
pub mod peers;
pub mod protocol;
pub mod reader;
pub mod redrive;
pub mod relay;
pub mod seat;
pub mod secret;
pub mod service;
pub mod serving;
pub mod settings;
pub mod shutdown;
pub mod streams;
pub mod telemetry;
pub mod timers;
pub mod trace;
pub mod unknown;
pub mod witness;
pub mod work;

pub use failure::Failure;
pub use reader::{Fact, Handler, Outcome};
pub use work::{Entry, Work};

/// Facts are many small texts, made on one thread and freed on another; what the Kafka client allocates goes the same way (docs/performance.md).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A moment in UTC with microseconds.
pub type Instant = chrono::DateTime<chrono::Utc>;
