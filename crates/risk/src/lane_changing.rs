//! An officer's file gets another lane: with a coded reason and a second person.
use contracts::risk::{ChangeLaneRequest, LaneChanged};
use platform::{Failure, callers::Caller, serving::Refusal};
use risk_domain::Form;
use values::Lane;

use crate::{
    assigning::close_assignment,
    book::Book,
    concluding::open_file,
    place::{Place, Via},
    reassigning::second_person,
    store::{FileRow, OverrideRow},
    wire::{class_of, form, form_name, lane, lane_of, wire_form, wire_lane},
};

/// Why a lane may be changed (Circular 81/2019/TT-BTC article 20: the head of office may change the form of a check and answers for it).
const REASONS: [&str; 6] = ["NEW_INFORMATION", "DOCUMENTS", "SCAN_SUSPICIOUS", "SCAN_CLEAR", "CAPACITY", "OTHER"];

/// Changes lane and form of an open file; returns who has it afterwards.
pub fn change_lane(
    book: &mut Book,
    request: &ChangeLaneRequest,
    caller: &Caller,
    second: Option<&Caller>,
    via: &Via,
) -> Result<Result<String, Refusal>, Failure> {
    let (lane, form) = match wanted(request) {
        Ok(wanted) => wanted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut file = match open_file(book, &request.number) {
        Ok((_, file)) => file,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let second = match second_person(caller, second, &file.office, "changing a lane") {
        Ok(second) => second.subject.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    if file.lane == lane.as_str() && file.form == form_name(form) {
        return Ok(Err(Refusal::conflict("SAME_LANE", "the file has this lane and form already")));
    }
    let now = book.at_work(&file.office, via)?;
    let from = file.lane.clone();
    let officer = if lane == Lane::Green { String::new() } else { file.officer.clone() };
    let fact = LaneChanged {
        key: file.key.clone(),
        version: u32::from(file.version.unsigned_abs()),
        from: lane_of(&from).into(),
        to: wire_lane(lane).into(),
        form: wire_form(form).into(),
        reason: request.reason.clone(),
        second_person: second.clone(),
        officer: officer.clone(),
    };
    let place = Place { class: class_of(&file.class), office: &file.office, subject: &file.key, via, now };
    book.entries.push(place.fact(fact));
    if lane == Lane::Green {
        close_assignment(book, &file, "lane_changed", via, now)?;
        file = FileRow { state: "NONE".to_owned(), officer: String::new(), ..file };
    }
    (file.lane, file.form) = (lane.as_str().to_owned(), form_name(form).to_owned());
    file.how = request.reason.clone();
    book.overrides.push(OverrideRow {
        at: now,
        office: file.office.clone(),
        number: request.number.clone(),
        what: "lane_changed".to_owned(),
        source: from,
        target: file.lane.clone(),
        reason: request.reason.clone(),
        actor: caller.subject.clone(),
        second_person: second,
    });
    book.put(file);
    Ok(Ok(officer))
}

fn wanted(request: &ChangeLaneRequest) -> Result<(Lane, Form), Refusal> {
    if !REASONS.contains(&request.reason.as_str()) {
        let text = format!("expected one of {}", REASONS.join(", "));
        return Err(Refusal::invalid("/reason", "CG306", "Lý do phải là một mã đã biết", &text));
    }
    let Some(lane) = lane(request.lane()) else {
        return Err(Refusal::invalid("/lane", "CG307", "Luồng không đúng", "expected green, yellow or red"));
    };
    match (lane, form(request.form())) {
        (lane, Form::None) => Ok((lane, Form::of(lane))),
        (Lane::Yellow, Form::Documents) => Ok((lane, Form::Documents)),
        (Lane::Red, form @ (Form::Scanner | Form::Direct | Form::Laboratory)) => Ok((lane, form)),
        _ => Err(Refusal::invalid("/form", "CG308", "Hình thức kiểm tra không hợp với luồng", "the form does not go with the lane")),
    }
}
