//! Reads what tracking hears: an event, nothing on purpose, or the outcome of a fact that cannot be read.
use contracts::{
    common,
    gate::v1::Observation,
    intake::{IntakeEvent, intake_event::Fact as Intake},
    risk::{RiskEvent, risk_event::Fact as Risk},
};
use platform::{
    Fact, Instant, Outcome,
    cloudevent::{self, JSON, PROTOBUF},
    trace,
};
use prost::Message as _;
use tracking_domain::{Fault, Gates, Observed, Reading};
use values::{DeclarationKey, Direction, Plate, PlateCountry, Version};

use crate::{
    INTAKE, OBSERVATIONS, RISK,
    event::{Declared, Event, Told, Via},
};

/// What a fact says; `None` for one that is ignored on purpose.
pub fn hear(fact: &Fact, gates: &Gates) -> Result<Option<Told>, Outcome> {
    let event = match &*fact.topic {
        OBSERVATIONS => Some(Event::Observed(observation(fact, gates)?)),
        INTAKE => intake(fact)?,
        RISK => risk(fact)?,
        other => return Err(Outcome::undecodable(format!("topic {other} is not heard"))),
    };
    let Some(event) = event else { return Ok(None) };
    let name = match event {
        Event::Observed(_) => "tracking.observe",
        Event::Announced(_) => "tracking.announce",
        Event::Declared(_) => "tracking.declare",
        Event::Cleared { .. } => "tracking.clear",
        Event::Withdrawn { .. } => "tracking.withdraw",
    };
    let cause = fact.cause();
    let trace = trace::follow(fact.traceparent(), name, &cause, fact.at());
    Ok(Some(Told { event, via: Via { actor: "tracking".to_owned(), cause, trace } }))
}

fn observation(fact: &Fact, gates: &Gates) -> Result<Reading, Outcome> {
    let (source, id) = fact.message_id();
    let version = fact.headers.get(cloudevent::SPECVERSION);
    let attributes =
        [(cloudevent::SPECVERSION, version), (cloudevent::SOURCE, source.as_str()), (cloudevent::ID, id.as_str()), (cloudevent::TYPE, fact.kind())];
    let missing: Vec<&str> = attributes.into_iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name).collect();
    if !missing.is_empty() {
        return Err(Outcome::Reject { code: "ATTRIBUTES", reason: format!("CloudEvents attributes are missing: {}", missing.join(", ")) });
    }
    if fact.kind() != "gate.v1.Observed" {
        return Err(Outcome::unknown_kind(fact.kind()));
    }
    if fact.reused {
        return Err(Outcome::Reject { code: "ID_REUSED", reason: "the id was used before, with other content".to_owned() });
    }
    let content_type = fact.content_type().split(';').next().unwrap_or_default().trim();
    let observation: Observation = match content_type {
        JSON => {
            serde_json::from_slice(&fact.payload).map_err(|e| Outcome::undecodable(format!("the value is not the JSON of {}: {e}", fact.kind())))?
        }
        PROTOBUF | "application/x-protobuf" => Observation::decode(&*fact.payload).map_err(Outcome::undecodable)?,
        other => return Err(Outcome::undecodable(format!("content type {other:?} is not known; {JSON} and {PROTOBUF} are"))),
    };
    reading(&observation, gates).map_err(|faults| {
        let reason = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Outcome::Reject { code: faults.first().map_or("UNDECODABLE", |fault| fault.code), reason }
    })
}

/// Parses an observation, whichever way it came.
pub fn reading(observation: &Observation, gates: &Gates) -> Result<Reading, Vec<Fault>> {
    let observed = Observed {
        camera: &observation.camera,
        gate: &observation.gate,
        direction: &observation.direction,
        plate: &observation.plate,
        country: &observation.country,
        observed_at: observation.observed_at.as_ref().and_then(moment),
        confidence: observation.confidence,
        image: &observation.image,
    };
    Reading::parse(&observed, gates)
}

/// A time in the years that a table can hold.
fn moment(at: &pbjson_types::Timestamp) -> Option<Instant> {
    const YEAR_10000: i64 = 253_402_300_800;
    let nanos = u32::try_from(at.nanos).ok()?;
    if (0..YEAR_10000).contains(&at.seconds) { Instant::from_timestamp(at.seconds, nanos) } else { None }
}

fn intake(fact: &Fact) -> Result<Option<Event>, Outcome> {
    let event = IntakeEvent::decode(&*fact.payload).map_err(Outcome::undecodable)?;
    let Some(said) = event.fact else { return Err(Outcome::unknown_kind(fact.kind())) };
    Ok(match said {
        Intake::Lodged(lodged) => Some(declared(lodged.declaration)?),
        Intake::Amended(amended) => Some(declared(amended.declaration)?),
        Intake::Withdrawn(withdrawn) => Some(Event::Withdrawn { key: key(&withdrawn.key)? }),
        Intake::Cleared(cleared) => Some(Event::Cleared { key: key(&cleared.key)?, version: version(cleared.version)? }),
        // Ignored on purpose: they neither bind a declaration to a vehicle nor let a vehicle go.
        Intake::Refused(_)
        | Intake::PaymentReceived(_)
        | Intake::TaxDue(_)
        | Intake::ClearanceRefused(_)
        | Intake::Superseded(_)
        | Intake::HeadsWitnessed(_)
        | Intake::DeadLetterDiscarded(_) => None,
    })
}

/// Nothing that risk says moves a vehicle: intake alone says what is cleared. It is heard so that tracking is a witness of its journal.
fn risk(fact: &Fact) -> Result<Option<Event>, Outcome> {
    let event = RiskEvent::decode(&*fact.payload).map_err(Outcome::undecodable)?;
    match event.fact {
        None => Err(Outcome::unknown_kind(fact.kind())),
        Some(
            Risk::Decided(_)
            | Risk::Assigned(_)
            | Risk::Reassigned(_)
            | Risk::AssignmentClosed(_)
            | Risk::Concluded(_)
            | Risk::Superseded(_)
            | Risk::DayCommitted(_)
            | Risk::DayOpened(_)
            | Risk::DayClosed(_)
            | Risk::DayKeyRevealed(_)
            | Risk::RulesInForce(_)
            | Risk::RosterSet(_)
            | Risk::LaneChanged(_)
            | Risk::HeadsWitnessed(_)
            | Risk::DeadLetterDiscarded(_),
        ) => Ok(None),
    }
}

fn declared(declaration: Option<common::Declaration>) -> Result<Event, Outcome> {
    let Some(d) = declaration else { return Err(Outcome::undecodable("the declaration is missing")) };
    let direction = match d.direction() {
        common::Direction::Import => Direction::Import,
        common::Direction::Export => Direction::Export,
        common::Direction::Unspecified => return Err(Outcome::undecodable("the direction is missing")),
    };
    // By sea and air there is no plate, and a plate of a country without a border gate cannot come by one.
    let vehicle = Plate::parse(&d.plate).ok().zip(PlateCountry::parse(&d.plate_country).ok());
    Ok(Event::Declared(Declared { key: key(&d.key)?, version: version(d.version)?, direction, vehicle }))
}

fn key(text: &str) -> Result<DeclarationKey, Outcome> {
    DeclarationKey::parse(text).map_err(Outcome::undecodable)
}

fn version(count: u32) -> Result<Version, Outcome> {
    Version::new(count).map_err(Outcome::undecodable)
}
