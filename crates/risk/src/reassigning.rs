//! A file goes to another officer: with a coded reason and a second person, never silently.
use contracts::risk::{ReassignRequest, Reassigned};
use platform::{Failure, callers::Caller, serving::Refusal};
use risk_domain::Reason;

use crate::{
    assigning::{give, hand_on},
    book::Book,
    concluding::open_file,
    place::{Place, Via},
    store::{FileRow, OverrideRow},
    wire::class_of,
};

/// Reassigns to the officer named, or to one drawn among the others. Returns who has it now; empty: it waits in the queue.
pub fn reassign(
    book: &mut Book,
    request: &ReassignRequest,
    caller: &Caller,
    second: Option<&Caller>,
    via: &Via,
) -> Result<Result<String, Refusal>, Failure> {
    let reason = match Reason::parse(&request.reason) {
        Ok(reason) => reason.as_str(),
        Err(e) => return Ok(Err(Refusal::invalid("/reason", "CG302", "Lý do phải là một mã đã biết", &e.to_string()))),
    };
    let file = match open_file(book, &request.number) {
        Ok((_, file)) => file,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let second = match second_person(caller, second, &file.office, "reassigning") {
        Ok(second) => second.subject.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let from = file.officer.clone();
    let officer = if request.to.is_empty() {
        hand_on(book, &file.key, reason, &second, via)?
    } else {
        let now = book.at_work(&file.office, via)?;
        let known = book.office(&file.office)?.roster().officer(&request.to).is_some_and(|o| o.on_shift(now.timestamp_micros()) && !o.suspended);
        if !known || request.to == from {
            return Ok(Err(Refusal::invalid("/to", "CG303", "Công chức không có trong ca trực", "not another officer on shift at this office")));
        }
        name(book, file.clone(), &request.to, reason, &second, via)?
    };
    let now = book.office(&file.office)?.now;
    book.overrides.push(OverrideRow {
        at: now,
        office: file.office.clone(),
        number: request.number.clone(),
        what: "reassigned".to_owned(),
        source: from,
        target: officer.clone(),
        reason: reason.to_owned(),
        actor: caller.subject.clone(),
        second_person: second,
    });
    Ok(Ok(officer))
}

fn name(book: &mut Book, mut file: FileRow, to: &str, reason: &str, second: &str, via: &Via) -> Result<String, Failure> {
    let hand = book.office_mut(&file.office)?;
    let now = hand.now;
    hand.ledger.released(&file.officer, file.points.unsigned_abs());
    let from = file.officer.clone();
    give(book, &mut file, to)?;
    file.how = reason.to_owned();
    let fact = Reassigned {
        key: file.key.clone(),
        version: u32::from(file.version.unsigned_abs()),
        from,
        to: to.to_owned(),
        reason: reason.to_owned(),
        second_person: second.to_owned(),
        points: file.points.unsigned_abs(),
        drawn: false,
        round: file.round.unsigned_abs(),
    };
    let place = Place { class: class_of(&file.class), office: &file.office, subject: &file.key, via, now };
    book.entries.push(place.fact(fact));
    book.put(file);
    Ok(to.to_owned())
}

/// Another supervisor or head who acts for the office.
pub fn second_person<'a>(caller: &Caller, second: Option<&'a Caller>, office: &str, what: &str) -> Result<&'a Caller, Refusal> {
    if !caller.acts_for(office) {
        return Err(Refusal::other_office(office));
    }
    second.filter(|s| (s.has("supervisor") || s.has("head")) && s.acts_for(office)).ok_or_else(|| {
        Refusal::Denied(format!("{what} needs a second person: metadata second-person with the token of another supervisor of the office"))
    })
}
