//! The calls of tracking: commands are checked and left to be decided, queries read what is there.
use std::{collections::BTreeMap, sync::Arc};

use contracts::tracking::{
    AnnounceRequest, AnnounceResponse, BoardRequest, BoardResponse, Carried, GetVisitRequest, ObserveRequest, ObserveResponse, Vehicle, Visit,
    tracking_server::Tracking,
};
use platform::{
    callers::Caller,
    clock,
    commands::{Call, Commands},
    serving::{FieldFault, Refusal},
};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use tonic::{Request, Response, Status};
use tracking_domain::{Fault, Gate, Reading, vehicle_id};
use values::{DeclarationKey, DeclarationNumber, Plate, PlateCountry, local_day};

use crate::{decide::Command, event::Announced, hear, load::natural_key, settings::Rules, store::view};

/// Declarations that can be announced for one vehicle.
const MOST_ANNOUNCED: usize = 200;

/// Answers callers.
pub struct Calls {
    pub pool: PgPool,
    pub rules: Arc<Rules>,
    pub commands: Commands<Command>,
}

#[tonic::async_trait]
impl Tracking for Calls {
    async fn announce(&self, request: Request<AnnounceRequest>) -> Result<Response<AnnounceResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let announced = announced(&self.rules, request.get_ref())?;
        let office = announced.gate.office.as_str();
        // Senders announce for any gate that they drive to; an officer speaks for the own office.
        if !caller.has("sender") && !caller.acts_for(office) {
            return Err(Refusal::other_office(office).into());
        }
        let key = announce_key(&self.rules, &announced);
        let call = Call::new(&request, "Announce", key, Command::Announce(announced))?;
        Ok(Response::new(decoded(&self.commands.submit(call).await?)?))
    }

    async fn observe(&self, request: Request<ObserveRequest>) -> Result<Response<ObserveResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let observation = request.get_ref().observation.clone().unwrap_or_default();
        let reading = hear::reading(&observation, &self.rules.gates).map_err(|faults| refused("/observation", &faults))?;
        let office = reading.gate.office.as_str();
        if !caller.acts_for(office) {
            return Err(Refusal::other_office(office).into());
        }
        let key = observe_key(&self.rules, &reading);
        let call = Call::new(&request, "Observe", key, Command::Observe(reading))?;
        Ok(Response::new(decoded(&self.commands.submit(call).await?)?))
    }

    async fn board(&self, request: Request<BoardRequest>) -> Result<Response<BoardResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let gate = gate(&self.rules, &request.get_ref().gate).map_err(|fault| refused("", &[fault]))?;
        let office = gate.office.as_str();
        if !caller.acts_for(office) {
            return Err(Refusal::other_office(office).into());
        }
        let seen = view::board(&self.pool, &gate.code, office).await.map_err(Refusal::from)?;
        Ok(Response::new(BoardResponse { visits: self.visits(seen).await? }))
    }

    async fn get_visit(&self, request: Request<GetVisitRequest>) -> Result<Response<Visit>, Status> {
        let caller = Caller::of(request.extensions())?;
        let id = &request.get_ref().visit;
        let not_found = || Refusal::NotFound("no such visit".to_owned());
        if id.len() != 16 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(not_found().into());
        }
        let seen = view::visit(&self.pool, id).await.map_err(Refusal::from)?.ok_or_else(not_found)?;
        if !caller.acts_for(&seen.office) {
            return Err(Refusal::other_office(&seen.office).into());
        }
        let visit = self.visits(vec![seen]).await?.pop().ok_or_else(not_found)?;
        Ok(Response::new(visit))
    }
}

