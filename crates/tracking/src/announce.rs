//! Announce: a carrier says what will come through a gate; the latest word counts until a visit uses it.
use contracts::tracking as wire;
use tracking_domain::vehicle_id;

use crate::{
    book::Book,
    event::{Announced, Answer, Via},
    tell::texts,
};

/// Notes an announcement; its vehicle is commercial from now on.
pub fn announce(book: &mut Book<'_>, announced: &Announced, via: &Via) -> Answer {
    let id = vehicle_id(&book.rules.secret, &announced.plate, announced.country);
    let keys = texts(&announced.declarations);
    let now = book.now;
    let row = book.vehicle(&id, announced.country);
    announced.plate.as_str().clone_into(&mut row.plate);
    announced.gate.code.clone_into(&mut row.announced_gate);
    row.announced = keys.join(" ");
    row.announced_at = Some(now);
    let event = wire::Announced {
        vehicle: Some(book.vehicle_on_the_wire(&id, announced.country.as_str())),
        gate: announced.gate.code.clone(),
        declarations: keys,
    };
    book.tell(via, &id, announced.gate.office.as_str(), event);
    Answer { vehicle: id, ..Answer::default() }
}
