//! Facts of `customs.tracking.v1`: vehicles at gates, told in the timeline of every declaration they carry.
use contracts::tracking::{Vehicle, tracking_event::Fact as Wire};
use reporting_domain::{StageKind, VisitFact};
use values::{DeclarationKey, Version};

use crate::book::{Book, Place, Stage, StageRow, Unfit};

/// Takes one fact in.
pub fn hear<'f>(book: &mut Book<'f>, place: &Place<'f>, fact: Wire) -> Result<(), Unfit> {
    match fact {
        Wire::Announced(f) => carried(book, place, &f.declarations, StageKind::Announced, &f.gate, ""),
        Wire::Arrived(f) => {
            carried(book, place, &f.declarations, StageKind::Arrived, &f.gate, "")?;
            book.visit(place, &f.visit, VisitFact::Arrived);
            Ok(())
        }
        Wire::Held(f) => {
            carried(book, place, &f.declarations, StageKind::Held, &f.gate, &f.reason)?;
            book.visit(place, &visit(f.visit, f.vehicle), VisitFact::Held);
            Ok(())
        }
        Wire::Departed(f) => {
            carried(book, place, &f.declarations, StageKind::Departed, &f.gate, "")?;
            book.visit(place, &f.visit, VisitFact::Departed);
            Ok(())
        }
        Wire::Linked(f) => carried(book, place, &[f.declaration], StageKind::Linked, "", ""),
        Wire::Released(f) => carried(book, place, &f.declarations, StageKind::Released, "", ""),
        // Ignored on purpose: an unrecognised vehicle carries nothing that is known, and the platform's own facts are about no declaration.
        Wire::Unrecognised(_) | Wire::HeadsWitnessed(_) | Wire::DeadLetterDiscarded(_) => Ok(()),
    }
}

fn visit(visit: String, vehicle: Option<Vehicle>) -> String {
    if visit.is_empty() { vehicle.map(|v| v.id).unwrap_or_default() } else { visit }
}

fn carried<'f>(book: &mut Book<'f>, place: &Place<'f>, keys: &[String], stage: StageKind, gate: &str, reason: &str) -> Result<(), Unfit> {
    let mut keys = keys.iter().map(|key| DeclarationKey::parse(key)).collect::<Result<Vec<_>, _>>()?;
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let stage = Stage { gate: gate.to_owned(), reason: reason.to_owned(), ..Stage::new(place, stage) };
        book.stages.push(StageRow { key, version: Version::FIRST, stage });
    }
    Ok(())
}
