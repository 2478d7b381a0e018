//! A tamperer who owns one database: changes what it says and chains everything after it anew.
use contracts::risk::{RiskEvent, TraceEvent, risk_event::Fact as Arm, trace_event::Fact as Trace};
use prost::Message as _;
use risk_domain::PickTrace;
use values::Digest;

use super::{Dice, SampleDay, journal::chain};
use crate::{
    format::{Kind, TRACES, is_public},
    write::JournalRow,
};

/// What was done, and what must find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub what: String,
    /// A decision depends on it, and the file of this kind shows it: recomputation alone must find it.
    pub decisive: bool,
}

impl SampleDay {
    /// Does one thing by the dice; `None`: nothing was changed this time.
    pub fn tamper(&mut self, kind: Kind, dice: &mut Dice) -> Option<Deed> {
        let (before, at) = (self.rows.clone(), dice.below(self.rows.len()));
        let deed = match dice.below(12) {
            0 => self.remove(kind, at),
            1 => self.add(kind, at, dice),
            2 => self.swap(kind, at),
            3 => self.key(dice),
            4 => self.late(dice),
            5 => self.steer(dice),
            6 => self.beside(at, dice),
            _ => self.field(kind, at, dice),
        }?;
        chain(&mut self.rows);
        (self.rows != before).then_some(deed)
    }

    /// Decisive: work of the open day that the file shows, or whose place a check needs.
    fn decisive(&self, kind: Kind, at: usize) -> bool {
        let row = &self.rows[at];
        let name = row.kind.rsplit('.').next().unwrap_or("");
        let worked = ["Decided", "Assigned", "Reassigned", "AssignmentClosed", "Concluded", "Traced", "PickTraced", "LaneChanged"].contains(&name);
        let shown = kind == Kind::Auditor || is_public(&row.kind) && row.topic != TRACES || name == "Decided";
        let about_day = ["DayCommitted", "DayOpened", "DayClosed", "DayKeyRevealed"].contains(&name) && of_day(row, self.day);
        worked && shown || about_day
    }

    fn remove(&mut self, kind: Kind, at: usize) -> Option<Deed> {
        let name = self.rows[at].kind.clone();
        // Where an officer's word changed a lane, the assignments around it tell; a queued file that nobody took leaves no load.
        let queued = kind == Kind::Public && assigned(&self.rows[at]).is_some_and(|a| a.officer.is_empty());
        let decisive = self.decisive(kind, at) && !name.ends_with("LaneChanged") && !queued;
        self.rows.remove(at);
        Some(Deed { what: format!("removed {name}"), decisive })
    }

    fn add(&mut self, kind: Kind, at: usize, dice: &mut Dice) -> Option<Deed> {
        let copy = JournalRow { at: self.rows[at].at + i64::try_from(dice.below(2)).unwrap_or(0), ..self.rows[at].clone() };
        let name = copy.kind.clone();
        let decisive = self.decisive(kind, at) && !name.ends_with("LaneChanged");
        self.rows.insert(at + 1, copy);
        Some(Deed { what: format!("added a second {name}"), decisive })
    }

    /// Two rows of an office that follow each other, with their contents, at each other's time.
    fn swap(&mut self, kind: Kind, at: usize) -> Option<Deed> {
        let office = self.rows[at].office.clone();
        let other = (at + 1..self.rows.len()).find(|o| self.rows[*o].office == office && self.rows[*o].at > self.rows[at].at)?;
        // Both times are those of a trace, or of what a trace must come with.
        let timed = |row: &JournalRow| [".Decided", ".Assigned", ".Traced", ".PickTraced"].iter().any(|name| row.kind.ends_with(name));
        let decisive = kind == Kind::Auditor && (timed(&self.rows[at]) || timed(&self.rows[other]));
        let what = format!("swapped {} and {}", self.rows[at].kind, self.rows[other].kind);
        let (one, two) = (self.rows[at].at, self.rows[other].at);
        self.rows.swap(at, other);
        (self.rows[at].at, self.rows[other].at) = (one, two);
        Some(Deed { what, decisive })
    }

    /// Another key is revealed than was committed to, with or without the commitments made to fit.
    fn key(&mut self, dice: &mut Dice) -> Option<Deed> {
        let turn = dice.below(self.keys.len());
        let key = self.keys.get_mut(turn)?;
        let made: Digest = std::array::from_fn(|_| u8::try_from(dice.below(256)).unwrap_or(0));
        key.key = hex::encode(made);
        let (office, day) = (key.office.clone(), self.day);
        let fits = dice.once_in(2);
        let commitment = risk_domain::commitment(&office, day, &risk_domain::DayKey::new(made)).to_vec();
        for row in self.rows.iter_mut().filter(|r| r.office == office && of_day(r, day)) {
            edit(row, |arm| match arm {
                Arm::DayKeyRevealed(f) => f.key = made.to_vec(),
                Arm::DayCommitted(f) if fits => f.commitment.clone_from(&commitment),
                Arm::DayOpened(f) if fits => f.commitment.clone_from(&commitment),
                _ => {}
            });
        }
        Some(Deed { what: format!("wrong key, {}", if fits { "commitments made to fit" } else { "commitments as they were" }), decisive: true })
    }

