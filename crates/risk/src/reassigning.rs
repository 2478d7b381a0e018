//! A file goes to another officer: with a coded reason and a second person, never silently.
use contracts::risk::{ReassignRequest, Reassigned};
use platform::{Failure, callers::Caller, serving::Refusal};
use risk_domain::{Choice, Reason, select};

use crate::{
    book::{Book, Place, Via},
    concluding::open_file,
    deciding::{class_of, pick, read_facts, take, trace},
};

/// Reassigns to the officer named, or to one drawn among the others. Returns who has it now.
pub fn reassign(
    book: &mut Book,
    request: &ReassignRequest,
    caller: &Caller,
    second: Option<&Caller>,
    via: &Via,
) -> Result<Result<String, Refusal>, Failure> {
    let reason = match Reason::parse(&request.reason) {
        Ok(reason) => reason,
        Err(e) => return Ok(Err(Refusal::invalid("/reason", "CG302", "Lý do phải là một mã đã biết", &e.to_string()))),
    };
    let mut file = match open_file(book, &request.number) {
        Ok((_, file)) => file,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !caller.acts_for(&file.office) {
        return Ok(Err(Refusal::other_office(&file.office)));
    }
    let Some(second) = second.filter(|s| (s.has("supervisor") || s.has("head")) && s.acts_for(&file.office)) else {
        let text = "reassigning needs a second person: metadata second-person with the token of another supervisor of the office";
        return Ok(Err(Refusal::Denied(text.to_owned())));
    };
    let now = book.at_work(&file.office, via)?;
    let facts = read_facts(&file)?;
    let from = file.officer.clone();
    file.round += 1;
    book.load(&file.office, &from, -i64::from(file.points), -1);
    let class = class_of(&file.class);
    if request.to.is_empty() {
        let assignment = pick(book, &file, &facts, &[from.as_str()])?;
        take(book, &mut file, &assignment.choice);
        let selection = {
            let hand = book.office(&file.office)?;
            select(&facts, &book.rules.set, hand.open()?.0, hand.key(file.selection_day)?, &file.key)
        };
        trace(book, &file, facts, selection, Some(assignment), &[from.as_str()], class, via)?;
    } else {
        let known = book.office(&file.office)?.roster.officers().iter().any(|o| o.code == request.to && o.on_shift(now.timestamp_micros()));
        if !known || request.to == from {
            book.load(&file.office, &from, i64::from(file.points), 1);
            return Ok(Err(Refusal::invalid("/to", "CG303", "Công chức không có trong ca trực", "not another officer on shift at this office")));
        }
        take(book, &mut file, &Choice::Officer(request.to.clone()));
    }
    let fact = Reassigned {
        key: file.key.clone(),
        version: u32::from(file.version.unsigned_abs()),
        from,
        to: file.officer.clone(),
        reason: reason.as_str().to_owned(),
        second_person: second.subject.clone(),
        points: file.points.unsigned_abs(),
    };
    let place = Place { class, office: &file.office, subject: &file.key, via, now };
    book.entries.push(place.fact(fact));
    let officer = file.officer.clone();
    book.put(file);
    Ok(Ok(officer))
}
