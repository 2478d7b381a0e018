//! The risk service: how risky, which lane, which scan, which officer?
//!
//! This file knows all parts. Decisions are made by `risk-domain`; [`book`] loads offices, decides in memory and saves once.

mod assigning;
mod book;
mod by_code;
mod composing;
mod concluding;
mod counting;
mod days;
mod decide;
mod deciding;
mod explaining;
mod facts;
mod gauges;
mod grpc;
mod handing_on;
mod handler;
mod history;
mod kept;
mod lane_changing;
mod office;
mod pairing;
mod place;
mod reassigning;
mod regime;
mod reports;
mod rostering;
mod ruling;
mod store;
mod wire;
mod wrapping;

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
    secret::Secret,
    service::{Context, Definition, Parts, Service},
    witness::Witness,
};
use prost::Message;
use risk_domain::rules::{Rules, RulesDocument};
use serde::{Deserialize, Serialize};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

use self::{regime::InForce, wrapping::MasterKey};

pub use self::{
    counting::Counting,
    decide::Command,
    handler::RiskHandler,
    store::{add_counted, counts},
};

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
    ("/customs.risk.v1.Risk/ChangeLane", &["supervisor", "head"]),
    ("/customs.risk.v1.Risk/CloseDay", &["head", "operator"]),
    ("/customs.risk.v1.Risk/SetBeacon", &["operator"]),
    ("/customs.risk.v1.Risk/SaveRule", &["analyst", "head"]),
    ("/customs.risk.v1.Risk/StepRule", &["analyst", "head"]),
    ("/customs.risk.v1.Risk/ListRules", &["analyst", "head", "auditor"]),
    ("/customs.risk.v1.Risk/PutModel", &["analyst", "head"]),
    ("/customs.risk.v1.Risk/GetModel", &["analyst", "auditor"]),
    ("/customs.risk.v1.Risk/Outcomes", &["analyst", "head", "auditor"]),
    ("/customs.risk.v1.Risk/Pairs", &["head", "auditor"]),
    // The register is public: whoever has a token may read it.
    ("/customs.risk.v1.Risk/Overrides", &["sender", "declarant", "officer", "supervisor", "head", "analyst", "auditor", "operator"]),
];

/// Section `service` of the settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// File with the rules that an empty database begins with; empty: those shipped.
    pub rules: String,
    pub offices: Vec<String>,
    /// 64 hex digits under which day keys are wrapped, or the file that has them.
    pub master_key: Secret,
    pub master_key_file: String,
    /// A head may end a day before midnight: for demonstrations.
    pub close_open_days: bool,
    pub queue_alarm_minutes: u32,
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
        let keys = MasterKey::open(&settings.master_key, &settings.master_key_file)?;
        let in_force = Arc::new(InForce::new(shipped(&settings.rules)?, Box::new(keys)));
        let pool = context.pool.clone();
        let days = days::Days { in_force: Arc::clone(&in_force), offices: settings.offices.clone() };
        let queue = days::Queue { in_force: Arc::clone(&in_force), alarm_minutes: settings.queue_alarm_minutes };
        let hand_on = handing_on::HandOn { in_force: Arc::clone(&in_force) };
        let api_in_force = Arc::clone(&in_force);
        Ok(Parts {
            handler: Arc::new(RiskHandler::new(Arc::clone(&in_force), context.journal.layout)),
            decide: Arc::new(decide::RiskCommands::new(in_force, settings.close_open_days)),
            timers: vec![Arc::new(days), Arc::new(queue), Arc::new(hand_on), Arc::new(Counting)],
            routes: Box::new(move |commands| {
                let api = grpc::Api { pool, commands, in_force: api_in_force };
                Routes::new(RiskServer::new(api).max_decoding_message_size(LARGEST_CALL))
            }),
        })
    }
}

/// A model's artefact comes in one call.
const LARGEST_CALL: usize = 40 << 20;

/// The rules of a file, or those shipped, checked.
fn shipped(path: &str) -> anyhow::Result<RulesDocument> {
    let text = if path.is_empty() {
        RulesDocument::STANDARD.to_owned()
    } else {
        std::fs::read_to_string(path).with_context(|| format!("service.rules {path}"))?
    };
    let document = RulesDocument::from_toml(&text).map_err(|fault| anyhow::anyhow!("rules: {fault}"))?;
    Rules::build(document.clone()).map_err(|faults| anyhow::anyhow!("{} fault(s) in the rules:\n{}", faults.len(), composing::told(&faults)))?;
    Ok(document)
}
