//! One office's day, followed row by row: commitment, key, roster, rules, and everybody's load.
use std::collections::HashMap;

use contracts::risk::{DayClosed, DayCommitted, DayKeyRevealed, DayOpened, RosterSet, RulesInForce, risk_event::Fact as Arm};
use risk_domain::{DayCount, DayKey, Ledger, Load, Roster, commitment, mixed, month_start_us};
use values::{Day, ZONE};

use crate::{
    chain::Streams,
    file::File,
    findings::Findings,
    format::{Kind, OfficeKey, digest, is_public},
    item::{Fact, Item},
    report::Check,
    roster::roster_of,
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
struct Committed {
    commitment: Vec<u8>,
    at: i64,
    t: u8,
    s: u32,
    p: u64,
    /// Nothing of this office came before in the file.
    first: bool,
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
    given: Option<OfficeKey>,
    committed: Vec<Committed>,
    opened: Option<(u8, u32, u64)>,
    rows: u64,
    last_opened: Option<Day>,
    /// A day was closed and none opened since.
    between: bool,
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
        if self.stage == Stage::Open {
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

    fn committed(&mut self, item: &Item, fact: &DayCommitted) {
        if fact.date == self.date {
            let first = self.rows == 0;
            self.committed.push(Committed { commitment: fact.commitment.clone(), at: item.at, t: item.t, s: item.s, p: item.p, first });
        }
    }

    fn opened(&mut self, item: &Item, fact: &DayOpened, findings: &mut Findings) {
        let date = fact.date.parse::<Day>().ok();
        if date.is_none() || date <= self.last_opened {
            findings.add(item, Check::Day, format!("{} is opened after {:?}: dates only rise", fact.date, self.last_opened));
        }
        self.last_opened = date.max(self.last_opened);
        self.between = false;
        if fact.date != self.date {
            if self.stage == Stage::Open {
                findings.add(item, Check::Day, "another day is opened while this one is open");
            }
            if date > Some(self.day) && self.stage == Stage::Revealed {
                self.stage = Stage::Past;
                self.check_balances(item, fact, date.unwrap_or_default(), findings);
            }
            return;
        }
        if self.stage != Stage::Before {
            findings.add(item, Check::Day, "the day is opened twice");
            return;
        }
        self.stage = Stage::Open;
        self.opened = Some((item.t, item.s, item.p));
        let local = chrono::DateTime::from_timestamp_micros(item.at).map(values::local_day);
        if local != Some(self.day) {
            findings.add(item, Check::Day, format!("opened on {local:?}"));
        }
        self.check_commitment(item, fact, findings);
        self.check_inputs(item, fact, findings);
        let loads = fact.balances.iter().map(|b| (b.officer.clone(), Load { points: b.points, open_files: b.open_files }));
        self.ledger = Ledger::new(loads, DayCount::default(), DayCount::default());
        if month_start_us(self.day) == day_start_us(self.day) && fact.balances.iter().any(|b| b.points > 0) {
            findings.add(item, Check::Points, "a month begins with no points");
        }
        if !fact.balances.is_sorted_by(|a, b| a.officer < b.officer) {
            findings.add(item, Check::Row, "balances are not sorted by officer");
        }
    }

    /// Exactly one commitment, made before the day began, to the key that is revealed.
    fn check_commitment(&mut self, item: &Item, fact: &DayOpened, findings: &mut Findings) {
        let [committed] = self.committed.as_slice() else {
            let n = self.committed.len();
            findings.add(item, Check::Commitment, format!("{n} commitments to this day come before it, not one"));
            return;
        };
        if committed.commitment != fact.commitment {
            findings.add(item, Check::Commitment, "the day is opened with another commitment than was made");
        }
        let lead = chrono::DateTime::from_timestamp_micros(committed.at).map_or(0, |at| (self.day - values::local_day(at)).num_days());
        if committed.at >= day_start_us(self.day) {
            if committed.first && fact.balances.is_empty() {
                findings.note(format!("{}: the office's first day: its key was committed to on the day itself", self.name));
            } else {
                findings.add(item, Check::Commitment, "the commitment was made after the day had begun");
            }
        } else if lead < i64::try_from(risk_domain::AHEAD).unwrap_or(8) {
            findings.note(format!("{}: committed only {lead} days ahead", self.name));
        }
    }

    fn check_inputs(&mut self, item: &Item, fact: &DayOpened, findings: &mut Findings) {
        if self.roster_digest.is_empty() {
            self.roster_digest = hex::encode(self.roster.digest());
        }
        if self.roster_digest != hex::encode(&fact.roster) {
            findings.add(item, Check::Roster, "the roster in the file is not the one that the day was opened with");
        }
        let (rules, model) = (hex::encode(&fact.rules), hex::encode(&fact.model));
        if !self.rules.is_empty() && (rules != self.rules || model != self.model || fact.default_cap != self.default_cap) {
            findings.add(item, Check::Rules, "rules, model or cap are not those in force");
        }
        (self.rules, self.model, self.default_cap) = (rules, model, fact.default_cap);
        let given = self.given.as_ref().map(|k| (k.beacon_source.as_str(), k.beacon_value.as_str()));
        if given.is_some_and(|given| given != (&fact.beacon_source, &fact.beacon_value)) {
            findings.add(item, Check::Key, "the header mixes in another public value than the day was opened with");
        }
    }

    /// The next day begins with the loads that this one ended with.
    fn check_balances(&mut self, item: &Item, fact: &DayOpened, date: Day, findings: &mut Findings) {
        if month_start_us(date) != self.month_start_us {
            self.ledger.new_month();
        }
        let carried: Vec<(&str, Load)> = self.ledger.balances().collect();
        let handed = fact.balances.iter().map(|b| (b.officer.as_str(), Load { points: b.points, open_files: b.open_files }));
        if !handed.eq(carried.iter().copied()) {
            findings.add(item, Check::Points, "the next day does not begin with the loads that this one ended with");
        }
        findings.count("days_handed_on", 1);
    }

    fn closed(&mut self, item: &Item, fact: &DayClosed, findings: &mut Findings) {
        self.between = true;
        if fact.date != self.date {
            if self.stage == Stage::Open {
                findings.add(item, Check::Day, format!("{} is closed while this day is open", fact.date));
            }
            return;
        }
        if self.stage != Stage::Open {
            findings.add(item, Check::Day, "the day is closed and was not open");
            return;
        }
        self.stage = Stage::Closed;
        if fact.decisions != self.decisions {
            findings.add(item, Check::Count, format!("closed with {} decisions, {} are in the file", fact.decisions, self.decisions));
        }
    }

    fn revealed(&mut self, item: &Item, fact: &DayKeyRevealed, findings: &mut Findings) {
        if fact.date != self.date {
            return;
        }
        if self.stage != Stage::Closed {
            findings.add(item, Check::Key, "the key is revealed and the day was not closed just before");
        }
        self.stage = Stage::Revealed;
        let key: Option<[u8; 32]> = fact.key.as_slice().try_into().ok();
        let made = key.map(|key| commitment(&self.name, self.day, &DayKey::new(key)));
        if made.is_none() || !self.committed.iter().any(|c| made.is_some_and(|m| m.as_slice() == c.commitment)) {
            findings.add(item, Check::Key, "the revealed key is not the one that was committed to");
        }
        if self.given.as_ref().is_none_or(|given| digest(&given.key) != key) {
            findings.add(item, Check::Key, "the header names another key");
        }
    }

    fn roster_set(&mut self, item: &Item, fact: &RosterSet, findings: &mut Findings) {
        self.roster = roster_of(fact);
        let made = self.roster.digest();
        if made.as_slice() != fact.digest {
            findings.add(item, Check::Roster, "the roster does not have the digest that is named");
        }
        self.roster_digest = hex::encode(made);
    }

    fn rules_in_force(&mut self, fact: &RulesInForce) {
        (self.rules, self.model, self.default_cap) = (hex::encode(&fact.digest), hex::encode(&fact.model), fact.default_cap);
    }

    /// After the last row.
    pub fn end(&mut self, streams: &Streams, findings: &mut Findings) {
        if self.given.is_none() && self.stage == Stage::Before {
            return;
        }
        if self.stage == Stage::Before || self.stage == Stage::Open || self.stage == Stage::Closed {
            findings.office(&self.name, Check::Day, format!("the day is {:?} at the end of the file: not opened, closed and revealed", self.stage));
        }
        if let (Some(committed), Some((t, s, p))) = (self.committed.first(), self.opened) {
            let with = (committed.t == t && committed.s == s).then_some(p);
            if !streams.anchored(committed.t, committed.s, committed.p, with) {
                let text = "no witness has seen the commitment, and the rows between it and the day are not in the file";
                findings.office(&self.name, Check::Commitment, text);
            }
        }
        if self.stage == Stage::Revealed {
            findings.note(format!("{}: the next day is not in the file: the loads at the end of this one are not held against it", self.name));
        }
        findings.count("offices", 1);
    }
}

fn is_public_name(name: &str) -> bool {
    is_public(&format!("customs.risk.v1.{name}"))
}

/// Local midnight, in microseconds since 1970.
fn day_start_us(day: Day) -> i64 {
    let midnight = day.and_hms_opt(0, 0, 0).and_then(|m| m.and_local_timezone(ZONE).earliest());
    midnight.map_or(0, |at| at.timestamp_micros())
}
