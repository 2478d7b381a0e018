//! The domain's words as contracts and tables write them.
use contracts::{common, risk as wire};
use platform::streams::Class;
use risk_domain::{Draw, Form, Officer, PickTrace, Roster, published};
use values::Lane;

/// The traffic class by its name in the table.
pub fn class_of(name: &str) -> Class {
    if name == "parcels" { Class::Parcels } else { Class::Cargo }
}

pub const fn form_name(form: Form) -> &'static str {
    match form {
        Form::None => "none",
        Form::Documents => "documents",
        Form::Scanner => "scanner",
        Form::Direct => "direct",
        Form::Laboratory => "laboratory",
    }
}

/// Form by the name in the table.
pub fn form_of(name: &str) -> wire::Form {
    match name {
        "documents" => wire::Form::Documents,
        "scanner" => wire::Form::Scanner,
        "direct" => wire::Form::Direct,
        "laboratory" => wire::Form::Laboratory,
        _ => wire::Form::Unspecified,
    }
}

pub fn wire_form(form: Form) -> wire::Form {
    form_of(form_name(form))
}

pub const fn form(form: wire::Form) -> Form {
    match form {
        wire::Form::Unspecified => Form::None,
        wire::Form::Documents => Form::Documents,
        wire::Form::Scanner => Form::Scanner,
        wire::Form::Direct => Form::Direct,
        wire::Form::Laboratory => Form::Laboratory,
    }
}

pub const fn wire_lane(lane: Lane) -> common::Lane {
    match lane {
        Lane::Green => common::Lane::Green,
        Lane::Yellow => common::Lane::Yellow,
        Lane::Red => common::Lane::Red,
    }
}

pub const fn lane(lane: common::Lane) -> Option<Lane> {
    match lane {
        common::Lane::Green => Some(Lane::Green),
        common::Lane::Yellow => Some(Lane::Yellow),
        common::Lane::Red => Some(Lane::Red),
        common::Lane::Unspecified => None,
    }
}

/// Lane by the name in the table.
pub fn lane_of(name: &str) -> common::Lane {
    Lane::parse(name).map_or(common::Lane::Unspecified, wire_lane)
}

pub fn draw(draw: &Draw) -> wire::Draw {
    wire::Draw {
        purpose: draw.purpose.clone(),
        version: draw.version,
        counter: draw.counter,
        value: draw.value.parse().unwrap_or_default(),
        day: draw.day.clone(),
    }
}

/// An assignment as everybody may see it.
pub fn assigned(pick: &PickTrace, roster: &Roster, points: u32, group: &str, trace_digest: Vec<u8>) -> wire::Assigned {
    let (officer, queue_reason) = match &pick.assignment.choice {
        risk_domain::Choice::Officer(code) => (code.clone(), String::new()),
        risk_domain::Choice::Queued(reason) => (String::new(), reason.clone()),
    };
    let left_out = published(pick, roster).into_iter();
    let from = pick.preferred.as_ref().filter(|p| p.how == pick.how).map(|p| p.from.clone());
    wire::Assigned {
        key: pick.declaration.clone(),
        version: pick.version,
        officer,
        points,
        day: pick.day.clone(),
        trace_digest,
        round: pick.round,
        how: pick.how.clone(),
        list: pick.list.clone(),
        left_out: left_out.map(|l| wire::LeftOut { code: l.code, reason: l.reason }).collect(),
        draws: pick.assignment.draws.iter().chain(&pick.supervisor_draw).map(draw).collect(),
        queue_reason,
        supervisor: pick.supervisor.clone(),
        group: group.to_owned(),
        from: from.unwrap_or_default(),
    }
}

/// A roster as it was sent.
pub fn roster(officers: &[wire::Officer], supervisors: &[wire::Officer]) -> Roster {
    Roster::new(officers.iter().map(officer).collect(), supervisors.iter().map(officer).collect())
}

fn officer(officer: &wire::Officer) -> Officer {
    let spans = |list: &[wire::Shift]| list.iter().map(|s| (s.from_us, s.to_us)).collect();
    Officer {
        code: officer.code.clone(),
        lists: officer.lists.clone(),
        skills: officer.skills.clone(),
        places: officer.places.clone(),
        cap: officer.cap,
        conflicts: officer.conflicts.clone(),
        learnt: officer.learnt.clone(),
        shifts: spans(&officer.shifts),
        leave: spans(&officer.leave),
        suspended: officer.suspended,
    }
}
