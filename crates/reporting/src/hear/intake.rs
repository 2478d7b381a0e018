//! Facts of `customs.intake.v1`: registrations, refusals, money, clearance.
use contracts::{
    common::{Declaration, Direction as WireDirection, TrafficClass},
    intake::{Refused, intake_event::Fact as Wire},
};
use reporting_domain::{Attempt, Fact, Registration, StageKind};
use values::{CurrencyCode, DeclarationKey, Direction, KindCode, OfficeCode, Version};

use super::named;
use crate::book::{Book, Place, RefusalRow, Stage, StageRow, Unfit};

/// Takes one fact in.
pub fn hear<'f>(book: &mut Book<'f>, place: &Place<'f>, fact: Wire) -> Result<(), Unfit> {
    match fact {
        Wire::Lodged(f) => register(book, place, f.declaration, false),
        Wire::Amended(f) => register(book, place, f.declaration, true),
        Wire::Withdrawn(f) => told(book, place, named(&f.key, f.version)?, &Fact::Withdrawn, StageKind::Withdrawn, 0, f.reason),
        Wire::Refused(f) => refuse(book, place, f),
        Wire::PaymentReceived(f) => {
            let paid = Fact::Paid { in_all_vnd: f.paid_vnd };
            told(book, place, named(&f.key, f.version)?, &paid, StageKind::Payment, f.amount_vnd, String::new())
        }
        Wire::TaxDue(f) => told(book, place, named(&f.key, f.version)?, &Fact::TaxDue, StageKind::TaxDue, f.amount_vnd, String::new()),
        Wire::Cleared(f) => told(book, place, named(&f.key, f.version)?, &Fact::Cleared, StageKind::Cleared, 0, String::new()),
        Wire::ClearanceRefused(f) => told(book, place, named(&f.key, f.version)?, &Fact::ClearanceRefused, StageKind::ClearanceRefused, 0, f.code),
        Wire::Superseded(f) => {
            let (key, version) = named(&f.key, f.named)?;
            let stage = Stage { reason: f.fact, ..Stage::new(place, StageKind::Superseded) };
            book.stages.push(StageRow { key, version, stage });
            Ok(())
        }
        // Ignored on purpose: the platform's own facts are about no declaration.
        Wire::HeadsWitnessed(_) | Wire::DeadLetterDiscarded(_) => Ok(()),
    }
}

fn told<'f>(
    book: &mut Book<'f>,
    place: &Place<'f>,
    (key, version): (DeclarationKey, Version),
    fact: &Fact,
    stage: StageKind,
    amount_vnd: i64,
    reason: String,
) -> Result<(), Unfit> {
    book.row(place, key, version).tell(fact, Stage { amount_vnd, reason, ..Stage::new(place, stage) });
    Ok(())
}

fn register<'f>(book: &mut Book<'f>, place: &Place<'f>, declaration: Option<Declaration>, amended: bool) -> Result<(), Unfit> {
    let d = declaration.ok_or_else(|| Unfit("expected a declaration".to_owned()))?;
    let (key, version) = named(&d.key, d.version)?;
    let registration = Registration {
        office: OfficeCode::parse(&d.office)?,
        direction: Direction::parse(direction(d.direction()))?,
        kind: KindCode::parse(&d.kind)?,
        amended,
        value: d.value,
        currency: CurrencyCode::parse(&d.currency)?,
        duty_vnd: d.duty_vnd,
    };
    let patch = book.row(place, key, version);
    patch.tell(&Fact::Registered(registration), Stage::new(place, if amended { StageKind::Amended } else { StageKind::Lodged }));
    patch.class = if d.class() == TrafficClass::Parcels { "parcels" } else { "cargo" };
    patch.office = d.office.into();
    patch.sender = d.sender;
    patch.reference = d.reference;
    patch.trace = place.trace;
    let earlier = version.count().checked_sub(1).and_then(|count| Version::new(count.into()).ok());
    if let Some(earlier) = earlier {
        book.row(place, key, earlier).row.apply(place.stamp(), &Fact::Replaced);
    }
    Ok(())
}

fn refuse<'f>(book: &mut Book<'f>, place: &Place<'f>, f: Refused) -> Result<(), Unfit> {
    let attempt = Attempt::parse(&f.attempt.to_lowercase()).ok_or_else(|| Unfit(format!("no attempt is named {:?}", f.attempt)))?;
    let key = if f.key.is_empty() { None } else { Some(DeclarationKey::parse(&f.key)?) };
    let direction = direction(f.direction());
    let code = f.faults.into_iter().next().map(|fault| fault.code).unwrap_or_default();
    if let Some(key) = key {
        let stage = Stage { reason: code.clone(), ..Stage::new(place, StageKind::Refused) };
        book.stages.push(StageRow { key, version: Version::FIRST, stage });
    }
    let refusal = RefusalRow { place: *place, attempt: attempt.as_str(), direction, kind: f.kind, code, sender: f.sender, reference: f.reference };
    book.refusals.push(refusal);
    Ok(())
}

const fn direction(direction: WireDirection) -> &'static str {
    match direction {
        WireDirection::Import => "import",
        WireDirection::Export => "export",
        WireDirection::Unspecified => "",
    }
}
