//! What one batch is about: locked and loaded in a few statements, changed in memory in the order of the events, saved in a few statements.
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use platform::{Entry, Failure, Instant};
use tracking_domain::{Carried, Visit, VisitState};
use values::{DeclarationKey, Direction, PlateCountry};

use crate::{
    settings::Rules,
    store::{CarriedRow, Judged, NaturalKey, ReadingRow, VehicleRow, VisitRow},
};

/// A row in hand.
#[derive(Debug, Clone)]
pub struct Held<T> {
    pub row: T,
    pub new: bool,
    pub changed: bool,
}

/// A visit in hand, with what it carries.
#[derive(Debug, Clone)]
pub struct Stay {
    pub row: VisitRow,
    pub state: VisitState,
    pub keys: BTreeSet<DeclarationKey>,
    pub bound: Vec<DeclarationKey>,
    pub changed: bool,
}

/// The batch's working set.
pub struct Book<'r> {
    pub rules: &'r Rules,
    pub now: Instant,
    pub vehicles: BTreeMap<String, Held<VehicleRow>>,
    pub declarations: BTreeMap<DeclarationKey, Held<CarriedRow>>,
    pub visits: BTreeMap<String, Stay>,
    /// Open visit of a vehicle.
    pub open: HashMap<String, String>,
    /// Visits that carry a declaration.
    pub carrying: HashMap<DeclarationKey, BTreeSet<String>>,
    /// Declarations that name a vehicle.
    pub named: HashMap<String, BTreeSet<DeclarationKey>>,
    /// Readings that were seen before.
    pub seen: HashSet<NaturalKey>,
    /// Readings that were no repeats, by passage.
    pub judged: HashMap<(String, String, String), Vec<Judged>>,
    /// Vehicles that exist besides those in hand, to tell a plate from one that looks like it.
    pub others: HashSet<String>,
    pub readings: Vec<ReadingRow>,
    pub entries: Vec<Entry>,
}

impl Book<'_> {
    /// The vehicle, made known by this call if it was not.
    pub fn vehicle(&mut self, id: &str, country: PlateCountry) -> &mut VehicleRow {
        let held = self.vehicles.entry(id.to_owned()).or_insert_with(|| Held { row: unheard_vehicle(id, country), new: true, changed: true });
        held.changed = true;
        &mut held.row
    }

    /// The declaration, made known by this call if it was not.
    pub fn declaration(&mut self, key: &DeclarationKey) -> &mut CarriedRow {
        let held = self.declarations.entry(*key).or_insert_with(|| Held { row: unheard(key), new: true, changed: true });
        held.changed = true;
        &mut held.row
    }

    /// What is known of a declaration; of one that was never heard of, its number.
    pub fn carried(&self, key: &DeclarationKey) -> Carried {
        let row = self.declarations.get(key).map_or_else(|| unheard(key), |held| held.row.clone());
        Carried {
            key: *key,
            direction: Direction::parse(&row.direction).ok(),
            cleared: row.cleared >= 0 && row.cleared >= row.version,
            withdrawn: row.withdrawn,
            departed: row.departed,
        }
    }

    /// The visit as the domain sees it now.
    pub fn visit(&self, stay: &Stay) -> Visit {
        let carried = stay.keys.iter().map(|key| self.carried(key)).collect();
        Visit { id: stay.row.id.clone(), gate: stay.row.gate.clone(), carried, state: stay.state }
    }

    /// Keeps what became of a visit; a declaration that it did not carry is bound to it.
    pub fn keep(&mut self, visit: &Visit, departed_at: Option<Instant>) {
        for carried in &visit.carried {
            self.declaration_known(&carried.key);
        }
        let Some(stay) = self.visits.get_mut(&visit.id) else { return };
        for carried in &visit.carried {
            if stay.keys.insert(carried.key) {
                stay.bound.push(carried.key);
                self.carrying.entry(carried.key).or_default().insert(visit.id.clone());
                stay.changed = true;
            }
        }
        if stay.state != visit.state {
            stay.state = visit.state;
            visit.state.as_str().clone_into(&mut stay.row.state);
            visit.state.reason().clone_into(&mut stay.row.reason);
            stay.changed = true;
        }
        if visit.state == VisitState::Departed {
            stay.row.departed_at = departed_at;
            self.open.remove(&stay.row.vehicle);
        }
    }

    /// A visit begins.
    pub fn begin(&mut self, row: VisitRow, visit: &Visit) {
        self.open.insert(row.vehicle.clone(), row.id.clone());
        let row = VisitRow { state: visit.state.as_str().to_owned(), reason: visit.state.reason().to_owned(), ..row };
        self.visits.insert(row.id.clone(), Stay { row, state: visit.state, keys: BTreeSet::new(), bound: Vec::new(), changed: true });
        self.keep(visit, None);
    }

    /// The open visit of a vehicle.
    pub fn open_visit(&self, vehicle: &str) -> Option<&Stay> {
        self.visits.get(self.open.get(vehicle)?)
    }

    fn declaration_known(&mut self, key: &DeclarationKey) {
        if !self.declarations.contains_key(key) {
            self.declaration(key);
        }
    }
}

fn unheard_vehicle(id: &str, country: PlateCountry) -> VehicleRow {
    VehicleRow {
        id: id.to_owned(),
        plate: String::new(),
        country: country.as_str().to_owned(),
        announced_gate: String::new(),
        announced_at: None,
        announced: String::new(),
        held_gate: String::new(),
        held_reason: String::new(),
        held_at: None,
    }
}

fn unheard(key: &DeclarationKey) -> CarriedRow {
    CarriedRow { key: key.to_string(), version: -1, vehicle: String::new(), direction: String::new(), cleared: -1, withdrawn: false, departed: false }
}

/// A stored text that must have its form.
pub fn stored<T>(parsed: Option<T>, what: &str) -> Result<T, Failure> {
    parsed.ok_or_else(|| Failure::Deterministic(format!("a stored {what} is not one")))
}
