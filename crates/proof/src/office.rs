//! One office's day, followed row by row: commitment, key, roster, rules, and everybody's load.
use std::collections::HashMap;

use contracts::risk::risk_event::Fact as Arm;
use risk_domain::{DayKey, Ledger, Roster, mixed, month_start_us};
use values::Day;

use crate::{
    file::File,
    findings::Findings,
    format::{Kind, OfficeKey, digest, is_public},
    item::{Fact, Item},
    report::Check,
};

/// Where the day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Before,
    Open,
    Closed,
    /// The day's key is public.
    Revealed,
    /// A later day was opened.
    Past,
}

/// A commitment for the day.
#[derive(Debug, Clone)]
pub struct Committed {
    pub commitment: Vec<u8>,
    pub at: i64,
    pub t: u8,
    pub s: u32,
    pub p: u64,
    /// Nothing of this office came before in the file.
    pub first: bool,
}

/// The state of one office.
#[derive(Debug)]
pub struct Office {
    pub name: String,
    pub kind: Kind,
    pub day: Day,
    pub date: String,
    pub stage: Stage,
    pub ledger: Ledger,
    pub roster: Roster,
    /// Digest of the roster in hex; '' before any is known.
    pub roster_digest: String,
    pub default_cap: u32,
    /// Digests in force, hex.
    pub rules: String,
    pub model: String,
    pub month_start_us: i64,
    /// Mixed with the day's public value.
    pub key: DayKey,
    pub decisions: u32,
    pub files: HashMap<String, File>,
    /// Who has files of a group.
    pub groups: HashMap<String, String>,
    pub given: Option<OfficeKey>,
    pub committed: Vec<Committed>,
    pub opened: Option<(u8, u32, u64)>,
    pub rows: u64,
    pub last_opened: Option<Day>,
    /// A day was closed and none opened since.
    pub between: bool,
}

impl Office {
    pub fn new(name: &str, kind: Kind, day: Day, given: Option<OfficeKey>) -> Self {
        let key = given.as_ref().and_then(|k| digest(&k.key)).unwrap_or_default();
        let (source, value) = given.as_ref().map(|k| (k.beacon_source.clone(), k.beacon_value.clone())).unwrap_or_default();
        Self {
            name: name.to_owned(),
            kind,
            day,
            date: day.to_string(),
            stage: Stage::Before,
            ledger: Ledger::default(),
            roster: Roster::default(),
            roster_digest: String::new(),
            default_cap: 0,
            rules: String::new(),
            model: String::new(),
            month_start_us: month_start_us(day),
            key: mixed(&DayKey::new(key), &source, &value),
            decisions: 0,
            files: HashMap::new(),
            groups: HashMap::new(),
            given,
            committed: Vec::new(),
            opened: None,
            rows: 0,
            last_opened: None,
            between: false,
        }
    }

    /// Rows of one moment: facts first, then traces.
    pub fn moment(&mut self, rows: &[Box<Item>], traces: Option<u8>, findings: &mut Findings) {
        let facts = rows.iter().map(Box::as_ref).filter(|i| Some(i.t) != traces);
        let evidence: Vec<&Item> = rows.iter().map(Box::as_ref).filter(|i| Some(i.t) == traces).collect();
        let mut used = vec![false; evidence.len()];
        let facts: Vec<&Item> = facts.collect();
        for item in &facts {
            self.row(item, &facts, &evidence, &mut used, findings);
            self.rows += 1;
        }
        for item in facts.iter().filter(|i| i.name == "Reassigned") {
            if self.files.get(&item.subject).is_some_and(|f| f.drawing.is_some()) {
                findings.add(item, Check::Missing, "a file was taken away to be drawn for, and no assignment follows");
            }
        }
        if self.stage == Stage::Open && self.given.is_some() {
            for (item, _) in evidence.iter().zip(&used).filter(|(item, used)| !**used && matches!(item.name, "Traced" | "PickTraced")) {
                if self.kind == Kind::Auditor {
                    findings.add(item, Check::Missing, "a trace without its decision or assignment");
                }
            }
        }
        for item in &evidence {
            if let Fact::Bad(what) = &item.fact {
                findings.add(item, Check::Row, what.clone());
            }
        }
    }

