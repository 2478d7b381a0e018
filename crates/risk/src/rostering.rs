//! Who is on roster: the whole list from now on, as a row of the office.
use contracts::risk::{RosterSet, SetRosterRequest};
use platform::{
    Failure,
    callers::Caller,
    serving::{FieldFault, Refusal},
    streams::Class,
};
use risk_domain::{Officer, Roster};
use values::{OfficeCode, OfficerCode};

use crate::book::{Book, Place, Via};

/// Checks a roster as it was sent: every fault.
pub fn parse(request: &SetRosterRequest) -> Result<Roster, Refusal> {
    let mut faults = Vec::new();
    let mut complain = |field: String, vi: &str, en: String| {
        faults.push(FieldFault { field, code: "CG304".to_owned(), text_vi: vi.to_owned(), text_en: en });
    };
    if let Err(e) = OfficeCode::parse(&request.office) {
        complain("/office".to_owned(), "Mã đơn vị hải quan không đúng", e.to_string());
    }
    for (n, officer) in request.officers.iter().enumerate() {
        if let Err(e) = OfficerCode::parse(&officer.code) {
            complain(format!("/officers/{n}/code"), "Mã công chức không đúng", e.to_string());
        }
        for (m, list) in officer.lists.iter().enumerate() {
            if !["import", "export", "special"].contains(&list.as_str()) {
                complain(format!("/officers/{n}/lists/{m}"), "Danh sách không đúng", "expected import, export or special".to_owned());
            }
        }
        for (m, shift) in officer.shifts.iter().enumerate() {
            if shift.to_us <= shift.from_us {
                complain(format!("/officers/{n}/shifts/{m}"), "Ca trực kết thúc trước khi bắt đầu", "a shift ends before it begins".to_owned());
            }
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    let officers = request.officers.iter().map(|o| Officer {
        code: o.code.clone(),
        lists: o.lists.clone(),
        skills: o.skills.clone(),
        cap: o.cap,
        conflicts: o.conflicts.clone(),
        shifts: o.shifts.iter().map(|s| (s.from_us, s.to_us)).collect(),
    });
    Ok(Roster::new(officers.collect()))
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
    book.office_mut(&request.office)?.roster = roster;
    let fact = RosterSet { office: request.office.clone(), digest: digest.clone(), officers: request.officers.clone() };
    let place = Place { class: Class::Cargo, office: &request.office, subject: &request.office, via, now };
    book.entries.push(place.fact(fact));
    Ok(Ok(digest))
}
