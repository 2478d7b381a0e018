//! The work of one office on the open day.
use std::collections::{BTreeMap, VecDeque};

use contracts::risk::{Assigned, AssignmentClosed, Draw as Drawn, LeftOut, PickTraced, RiskEvent, TraceEvent, risk_event, trace_event};
use risk_domain::{
    Choice, DayKey, Draw, Facts, Form, Ledger, PickTrace, Preferred, Roster, Task, Urn, digest, group, mixed, month_start_us, pick, published,
};
use sha2::{Digest as _, Sha256};
use values::Lane;

use super::{
    Sample,
    dice::Dice,
    journal::{Draft, Step},
    office::{key, name, streams},
};

/// A declaration that this day has seen.
#[derive(Debug, Clone)]
pub struct Dossier {
    pub version: u32,
    pub facts: Facts,
    pub lane: Lane,
    pub form: Form,
    pub points: u32,
    pub draws: Vec<Draw>,
    pub round: u32,
    /// An assignment was made or queued for this version.
    pub worked: bool,
    pub officer: String,
    pub queued: bool,
}

/// Everything the office has at hand.
pub struct Desk<'a> {
    pub sample: &'a Sample,
    pub office: String,
    pub streams: (u32, u32),
    pub key: DayKey,
    pub roster: Roster,
    pub ledger: Ledger,
    pub decisions: u32,
    pub dice: Dice,
    pub serial: u64,
    pub dossiers: BTreeMap<String, Dossier>,
    pub open: VecDeque<String>,
    pub queue: VecDeque<String>,
    pub recent: VecDeque<String>,
    /// Group and who has its files.
    pub groups: BTreeMap<String, String>,
    pub split: Option<String>,
    pub number: usize,
}

impl<'a> Desk<'a> {
    pub fn new(sample: &'a Sample, n: usize, roster: Roster, ledger: Ledger, dice: Dice) -> Self {
        let (source, value) = sample.beacon.clone().unwrap_or_default();
        Self {
            sample,
            office: name(n),
            streams: streams(n),
            key: mixed(&DayKey::new(key(sample.seed, n)), &source, &value),
            roster,
            ledger,
            decisions: 0,
            dice,
            serial: 0,
            dossiers: BTreeMap::new(),
            open: VecDeque::new(),
            queue: VecDeque::new(),
            recent: VecDeque::new(),
            groups: BTreeMap::new(),
            split: None,
            number: n,
        }
    }

    /// A new declaration, and what else happens until the next: each step at a moment of its own within `pace`.
    pub fn turn(&mut self, at: i64, pace: i64) -> Vec<Step> {
        let gap = (pace / 16 / 16 * 16).max(16);
        let mut steps: Vec<Step> = Vec::new();
        let mut run = |desk: &mut Self, act: fn(&mut Self, i64) -> Vec<Draft>| {
            let at = at + gap * i64::try_from(steps.len()).unwrap_or(0);
            let rows = act(desk, at);
            if !rows.is_empty() {
                steps.push(Step { at, rows });
            }
        };
        run(self, Self::lodge);
        if self.dice.once_in(12) {
            run(self, Self::amend);
        }
        let crowded = self.open.len() > self.sample.officers * 3;
        if crowded || self.dice.once_in(4) {
            run(self, Self::conclude);
        }
        if !self.queue.is_empty() {
            run(self, Self::drain);
        }
        if self.dice.once_in(40) {
            run(self, Self::reassign);
        }
        if self.dice.once_in(50) {
            run(self, Self::change_lane);
        }
        if self.dice.once_in(90) {
            run(self, Self::hand_over);
        }
        if self.dice.once_in(120) {
            run(self, Self::change_roster);
        }
        steps
    }

    pub fn pick(&self, at: i64, key: &str, dossier: &Dossier, excluded: Vec<String>, preferred: Option<Preferred>) -> PickTrace {
        let task = Task {
            facts: &dossier.facts,
            lane: dossier.lane,
            round: dossier.round,
            excluded,
            preferred,
            default_cap: self.sample.rules.default_cap,
            month_start_us: month_start_us(self.sample.day),
            now_us: at,
        };
        let urn = Urn { key: &self.key, day: self.sample.day, declaration: key, version: dossier.version };
        pick(&task, &self.roster, &self.ledger, &urn)
    }

