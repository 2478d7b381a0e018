//! The risk service: how risky, which lane, which scan, which officer?
//!
//! This file knows all parts. Decisions are made by `risk-domain`; [`book`] loads an office, decides in memory and saves once.

mod book;
mod concluding;
mod days;
mod decide;
mod deciding;
mod grpc;
mod handler;
mod reassigning;
mod rostering;
mod store;

use std::sync::Arc;

use anyhow::Context as _;
use contracts::{
    Event,
    common::{DeadLetterDiscarded, HeadsWitnessed},
    risk::{RiskEvent, risk_server::RiskServer},
};
use platform::{
    callers::RoleTable,
    operations::Told,
    reader::{Origin, Source, SourceClass},
    service::{Context, Definition, Parts, Service},
    witness::Witness,
};
use prost::Message;
use risk_domain::RulesDocument;
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use self::{decide::Command, handler::RiskHandler};

pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Decisions, public to the services.
pub const FACTS: &str = "customs.risk.v1";
/// What decisions rest on; restricted.
pub const TRACES: &str = "customs.risk.traces.v1";
/// What risk hears.
pub const INTAKE: &str = "customs.intake.v1";
pub const TRACKING: &str = "customs.tracking.v1";

pub const SOURCES: &[Source] = &[
    Source { topic: INTAKE, origin: Origin::Ours { producer: "intake" }, class: SourceClass::ByStream },
    Source { topic: TRACKING, origin: Origin::Ours { producer: "tracking" }, class: SourceClass::ByStream },
];

const ROLES: RoleTable = &[
    ("/customs.risk.v1.Risk/Worklist", &["officer", "supervisor", "head", "operator"]),
    ("/customs.risk.v1.Risk/Explain", &["sender", "declarant", "officer", "supervisor", "head", "auditor"]),
    ("/customs.risk.v1.Risk/Conclude", &["officer", "supervisor"]),
    ("/customs.risk.v1.Risk/Reassign", &["supervisor", "head"]),
    ("/customs.risk.v1.Risk/SetRoster", &["supervisor", "head", "operator"]),
];

/// Section `service` of the settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub profiles: String,
    pub offices: Vec<String>,
}

/// The service.
pub struct Risk;

impl Service for Risk {
    type Settings = Settings;
    type Decide = decide::RiskCommands;

    fn definition() -> Definition {
        Definition {
            name: "risk",
            settings: include_str!("../settings.toml"),
            migrations: &MIGRATIONS,
            tells: &[FACTS, TRACES],
            hears: SOURCES,
            outside: &[],
            roles: ROLES,
            told: Told {
                topic: FACTS,
                discarded_kind: "customs.risk.v1.DeadLetterDiscarded",
                discarded: |fact: DeadLetterDiscarded| RiskEvent::from(fact).encode_to_vec(),
            },
            witness: || Witness {
                service: "risk",
                topic: FACTS,
                kind: RiskEvent::from(HeadsWitnessed::default()).kind(),
                encode: |fact: HeadsWitnessed| RiskEvent::from(fact).encode_to_vec(),
            },
        }
    }

    fn build(context: &Context<Settings>) -> anyhow::Result<Parts<decide::RiskCommands>> {
        let settings = &context.settings.service;
        let rules = Arc::new(rules(&settings.profiles)?);
        let pool = context.pool.clone();
        Ok(Parts {
            handler: Arc::new(RiskHandler::new(Arc::clone(&rules), context.journal.layout)),
            decide: Arc::new(decide::RiskCommands::new(Arc::clone(&rules))),
            timers: vec![Arc::new(days::Days { rules: Arc::clone(&rules), offices: settings.offices.clone() }), Arc::new(days::Queue { rules })],
            routes: Box::new(move |commands| Routes::new(RiskServer::new(grpc::Api { pool, commands }))),
        })
    }
}

/// Profiles and the text they were loaded from.
pub struct Rules {
    pub set: risk_domain::Rules,
    pub text: String,
}

/// Loads the profiles of a file, or those shipped.
pub fn rules(path: &str) -> anyhow::Result<Rules> {
    let text = if path.is_empty() {
        RulesDocument::STANDARD.to_owned()
    } else {
        std::fs::read_to_string(path).with_context(|| format!("service.profiles {path}"))?
    };
    let set = risk_domain::Rules::load(&text).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{} fault(s) in the profiles:\n{}", list.len(), list.join("\n"))
    })?;
    Ok(Rules { set, text })
}