impl Calls {
    async fn visits(&self, seen: Vec<view::Seen>) -> Result<Vec<Visit>, Refusal> {
        let ids: Vec<String> = seen.iter().filter(|s| !s.visit.is_empty()).map(|s| s.visit.clone()).collect();
        let mut carried: BTreeMap<String, Vec<Carried>> = BTreeMap::new();
        for row in view::carried(&self.pool, &ids).await? {
            carried.entry(row.visit).or_default().push(Carried { key: row.key, cleared: row.cleared });
        }
        let visit = |s: view::Seen| Visit {
            declarations: carried.remove(&s.visit).unwrap_or_default(),
            visit: s.visit,
            vehicle: Some(Vehicle { id: s.vehicle, plate: s.plate, country: s.country }),
            gate: s.gate,
            state: s.state,
            reason: s.reason,
            arrived_at: s.arrived_at.map(Into::into),
            departed_at: s.departed_at.map(Into::into),
        };
        Ok(seen.into_iter().map(visit).collect())
    }
}

fn gate<'r>(rules: &'r Rules, code: &str) -> Result<&'r Gate, Fault> {
    rules.gates.get(code).ok_or(if code.is_empty() { Fault::GATE_MISSING } else { Fault::GATE_UNKNOWN })
}

/// Checks an announcement; a refusal names every fault.
fn announced(rules: &Rules, request: &AnnounceRequest) -> Result<Announced, Refusal> {
    let mut faults = Vec::new();
    let gate = gate(rules, &request.gate).map_err(|fault| faults.push(field("", fault))).ok();
    let plate = Plate::parse(&request.plate).map_err(|_| faults.push(field("", Fault::PLATE))).ok();
    let country = PlateCountry::parse(&request.country).map_err(|_| faults.push(field("", Fault::COUNTRY))).ok();
    let mut declarations = Vec::with_capacity(request.declarations.len().min(MOST_ANNOUNCED));
    if request.declarations.len() > MOST_ANNOUNCED {
        faults.push(field("", Fault::DECLARATIONS));
    } else {
        for (n, text) in request.declarations.iter().enumerate() {
            match DeclarationKey::parse(text).or_else(|_| DeclarationNumber::parse(text).map(|number| number.key)) {
                Ok(key) => declarations.push(key),
                Err(_) => {
                    let fault = field("", Fault::DECLARATION);
                    faults.push(FieldFault { field: format!("{}/{n}", fault.field), ..fault });
                }
            }
        }
    }
    declarations.sort_unstable();
    declarations.dedup();
    match (gate, plate, country) {
        (Some(gate), Some(plate), Some(country)) if faults.is_empty() => Ok(Announced { gate: gate.clone(), plate, country, declarations }),
        _ => Err(Refusal::Invalid(faults)),
    }
}

fn refused(at: &str, faults: &[Fault]) -> Refusal {
    Refusal::Invalid(faults.iter().map(|fault| field(at, *fault)).collect())
}

fn field(at: &str, fault: Fault) -> FieldFault {
    FieldFault { field: format!("{at}{}", fault.pointer), code: fault.code.to_owned(), text_vi: fault.vi.to_owned(), text_en: fault.en.to_owned() }
}

/// Gate, vehicle and declarations, once a local day: the same empty lorry may be announced again tomorrow.
/// Keys enter the journal as causes, so the vehicle is in it by its id and not by its plate.
fn announce_key(rules: &Rules, announced: &Announced) -> String {
    let vehicle = vehicle_id(&rules.secret, &announced.plate, announced.country);
    let mut hash = Sha256::new();
    for key in &announced.declarations {
        hash.update(key.as_str());
    }
    let digest = hex::encode(&hash.finalize()[..8]);
    format!("{}/{vehicle}/{}/{digest}", announced.gate.code, local_day(clock::now()))
}

/// Camera, time and plate as keyed hash.
fn observe_key(rules: &Rules, reading: &Reading) -> String {
    let (camera, at, plate) = natural_key(rules, reading);
    format!("{camera}/{}/{plate}", at.timestamp_micros())
}

fn decoded<M: prost::Message + Default>(answer: &[u8]) -> Result<M, Refusal> {
    M::decode(answer).map_err(|_| Refusal::Internal)
}
