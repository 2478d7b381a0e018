//! The intake service: is this declaration valid, complete, paid, cleared?
//!
//! This file knows all parts. Messages of the single window and calls by gRPC become the same [`submission::Submission`]s; [`book`] loads what a
//! batch is about, the use cases change it in memory, and it is saved once.

mod amending;
mod answer;
mod book;
mod decide;
mod draft;
mod grpc;
mod handler;
mod hearing;
mod lodging;
mod paying;
mod store;
mod submission;
mod waiting;
mod withdrawing;

use std::sync::Arc;

use anyhow::Context as _;
use contracts::{
    Event,
    common::{DeadLetterDiscarded, HeadsWitnessed},
    intake::{IntakeEvent, intake_server::IntakeServer},
};
use intake_domain::Tables;
use platform::{
    callers::RoleTable,
    operations::Told,
    reader::{Origin, Source, SourceClass},
    service::{Context, Definition, Parts, Service, Size},
    witness::Witness,
};
use prost::Message;
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use tonic::service::Routes;
use values::OfficeCode;

pub use self::{decide::IntakeCommands, handler::IntakeHandler, submission::Attempt};

pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What intake tells.
pub const FACTS: &str = "customs.intake.v1";
/// Answers to the single window.
pub const RESPONSES: &str = "nsw.responses.v1";
/// What intake hears.
pub const DECLARATIONS: &str = "nsw.declarations.v1";
pub const PARCELS: &str = "nsw.parcels.v1";
pub const PAYMENTS: &str = "nsw.payments.v1";
pub const RISK: &str = "customs.risk.v1";
pub const TRACKING: &str = "customs.tracking.v1";

const OUTSIDE: Origin = Origin::Outside { answers: Some(RESPONSES) };

pub const SOURCES: &[Source] = &[
    Source { topic: DECLARATIONS, origin: OUTSIDE, class: SourceClass::Cargo },
    Source { topic: PARCELS, origin: OUTSIDE, class: SourceClass::Parcels },
    Source { topic: PAYMENTS, origin: OUTSIDE, class: SourceClass::Cargo },
    Source { topic: RISK, origin: Origin::Ours { producer: "risk" }, class: SourceClass::ByStream },
    Source { topic: TRACKING, origin: Origin::Ours { producer: "tracking" }, class: SourceClass::ByStream },
];

const ROLES: RoleTable = &[
    ("/customs.intake.v1.Intake/Lodge", &["sender", "officer"]),
    ("/customs.intake.v1.Intake/Amend", &["sender", "officer"]),
    ("/customs.intake.v1.Intake/Withdraw", &["sender", "officer"]),
    ("/customs.intake.v1.Intake/Get", &["sender", "officer", "supervisor", "head", "auditor"]),
    ("/customs.intake.v1.Intake/List", &["officer", "supervisor", "head", "auditor"]),
    ("/customs.intake.v1.Intake/Validate", &["sender", "declarant", "officer", "supervisor", "head"]),
];

/// Section `service` of the settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Two digits in every declaration number.
    pub region: u8,
    /// Seconds after which a message that waits is answered.
    pub answer_waiting_s: u32,
    /// Further customs offices.
    pub offices: Vec<String>,
}

/// The service.
pub struct Intake;

impl Service for Intake {
    type Settings = Settings;
    type Decide = IntakeCommands;

    fn definition() -> Definition {
        Definition {
            name: "intake",
            settings: include_str!("../settings.toml"),
            migrations: &MIGRATIONS,
            tells: &[FACTS, RESPONSES],
            hears: SOURCES,
            outside: &[(DECLARATIONS, Size::Cargo), (PARCELS, Size::Parcels), (PAYMENTS, Size::Cargo)],
            roles: ROLES,
            told: Told {
                topic: FACTS,
                discarded_kind: "customs.intake.v1.DeadLetterDiscarded",
                discarded: |fact: DeadLetterDiscarded| IntakeEvent::from(fact).encode_to_vec(),
            },
            witness: || Witness {
                service: "intake",
                topic: FACTS,
                kind: IntakeEvent::from(HeadsWitnessed::default()).kind(),
                encode: |fact: HeadsWitnessed| IntakeEvent::from(fact).encode_to_vec(),
            },
        }
    }

    fn build(context: &Context<Settings>) -> anyhow::Result<Parts<IntakeCommands>> {
        let settings = &context.settings.service;
        let rules = Arc::new(Rules::new(settings)?);
        let (pool, layout) = (context.pool.clone(), context.journal.layout);
        let largest = context.settings.grpc.largest_message;
        let tables = Arc::clone(&rules);
        Ok(Parts {
            handler: Arc::new(IntakeHandler::new(Arc::clone(&rules), layout)),
            decide: Arc::new(IntakeCommands::new(rules)),
            timers: vec![Arc::new(waiting::Waiting { seconds: settings.answer_waiting_s })],
            routes: Box::new(move |commands| {
                Routes::new(IntakeServer::new(grpc::Api { pool, commands, rules: tables }).max_decoding_message_size(largest))
            }),
        })
    }
}

/// What submissions are judged by.
pub struct Rules {
    pub tables: Tables,
    pub region: u8,
}

impl Rules {
    /// The standard tables and the offices of the settings.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let more = settings
            .offices
            .iter()
            .map(|code| Ok((OfficeCode::parse(code).with_context(|| format!("service.offices: {code}"))?, code.clone(), None)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::ensure!(settings.region < 100, "service.region must be below 100");
        Ok(Self { tables: Tables::standard()?.with_offices(more), region: settings.region })
    }
}