    /// The commitment is made only when the day has begun.
    fn late(&mut self, dice: &mut Dice) -> Option<Deed> {
        let found: Vec<usize> = (0..self.rows.len()).filter(|i| self.rows[*i].kind.ends_with("DayCommitted")).collect();
        let at = *found.get(dice.below(found.len()))?;
        let office = self.rows[at].office.clone();
        let day = self.day;
        let opened = self.rows.iter().position(|r| r.office == office && r.kind.ends_with("DayOpened") && of_day(r, day))?;
        let mut row = self.rows.remove(at);
        row.at = self.rows[opened - 1].at;
        self.rows.insert(opened - 1, row);
        Some(Deed { what: "late commitment".to_owned(), decisive: true })
    }

    /// A file is steered to another officer, in every row and trace that names it, with digests made to fit.
    fn steer(&mut self, dice: &mut Dice) -> Option<Deed> {
        let drawn: Vec<usize> = (0..self.rows.len()).filter(|i| assigned(&self.rows[*i]).is_some_and(|a| a.how == "DRAWN")).collect();
        let at = *drawn.get(dice.below(drawn.len()))?;
        let mut fact = assigned(&self.rows[at])?;
        let to = format!("HQ{:03}", dice.below(12));
        if to == fact.officer {
            return None;
        }
        fact.officer.clone_from(&to);
        let time = self.rows[at].at;
        for row in self.rows.iter_mut().filter(|r| r.at == time && r.subject == fact.key) {
            if row.topic == TRACES {
                retrace(row, &to, &mut fact.trace_digest);
            }
        }
        for row in self.rows.iter_mut().filter(|r| r.at == time && r.subject == fact.key) {
            edit(row, |arm| match arm {
                Arm::Assigned(f) => *f = fact.clone(),
                Arm::Decided(f) => (f.officer, f.trace_digest) = (to.clone(), fact.trace_digest.clone()),
                _ => {}
            });
        }
        Some(Deed { what: "steered an assignment".to_owned(), decisive: true })
    }

    /// Fields beside the content.
    fn beside(&mut self, at: usize, dice: &mut Dice) -> Option<Deed> {
        let row = &mut self.rows[at];
        let what = match dice.below(3) {
            0 => {
                row.actor.push('x');
                "actor"
            }
            1 => {
                row.cause.push('x');
                "cause"
            }
            _ => {
                row.at += 1;
                "recorded_at"
            }
        };
        Some(Deed { what: format!("{what} of {}", row.kind), decisive: false })
    }

    /// One field of a content.
    fn field(&mut self, kind: Kind, at: usize, dice: &mut Dice) -> Option<Deed> {
        let shown = kind == Kind::Auditor || is_public(&self.rows[at].kind) && self.rows[at].topic != TRACES;
        let (day, row) = (self.day, &mut self.rows[at]);
        if row.topic == TRACES {
            let (field, decisive) = super::fields::trace(row, dice)?;
            return Some(Deed { what: format!("{field} in {}", row.kind), decisive: decisive && shown });
        }
        let mut event = RiskEvent::decode(row.payload.as_slice()).ok()?;
        let (field, decisive) = super::fields::fact(event.fact.as_mut()?, day, kind == Kind::Auditor, dice)?;
        row.payload = event.encode_to_vec();
        Some(Deed { what: format!("{field} of {}", row.kind), decisive: decisive && shown })
    }
}

fn edit(row: &mut JournalRow, change: impl FnOnce(&mut Arm)) {
    if row.topic == TRACES {
        return;
    }
    if let Ok(RiskEvent { fact: Some(mut arm) }) = RiskEvent::decode(row.payload.as_slice()) {
        change(&mut arm);
        row.payload = RiskEvent { fact: Some(arm) }.encode_to_vec();
    }
}

fn assigned(row: &JournalRow) -> Option<contracts::risk::Assigned> {
    match (row.kind.ends_with(".Assigned"), RiskEvent::decode(row.payload.as_slice()).ok()?.fact?) {
        (true, Arm::Assigned(fact)) => Some(fact),
        _ => None,
    }
}

/// Names the other officer in a trace and says its new digest.
fn retrace(row: &mut JournalRow, to: &str, digest: &mut Vec<u8>) {
    let Ok(TraceEvent { fact: Some(mut arm) }) = TraceEvent::decode(row.payload.as_slice()) else { return };
    let choose = |pick: &mut PickTrace| pick.assignment.choice = risk_domain::Choice::Officer(to.to_owned());
    match &mut arm {
        Trace::Traced(traced) => {
            if let Ok(mut trace) = risk_domain::Trace::read(&traced.trace) {
                trace.pick.iter_mut().for_each(choose);
                traced.trace = trace.bytes();
                *digest = salted(&traced.salt, &traced.trace);
            }
        }
        Trace::PickTraced(traced) => {
            if let Ok(mut pick) = PickTrace::read(&traced.trace) {
                choose(&mut pick);
                traced.trace = pick.bytes();
                *digest = salted(&traced.salt, &traced.trace);
            }
        }
        _ => {}
    }
    row.payload = TraceEvent { fact: Some(arm) }.encode_to_vec();
}

fn salted(salt: &[u8], trace: &[u8]) -> Vec<u8> {
    salt.try_into().map(|salt: &[u8; 16]| risk_domain::digest(salt, trace).to_vec()).unwrap_or_default()
}

fn of_day(row: &JournalRow, day: values::Day) -> bool {
    let Ok(RiskEvent { fact: Some(arm) }) = RiskEvent::decode(row.payload.as_slice()) else { return false };
    let date = match arm {
        Arm::DayCommitted(f) => f.date,
        Arm::DayOpened(f) => f.date,
        Arm::DayClosed(f) => f.date,
        Arm::DayKeyRevealed(f) => f.date,
        _ => return false,
    };
    date == day.to_string()
}
