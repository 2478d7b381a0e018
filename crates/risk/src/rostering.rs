//! Who is on roster: the whole list from now on, as a row of the office.
use contracts::risk::{self as wire, RosterSet, SetRosterRequest};
use platform::{
    Failure,
    callers::Caller,
    serving::{FieldFault, Refusal},
};
use risk_domain::Roster;
use values::{OfficeCode, OfficerCode};

use crate::{
    book::Book,
    place::{Place, Via},
    wire::roster,
};

/// Checks a roster as it was sent: every fault.
pub fn parse(request: &SetRosterRequest) -> Result<Roster, Refusal> {
    let mut faults = Vec::new();
    let mut complain = |field: String, vi: &str, en: String| {
        faults.push(FieldFault { field, code: "CG304".to_owned(), text_vi: vi.to_owned(), text_en: en });
    };
    if let Err(e) = OfficeCode::parse(&request.office) {
        complain("/office".to_owned(), "Mã đơn vị hải quan không đúng", e.to_string());
    }
    for (list, officers) in [("officers", &request.officers), ("supervisors", &request.supervisors)] {
        for (n, officer) in officers.iter().enumerate() {
            check(&format!("/{list}/{n}"), officer, &mut complain);
        }
    }
    for (n, supervisor) in request.supervisors.iter().enumerate() {
        if request.officers.iter().any(|o| o.code == supervisor.code) {
            let text = "nobody both examines and supervises".to_owned();
            complain(format!("/supervisors/{n}/code"), "Không ai vừa kiểm tra vừa giám sát", text);
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    Ok(roster(&request.officers, &request.supervisors))
}

fn check(at: &str, officer: &wire::Officer, complain: &mut impl FnMut(String, &str, String)) {
    if let Err(e) = OfficerCode::parse(&officer.code) {
        complain(format!("{at}/code"), "Mã công chức không đúng", e.to_string());
    }
    for (m, list) in officer.lists.iter().enumerate() {
        if !["import", "export", "special"].contains(&list.as_str()) {
            complain(format!("{at}/lists/{m}"), "Danh sách không đúng", "expected import, export or special".to_owned());
        }
    }
    for (m, skill) in officer.skills.iter().enumerate() {
        let digits = |text: &str| (2..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let fits = match skill.split_once('-') {
            Some((from, to)) => digits(from) && digits(to) && from.len() == to.len() && from <= to,
            None => digits(skill),
        };
        if !fits {
            let text = "expected 2 to 8 digits of a commodity code, or a range of equal length such as 84-90".to_owned();
            complain(format!("{at}/skills/{m}"), "Mã hàng không đúng", text);
        }
    }
    for (what, spans) in [("shifts", &officer.shifts), ("leave", &officer.leave)] {
        for (m, span) in spans.iter().enumerate() {
            if span.to_us <= span.from_us {
                complain(format!("{at}/{what}/{m}"), "Khoảng thời gian kết thúc trước khi bắt đầu", "it ends before it begins".to_owned());
            }
        }
    }
}

/// Sets the roster; returns its digest.
pub fn set_roster(book: &mut Book, request: &SetRosterRequest, caller: &Caller, via: &Via) -> Result<Result<Vec<u8>, Refusal>, Failure> {
    if !caller.acts_for(&request.office) {
        return Ok(Err(Refusal::other_office(&request.office)));
    }
    let roster = match parse(request) {
        Ok(roster) => roster,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = book.at_work(&request.office, via)?;
    let digest = roster.digest().to_vec();
    book.office_mut(&request.office)?.set_roster(roster);
    let fact = RosterSet {
        office: request.office.clone(),
        digest: digest.clone(),
        officers: request.officers.clone(),
        supervisors: request.supervisors.clone(),
    };
    let place = Place::of_office(&request.office, via, now);
    book.entries.push(place.fact(fact));
    Ok(Ok(digest))
}