    /// The row of a pick; the officer takes the file.
    pub fn assign(&mut self, key: &str, dossier: &mut Dossier, picked: &PickTrace, trace_digest: Vec<u8>) -> Draft {
        let (officer, queue_reason) = outcome(&picked.assignment.choice);
        let kept = picked.preferred.as_ref().filter(|p| p.how == picked.how);
        let draws = picked.assignment.draws.iter().chain(&picked.supervisor_draw).map(|d| Drawn {
            purpose: d.purpose.clone(),
            version: d.version,
            counter: d.counter,
            value: d.value.parse().unwrap_or(0),
            day: d.day.clone(),
        });
        let fact = risk_event::Fact::Assigned(Assigned {
            key: key.to_owned(),
            version: dossier.version,
            officer: officer.clone(),
            points: dossier.points,
            day: self.sample.day.to_string(),
            trace_digest,
            round: dossier.round,
            how: picked.how.clone(),
            list: picked.list.clone(),
            left_out: published(picked, &self.roster).into_iter().map(|l| LeftOut { code: l.code, reason: l.reason }).collect(),
            draws: draws.collect(),
            queue_reason,
            supervisor: picked.supervisor.clone(),
            group: group(&dossier.facts).to_owned(),
            from: kept.map(|p| p.from.clone()).unwrap_or_default(),
        });
        (dossier.queued, dossier.worked) = (officer.is_empty(), true);
        if officer.is_empty() {
            self.queue.push_back(key.to_owned());
        } else {
            self.ledger.taken(&officer, dossier.points);
            if !group(&dossier.facts).is_empty() {
                self.groups.insert(group(&dossier.facts).to_owned(), officer.clone());
            }
            self.open.push_back(key.to_owned());
        }
        dossier.officer = officer;
        self.fact(key, &dossier.facts, "risk", fact)
    }

    /// A further assignment of the same version, with a trace of its own.
    pub fn again(&mut self, at: i64, key: &str, dossier: &mut Dossier, excluded: Vec<String>) -> [Draft; 2] {
        let picked = self.pick(at, key, dossier, excluded, None);
        self.assign_again(key, dossier, &picked)
    }

    pub fn assign_again(&mut self, key: &str, dossier: &mut Dossier, picked: &PickTrace) -> [Draft; 2] {
        let (salt, trace) = (salt(key, dossier.version, dossier.round), picked.bytes());
        let row = self.assign(key, dossier, picked, digest(&salt, &trace).to_vec());
        let traced = PickTraced { key: key.to_owned(), version: dossier.version, round: dossier.round, salt: salt.to_vec(), trace };
        [row, self.trace(key, &dossier.facts, trace_event::Fact::PickTraced(traced))]
    }

    pub fn close(&mut self, key: &str, dossier: &Dossier, reason: &str) -> Draft {
        if !dossier.officer.is_empty() {
            self.ledger.released(&dossier.officer, dossier.points);
        }
        self.open.retain(|k| k != key);
        self.queue.retain(|k| k != key);
        let fact = risk_event::Fact::AssignmentClosed(AssignmentClosed {
            key: key.to_owned(),
            version: dossier.version,
            officer: dossier.officer.clone(),
            reason: reason.to_owned(),
            points: dossier.points,
        });
        self.fact(key, &dossier.facts, "risk", fact)
    }

    pub fn stream(&self, facts: &Facts) -> u32 {
        if facts.class == "parcels" { self.streams.1 } else { self.streams.0 }
    }

    pub fn fact(&self, key: &str, facts: &Facts, actor: &str, fact: risk_event::Fact) -> Draft {
        Draft::fact(self.stream(facts), &self.office, key, actor, RiskEvent { fact: Some(fact) })
    }

    pub fn trace(&self, key: &str, facts: &Facts, fact: trace_event::Fact) -> Draft {
        Draft::trace(self.stream(facts), &self.office, key, TraceEvent { fact: Some(fact) })
    }
}

pub fn outcome(choice: &Choice) -> (String, String) {
    match choice {
        Choice::Officer(code) => (code.clone(), String::new()),
        Choice::Queued(reason) => (String::new(), reason.clone()),
    }
}

pub fn salt(key: &str, version: u32, round: u32) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(format!("salt {key} {version} {round}")).into();
    std::array::from_fn(|i| digest[i])
}

pub const fn lane_of(lane: Lane) -> i32 {
    match lane {
        Lane::Green => 1,
        Lane::Yellow => 2,
        Lane::Red => 3,
    }
}
