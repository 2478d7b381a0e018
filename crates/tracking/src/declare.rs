//! Declare, clear, withdraw: what intake says about declarations moves the visits that carry them.
//!
//! The effects commute: versions only rise, and what was cleared or withdrawn before it was heard of whole stays so.
use contracts::tracking as wire;
use tracking_domain::vehicle_id;
use values::{DeclarationKey, Version};

use crate::{
    book::Book,
    event::{Declared, Via},
};

/// A version of a declaration was lodged. If the vehicle that it names is inside, it is bound to the open visit.
pub fn declared(book: &mut Book<'_>, declared: &Declared, via: &Via) {
    let version = i16::from(declared.version.count());
    if book.declarations.get(&declared.key).is_some_and(|held| held.row.version >= version) {
        return;
    }
    let vehicle = declared.vehicle.as_ref().map(|(plate, country)| {
        let id = vehicle_id(&book.rules.secret, plate, *country);
        // A vehicle that carries goods under customs supervision is commercial: its plate may be kept and told.
        if book.vehicles.get(&id).is_none_or(|held| held.row.plate.is_empty()) {
            plate.as_str().clone_into(&mut book.vehicle(&id, *country).plate);
        }
        id
    });
    let row = book.declaration(&declared.key);
    row.version = version;
    declared.direction.as_str().clone_into(&mut row.direction);
    let before = std::mem::replace(&mut row.vehicle, vehicle.clone().unwrap_or_default());
    if let Some(named) = book.named.get_mut(&before) {
        named.remove(&declared.key);
    }
    // An amended version is not cleared yet, so a released visit that carries it goes back inside.
    settle(book, &declared.key, via);
    if let Some(vehicle) = vehicle {
        book.named.entry(vehicle.clone()).or_default().insert(declared.key);
        link(book, &vehicle, &declared.key, via);
    }
}

/// Customs cleared a version.
pub fn cleared(book: &mut Book<'_>, key: &DeclarationKey, version: Version, via: &Via) {
    let row = book.declaration(key);
    row.cleared = row.cleared.max(i16::from(version.count()));
    settle(book, key, via);
}

/// Its declarant took it back.
pub fn withdrawn(book: &mut Book<'_>, key: &DeclarationKey, via: &Via) {
    book.declaration(key).withdrawn = true;
    settle(book, key, via);
}

/// Every open visit that carries the declaration looks again at what holds it.
fn settle(book: &mut Book<'_>, key: &DeclarationKey, via: &Via) {
    let carrying = book.carrying.get(key).cloned().unwrap_or_default();
    for id in carrying {
        relink(book, &id, key, via);
    }
}

fn link(book: &mut Book<'_>, vehicle: &str, key: &DeclarationKey, via: &Via) {
    let Some(stay) = book.open_visit(vehicle).filter(|stay| !stay.keys.contains(key)) else { return };
    if !book.carried(key).is_live() {
        return;
    }
    let (id, office) = (stay.row.id.clone(), stay.row.office.clone());
    book.tell(via, &id, &office, wire::Linked { visit: id.clone(), declaration: key.to_string() });
    relink(book, &id, key, via);
}

fn relink(book: &mut Book<'_>, id: &str, key: &DeclarationKey, via: &Via) {
    let Some(mut visit) = book.visits.get(id).map(|stay| book.visit(stay)) else { return };
    // A visit that has ended changes no more.
    let Ok(released) = visit.link(book.carried(key)) else { return };
    book.keep(&visit, None);
    if let Some(released) = released {
        book.tell_released(via, &released);
    }
}
