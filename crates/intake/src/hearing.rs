//! What other services decided about a declaration: its lane, its officer, the conclusion, its exit.
use contracts::{
    common,
    intake::{ClearanceRefused, Cleared, Superseded, TaxDue},
    risk::{Assigned, Concluded, Decided, Reassigned},
    tracking::Departed,
};
use intake_domain::{Fact, ResponseCode};
use platform::{Failure, Outcome};
use values::{Lane, Version};

use crate::{
    answer::{self, Place},
    book::Book,
    submission::Via,
};

/// Takes the lane.
pub fn decided(book: &mut Book, fact: &Decided, via: &Via) -> Result<Outcome, Failure> {
    let lane = match fact.lane() {
        common::Lane::Green => Lane::Green,
        common::Lane::Yellow => Lane::Yellow,
        common::Lane::Red => Lane::Red,
        common::Lane::Unspecified => return Ok(Outcome::Reject { code: "LANE", reason: "a decision without a lane".to_owned() }),
    };
    let Some((version, record)) = known(book, &fact.key, fact.version) else { return waits(&fact.key) };
    let Ok((standing, facts)) = record.standing.lane_decided(version, lane, !fact.officer.is_empty()) else { return waits(&fact.key) };
    let superseded = facts.iter().any(|f| matches!(f, Fact::Superseded { .. }));
    if let Some(changed) = book.change(&fact.key, standing)
        && !superseded
    {
        changed.officer = fact.officer.clone();
    }
    tell(book, &fact.key, &facts, via, &fact.legal_ground, "Decided");
    Ok(Outcome::Done)
}

/// A queued file found its officer.
pub fn assigned(book: &mut Book, fact: &Assigned, via: &Via) -> Result<Outcome, Failure> {
    let Some((version, record)) = known(book, &fact.key, fact.version) else { return waits(&fact.key) };
    let Ok((standing, facts)) = record.standing.assigned(version) else { return waits(&fact.key) };
    if let Some(changed) = book.change(&fact.key, standing)
        && facts.is_empty()
    {
        changed.officer = fact.officer.clone();
    }
    tell(book, &fact.key, &facts, via, "", "Assigned");
    Ok(Outcome::Done)
}

/// Another officer has the file.
pub fn reassigned(book: &mut Book, fact: &Reassigned, via: &Via) -> Result<Outcome, Failure> {
    let next = Assigned { key: fact.key.clone(), version: fact.version, officer: fact.to.clone(), ..Assigned::default() };
    assigned(book, &next, via)
}

/// The check ended.
pub fn concluded(book: &mut Book, fact: &Concluded, via: &Via) -> Result<Outcome, Failure> {
    let Some((version, record)) = known(book, &fact.key, fact.version) else { return waits(&fact.key) };
    let Ok((standing, facts)) = record.standing.concluded(version, fact.conform) else { return waits(&fact.key) };
    book.change(&fact.key, standing);
    tell(book, &fact.key, &facts, via, "", &fact.code);
    Ok(Outcome::Done)
}

/// The vehicle left with the goods: the sender is told.
pub fn departed(book: &mut Book, fact: &Departed, via: &Via) {
    for key in &fact.declarations {
        let Some(record) = book.record(key).cloned() else { continue };
        let place = Place { class: record.class, office: &record.office, subject: key, via, now: book.now };
        let notice = answer::notice(&place, &record, answer::response(ResponseCode::ExitConfirmed));
        book.entries.push(notice);
    }
}

fn known(book: &Book, key: &str, version: u32) -> Option<(Version, crate::book::Record)> {
    // A version beyond nine cannot be: it waits for ever and is listed.
    Some((Version::new(version).ok()?, book.record(key)?.clone()))
}

fn waits(key: &str) -> Result<Outcome, Failure> {
    Ok(Outcome::Await { subject: key.to_owned() })
}

/// Journals facts of a transition and tells the sender what it must know. `reason` names the fact or the code behind it.
pub fn tell(book: &mut Book, key: &str, facts: &[Fact], via: &Via, ground: &str, reason: &str) {
    let Some(record) = book.record(key).cloned() else { return };
    let version = u32::from(record.standing.version.count());
    let key = key.to_owned();
    let place = Place { class: record.class, office: &record.office, subject: &key, via, now: book.now };
    let mut entries = Vec::new();
    let lane = facts.iter().find_map(|f| if let Fact::LaneTaken { lane } = f { Some(*lane) } else { None });
    for fact in facts {
        match fact {
            Fact::TaxDue { amount } => {
                entries.push(answer::fact(&place, TaxDue { key: key.clone(), version, amount_vnd: amount.units() }));
            }
            Fact::Cleared => entries.push(answer::fact(&place, Cleared { key: key.clone(), version })),
            Fact::ClearanceRefused => {
                entries.push(answer::fact(&place, ClearanceRefused { key: key.clone(), version, code: reason.to_owned() }));
            }
            Fact::Superseded { named } => {
                let named = u32::from(named.count());
                entries.push(answer::fact(&place, Superseded { key: key.clone(), version, named, fact: reason.to_owned() }));
            }
            // Risk's own fact tells the lane; amendment, withdrawal and payment are journaled where they happen.
            Fact::LaneTaken { .. } | Fact::Amended | Fact::Withdrawn | Fact::PaymentReceived { .. } => {}
        }
        // Green needs no notice of its own: clearance or tax follows at once and carries the lane.
        let green = matches!(fact, Fact::LaneTaken { lane: Lane::Green });
        let Some(code) = ResponseCode::of_fact(fact).filter(|_| !green) else { continue };
        let mut response = answer::response(code);
        if let Some(lane) = lane {
            response.lane = lane.as_str().to_owned();
            response.legal_ground = ground.to_owned();
        }
        if let Fact::TaxDue { amount } = fact {
            response.amount_due = amount.to_string();
        }
        entries.push(answer::notice(&place, &record, response));
    }
    book.entries.extend(entries);
}
