//! The facts of `customs.tracking.v1` as journal entries.
use contracts::{Event as _, tracking as wire};
use platform::{Entry, cloudevent::Headers, streams::Class};
use prost::Message as _;
use tracking_domain::{Reading, Released};
use values::DeclarationKey;

use crate::{FACTS, book::Book, event::Via};

impl Book<'_> {
    /// Leaves a fact for the journal. `subject` is a visit, or a vehicle without one; `office` guards the gate.
    pub fn tell(&mut self, via: &Via, subject: &str, office: &str, event: impl Into<wire::TrackingEvent>) {
        let event = event.into();
        self.entries.push(Entry {
            topic: FACTS,
            class: Class::Cargo,
            kind: event.kind().into(),
            subject: subject.to_owned(),
            office: office.to_owned(),
            actor: via.actor.clone(),
            cause: via.cause.clone(),
            recorded_at: self.now,
            trace: via.trace.clone(),
            payload: event.encode_to_vec(),
            headers: Headers::default(),
            answer: false,
            answers: None,
        });
    }

    /// A visit was released.
    pub fn tell_released(&mut self, via: &Via, released: &Released) {
        let Some(stay) = self.visits.get(&released.visit) else { return };
        let (vehicle, office) = (stay.row.vehicle.clone(), stay.row.office.clone());
        let event = wire::Released {
            visit: released.visit.clone(),
            vehicle: Some(self.vehicle_on_the_wire(&vehicle, "")),
            declarations: texts(&released.declarations),
        };
        self.tell(via, &released.visit, &office, event);
    }

    /// A vehicle as others may see it: its plate only if it is commercial.
    pub fn vehicle_on_the_wire(&self, id: &str, country: &str) -> wire::Vehicle {
        match self.vehicles.get(id) {
            Some(held) => wire::Vehicle { id: id.to_owned(), plate: held.row.plate.clone(), country: held.row.country.clone() },
            None => wire::Vehicle { id: id.to_owned(), plate: String::new(), country: country.to_owned() },
        }
    }

    /// The vehicle of a reading.
    pub fn seen_on_the_wire(&self, id: &str, reading: &Reading) -> Option<wire::Vehicle> {
        Some(self.vehicle_on_the_wire(id, reading.country.as_str()))
    }
}

/// Keys as text.
pub fn texts(keys: &[DeclarationKey]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}
