//! Tracking: where is the vehicle, may it pass, is it late?
//!
//! This file alone knows all parts. A fact or a command becomes an [`event::Event`]; [`apply`] locks and loads what a batch is about
//! ([`load`]), lets each use case ([`observe`], [`announce`], [`declare`]) change it in memory ([`book`]), and saves it.
mod announce;
mod apply;
mod book;
mod decide;
mod declare;
mod event;
mod grpc;
mod handler;
mod hear;
mod load;
mod observe;
mod settings;
mod store;
mod tell;

use std::sync::Arc;

use contracts::{
    common::{DeadLetterDiscarded, HeadsWitnessed},
    tracking::{TrackingEvent, tracking_server::TrackingServer},
};
use platform::{
    callers::RoleTable,
    operations::Told,
    reader::{Origin, Source, SourceClass},
    service::{Context, Definition, Parts, Service, Size},
    witness::Witness,
};
use prost::Message as _;
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use self::{
    decide::{Command, Deciding},
    grpc::Calls,
    handler::Hearing,
    settings::{Rules, Settings},
};

/// The tables of tracking.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What tracking tells.
pub const FACTS: &str = "customs.tracking.v1";
/// What cameras tell.
pub const OBSERVATIONS: &str = "gate.observations.v1";
pub const INTAKE: &str = "customs.intake.v1";
pub const RISK: &str = "customs.risk.v1";

/// What tracking hears.
pub const HEARS: &[Source] = &[
    Source { topic: OBSERVATIONS, origin: Origin::Outside { answers: None }, class: SourceClass::Cargo },
    Source { topic: INTAKE, origin: Origin::Ours { producer: "intake" }, class: SourceClass::ByStream },
    Source { topic: RISK, origin: Origin::Ours { producer: "risk" }, class: SourceClass::ByStream },
];

/// Defaults of its settings.
pub const SETTINGS: &str = include_str!("../settings.toml");

const ROLES: RoleTable = &[
    ("/customs.tracking.v1.Tracking/Announce", &["officer", "sender"]),
    ("/customs.tracking.v1.Tracking/Observe", &["officer", "service", "operator"]),
    ("/customs.tracking.v1.Tracking/Board", &["officer", "supervisor", "head", "operator"]),
    ("/customs.tracking.v1.Tracking/GetVisit", &["officer", "supervisor", "head", "operator"]),
];

/// The service.
pub struct Tracking;

impl Service for Tracking {
    type Settings = Settings;
    type Decide = Deciding;

    fn definition() -> Definition {
        Definition {
            name: "tracking",
            settings: SETTINGS,
            migrations: &MIGRATIONS,
            tells: &[FACTS],
            hears: HEARS,
            outside: &[(OBSERVATIONS, Size::Cargo)],
            roles: ROLES,
            told: Told { topic: FACTS, discarded_kind: "customs.tracking.v1.DeadLetterDiscarded", discarded },
            witness: || Witness { service: "tracking", topic: FACTS, kind: "customs.tracking.v1.HeadsWitnessed", encode: witnessed },
        }
    }

    fn build(context: &Context<Settings>) -> anyhow::Result<Parts<Deciding>> {
        let rules = Arc::new(context.settings.service.rules()?);
        let (pool, known) = (context.pool.clone(), Arc::clone(&rules));
        let largest = context.settings.grpc.largest_message;
        Ok(Parts {
            handler: Arc::new(Hearing { rules: Arc::clone(&rules) }),
            decide: Arc::new(Deciding { rules }),
            timers: Vec::new(),
            routes: Box::new(move |commands| {
                Routes::new(TrackingServer::new(grpc::Calls { pool, rules: known, commands }).max_decoding_message_size(largest))
            }),
        })
    }
}

fn discarded(fact: DeadLetterDiscarded) -> Vec<u8> {
    TrackingEvent::from(fact).encode_to_vec()
}

fn witnessed(fact: HeadsWitnessed) -> Vec<u8> {
    TrackingEvent::from(fact).encode_to_vec()
}
