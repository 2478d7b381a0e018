//! The reporting service: what happened, and who signed for it? This file alone knows all its parts.
mod book;
mod daily;
mod decide;
mod freeze;
mod grpc;
mod handler;
mod hear;
mod keeping;
mod report;
mod store;
mod timeline;

use std::sync::Arc;

use contracts::{
    common::{DeadLetterDiscarded, HeadsWitnessed},
    reporting::{ReportingEvent, reporting_server::ReportingServer},
};
use platform::{
    operations::Told,
    reader::{Origin, Source, SourceClass},
    service::{Context, Definition, Parts, Service},
    witness::Witness,
};
use prost::Message;
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use self::{
    decide::{Command, Desk},
    grpc::Counter,
    handler::Reading,
    keeping::Keeping,
};

/// What reporting tells.
pub const REPORTING: &str = "customs.reporting.v1";
/// What it hears.
pub const INTAKE: &str = "customs.intake.v1";
pub const RISK: &str = "customs.risk.v1";
pub const TRACKING: &str = "customs.tracking.v1";

/// Topics that reporting hears: all of them ours.
pub const SOURCES: &[Source] = &[
    Source { topic: INTAKE, origin: Origin::Ours { producer: "intake" }, class: SourceClass::ByStream },
    Source { topic: RISK, origin: Origin::Ours { producer: "risk" }, class: SourceClass::ByStream },
    Source { topic: TRACKING, origin: Origin::Ours { producer: "tracking" }, class: SourceClass::ByStream },
];

pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What only reporting can be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the sub-department, as callers may write it instead of an office.
    pub sub_department: String,
    /// Whether a day may be closed before it is over.
    pub close_open_days: bool,
}

/// The service.
pub struct Reporting;

impl Service for Reporting {
    type Settings = Settings;
    type Decide = Desk;

    fn definition() -> Definition {
        Definition {
            name: "reporting",
            settings: include_str!("../settings.toml"),
            migrations: &MIGRATIONS,
            tells: &[REPORTING],
            hears: SOURCES,
            outside: &[],
            roles: grpc::ROLES,
            told: Told { topic: REPORTING, discarded_kind: "customs.reporting.v1.DeadLetterDiscarded", discarded },
            witness: || Witness { service: "reporting", topic: REPORTING, kind: "customs.reporting.v1.HeadsWitnessed", encode: witnessed },
        }
    }

    fn build(context: &Context<Settings>) -> anyhow::Result<Parts<Desk>> {
        let settings = context.settings.service.clone();
        let (pool, largest) = (context.pool.clone(), context.settings.grpc.largest_message);
        Ok(Parts {
            handler: Arc::new(Reading),
            decide: Arc::new(Desk { close_open_days: settings.close_open_days }),
            timers: vec![Arc::new(Keeping::default())],
            routes: Box::new(move |commands| {
                Routes::new(
                    ReportingServer::new(Counter { pool, commands, sub_department: settings.sub_department }).max_decoding_message_size(largest),
                )
            }),
        })
    }
}

fn discarded(fact: DeadLetterDiscarded) -> Vec<u8> {
    ReportingEvent::from(fact).encode_to_vec()
}

fn witnessed(fact: HeadsWitnessed) -> Vec<u8> {
    ReportingEvent::from(fact).encode_to_vec()
}