    fn row(&mut self, item: &Item, facts: &[&Item], evidence: &[&Item], used: &mut [bool], findings: &mut Findings) {
        match &item.fact {
            Fact::Bad(what) => findings.add(item, Check::Row, what.clone()),
            Fact::Risk(fact) => {
                self.named(item, fact, findings);
                self.stated(item, fact, facts, evidence, used, findings);
            }
            Fact::Header if item.name == "Decided" => self.decided_unseen(item, findings),
            Fact::Header if item.name == "LaneChanged" && self.kind == Kind::Public => self.lane_changed_unseen(item),
            Fact::Header if self.stage == Stage::Open && (self.kind == Kind::Auditor && !item.name.is_empty() || is_public_name(item.name)) => {
                findings.add(item, Check::Row, "its content is needed and not in the file");
            }
            Fact::Header | Fact::Traced(_) | Fact::Picked(_) => {}
        }
    }

    /// A row's subject is the declaration or the office that its content names.
    fn named(&self, item: &Item, fact: &Arm, findings: &mut Findings) {
        let (subject, named): (&str, &str) = match fact {
            Arm::Decided(f) => (&item.subject, &f.key),
            Arm::Assigned(f) => (&item.subject, &f.key),
            Arm::Reassigned(f) => (&item.subject, &f.key),
            Arm::AssignmentClosed(f) => (&item.subject, &f.key),
            Arm::Concluded(f) => (&item.subject, &f.key),
            Arm::LaneChanged(f) => (&item.subject, &f.key),
            Arm::DayCommitted(f) => (&item.office, &f.office),
            Arm::DayOpened(f) => (&item.office, &f.office),
            Arm::DayClosed(f) => (&item.office, &f.office),
            Arm::DayKeyRevealed(f) => (&item.office, &f.office),
            Arm::RulesInForce(f) => (&item.office, &f.office),
            Arm::RosterSet(f) => (&item.office, &f.office),
            Arm::Superseded(_) | Arm::HeadsWitnessed(_) | Arm::DeadLetterDiscarded(_) => ("", ""),
        };
        if subject != named {
            findings.add(item, Check::Row, format!("the row is about {subject}, its content about {named}"));
        }
    }

    fn stated(&mut self, item: &Item, fact: &Arm, facts: &[&Item], evidence: &[&Item], used: &mut [bool], findings: &mut Findings) {
        match fact {
            Arm::DayCommitted(f) => self.committed(item, f),
            Arm::DayOpened(f) => self.opened(item, f, findings),
            Arm::DayClosed(f) => self.closed(item, f, findings),
            Arm::DayKeyRevealed(f) => self.revealed(item, f, findings),
            Arm::RosterSet(f) => self.roster_set(item, f, findings),
            Arm::RulesInForce(f) => self.rules_in_force(f),
            // Without its key nothing of the day can be taken again, which `end` says once.
            _ if self.given.is_none() => {}
            Arm::Decided(f) => self.decided(item, f, facts, evidence, used, findings),
            Arm::Assigned(f) if self.in_day(item, findings) => self.assigned(item, f, facts, evidence, used, findings),
            Arm::Reassigned(f) if self.in_day(item, findings) => self.reassigned(item, f, findings),
            Arm::AssignmentClosed(f) if self.in_day(item, findings) => self.assignment_closed(item, f, findings),
            Arm::Concluded(f) if self.in_day(item, findings) => self.concluded(item, f, findings),
            Arm::LaneChanged(f) if self.in_day(item, findings) => self.lane_changed(item, f, facts, findings),
            _ => {}
        }
    }

    /// Work belongs to the open day; between the end of one day and the beginning of the next there is none.
    pub fn in_day(&self, item: &Item, findings: &mut Findings) -> bool {
        if self.between {
            findings.add(item, Check::Day, "no day is open");
        }
        self.stage == Stage::Open
    }

    fn decided_unseen(&mut self, item: &Item, findings: &mut Findings) {
        if self.in_day(item, findings) {
            if self.kind == Kind::Auditor {
                findings.add(item, Check::Row, "its content is needed and not in the file");
            }
            self.begun(item, None, findings);
        }
    }
}

fn is_public_name(name: &str) -> bool {
    is_public(&format!("customs.risk.v1.{name}"))
}
