//! What other services decided about a declaration: its lane, its officer, the conclusion, its exit.
use contracts::{
    common,
    intake::{ClearanceRefused, Cleared, Superseded, TaxDue},
    risk::{Assigned, Concluded, Decided, LaneChanged, Reassigned},
    tracking::Departed,
};
use intake_domain::{Fact, ResponseCode, Standing};
use platform::{Failure, Outcome};
use values::{Lane, Version};

use crate::{
    answer::{self, Place},
    book::Book,
    submission::Via,
};

/// Takes the lane.
pub fn decided(book: &mut Book, fact: &Decided, via: &Via) -> Result<Outcome, Failure> {
    let Some(lane) = lane(fact.lane()) else { return no_lane() };
    let Some((version, standing)) = known(book, &fact.key, fact.version) else { return waits(&fact.key) };
    let Ok((standing, facts)) = standing.lane_decided(version, lane, !fact.officer.is_empty()) else { return waits(&fact.key) };
    let superseded = facts.iter().any(|f| matches!(f, Fact::Superseded { .. }));
    if let Some(changed) = book.change(&fact.key, standing)
        && !superseded
    {
        changed.officer = fact.officer.clone();
    }
    tell(book, &fact.key, &facts, via, &fact.legal_ground, "Decided");
    Ok(Outcome::Done)
}

/// A supervisor or head changed the lane of a file under check.
pub fn lane_changed(book: &mut Book, fact: &LaneChanged, via: &Via) -> Result<Outcome, Failure> {
    let Some(lane) = lane(fact.to()) else { return no_lane() };
    let Some((version, standing)) = known(book, &fact.key, fact.version) else { return waits(&fact.key) };
    let Ok((standing, facts)) = standing.lane_changed(version, lane, !fact.officer.is_empty()) else { return waits(&fact.key) };
    if let Some(changed) = book.change(&fact.key, standing)
        && facts.iter().any(|f| matches!(f, Fact::LaneTaken { .. }))
    {
        changed.officer = fact.officer.clone();
    }
    tell(book, &fact.key, &facts, via, CHANGED, "LaneChanged");
    Ok(Outcome::Done)
}

/// The head of office may change the form of a check and answers for it.
const CHANGED: &str = "Circular 81/2019/TT-BTC article 20";

fn lane(lane: common::Lane) -> Option<Lane> {
    match lane {
        common::Lane::Green => Some(Lane::Green),
        common::Lane::Yellow => Some(Lane::Yellow),
        common::Lane::Red => Some(Lane::Red),
        common::Lane::Unspecified => None,
    }
}

fn no_lane() -> Result<Outcome, Failure> {
    Ok(Outcome::Reject { code: "LANE", reason: "a decision without a lane".to_owned() })
}

/// A file found its officer, at once or after a while in the queue; one that went into the queue keeps its state.
pub fn assigned(book: &mut Book, fact: &Assigned, via: &Via) -> Result<Outcome, Failure> {
    // The first assignment of a version is told by its decision; rows from before there was a `how` tell of the queue alone.
    if fact.officer.is_empty() || (fact.round == 0 && !fact.how.is_empty()) {
        return Ok(Outcome::Done);
    }
    taken(book, &fact.key, fact.version, &fact.officer, via)
}

fn taken(book: &mut Book, key: &str, version: u32, officer: &str, via: &Via) -> Result<Outcome, Failure> {
    let Some((version, standing)) = known(book, key, version) else { return waits(key) };
    let Ok((standing, facts)) = standing.assigned(version) else { return waits(key) };
    if let Some(changed) = book.change(key, standing)
        && facts.is_empty()
    {
        changed.officer = officer.to_owned();
    }
    tell(book, key, &facts, via, "", "Assigned");
    Ok(Outcome::Done)
}

/// Another officer has the file.
pub fn reassigned(book: &mut Book, fact: &Reassigned, via: &Via) -> Result<Outcome, Failure> {
    if fact.drawn {
        // The assignment that follows tells who has it.
        return Ok(Outcome::Done);
    }
    taken(book, &fact.key, fact.version, &fact.to, via)
}

/// The check ended.
pub fn concluded(book: &mut Book, fact: &Concluded, via: &Via) -> Result<Outcome, Failure> {
    let Some((version, standing)) = known(book, &fact.key, fact.version) else { return waits(&fact.key) };
    let Ok((standing, facts)) = standing.concluded(version, fact.conform) else { return waits(&fact.key) };
    book.change(&fact.key, standing);
    tell(book, &fact.key, &facts, via, "", &fact.code);
    Ok(Outcome::Done)
}

/// The vehicle left with the goods: the sender is told.
pub fn departed(book: &mut Book, fact: &Departed, via: &Via) {
    for key in &fact.declarations {
        let Some(record) = book.record(key) else { continue };
        let place = Place { class: record.class, office: &record.office, subject: key, via, now: book.now };
        let notice = answer::notice(&place, record, answer::response(ResponseCode::ExitConfirmed));
        book.entries.push(notice);
    }
}

fn known(book: &Book, key: &str, version: u32) -> Option<(Version, Standing)> {
    // A version beyond nine cannot be: it waits for ever and is listed.
    Some((Version::new(version).ok()?, book.record(key)?.standing.clone()))
}

fn waits(key: &str) -> Result<Outcome, Failure> {
    Ok(Outcome::Await { subject: key.to_owned() })
}

/// Journals facts of a transition and tells the sender what it must know. `reason` names the fact or the code behind it.
pub fn tell(book: &mut Book, key: &str, facts: &[Fact], via: &Via, ground: &str, reason: &str) {
    let Some(record) = book.record(key) else { return };
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
        entries.push(answer::notice(&place, record, response));
    }
    book.entries.extend(entries);
}
