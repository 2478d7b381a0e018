//! A roster between the wire and the domain.
use contracts::risk::{self, RosterSet, Shift};
use risk_domain::{Officer, Roster};

/// Reads the roster that a row sets.
pub fn roster_of(fact: &RosterSet) -> Roster {
    Roster::new(fact.officers.iter().map(officer).collect(), fact.supervisors.iter().map(officer).collect())
}

/// The row that sets a roster.
pub fn roster_row(office: &str, roster: &Roster) -> RosterSet {
    RosterSet {
        office: office.to_owned(),
        digest: roster.digest().to_vec(),
        officers: roster.officers().iter().map(written).collect(),
        supervisors: roster.supervisors().iter().map(written).collect(),
    }
}

fn officer(from: &risk::Officer) -> Officer {
    let spans = |list: &[Shift]| list.iter().map(|s| (s.from_us, s.to_us)).collect();
    Officer {
        code: from.code.clone(),
        lists: from.lists.clone(),
        skills: from.skills.clone(),
        places: from.places.clone(),
        cap: from.cap,
        conflicts: from.conflicts.clone(),
        learnt: from.learnt.clone(),
        shifts: spans(&from.shifts),
        leave: spans(&from.leave),
        suspended: from.suspended,
    }
}

fn written(from: &Officer) -> risk::Officer {
    let spans = |list: &[(i64, i64)]| list.iter().map(|(from_us, to_us)| Shift { from_us: *from_us, to_us: *to_us }).collect();
    risk::Officer {
        code: from.code.clone(),
        lists: from.lists.clone(),
        skills: from.skills.clone(),
        places: from.places.clone(),
        cap: from.cap,
        conflicts: from.conflicts.clone(),
        learnt: from.learnt.clone(),
        shifts: spans(&from.shifts),
        leave: spans(&from.leave),
        suspended: from.suspended,
    }
}
