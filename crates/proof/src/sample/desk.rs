//! The work of one office on the open day.
use std::collections::{BTreeMap, VecDeque};

use contracts::risk::{
    Assigned, AssignmentClosed, Concluded, Decided, Draw as Drawn, LaneChanged, LeftOut, PickTraced, Reassigned, RiskEvent, TraceEvent, Traced,
    risk_event, trace_event,
};
use risk_domain::{
    Choice, Counters, DayKey, Draw, Facts, Form, Given, Ledger, LineScore, PickTrace, Preferred, Roster, RuleBook as _, Scorer as _, Task, Trace,
    Urn, digest, group, mixed, month_start_us, pick, published, select,
};
use sha2::{Digest as _, Sha256};
use values::Lane;

use super::{
    Sample,
    dice::Dice,
    journal::{Draft, Step},
    office::{key, name, streams},
    world,
};
use crate::{deciding::form, roster::roster_row};

/// A declaration that this day has seen.
#[derive(Debug, Clone)]
struct Dossier {
    version: u32,
    facts: Facts,
    lane: Lane,
    form: Form,
    points: u32,
    draws: Vec<Draw>,
    round: u32,
    /// An assignment was made or queued for this version.
    worked: bool,
    officer: String,
    queued: bool,
}

/// Everything the office has at hand.
pub struct Desk<'a> {
    sample: &'a Sample,
    office: String,
    streams: (u32, u32),
    key: DayKey,
    roster: Roster,
    pub ledger: Ledger,
    pub decisions: u32,
    dice: Dice,
    serial: u64,
    dossiers: BTreeMap<String, Dossier>,
    open: VecDeque<String>,
    queue: VecDeque<String>,
    recent: VecDeque<String>,
    /// Group and who has its files.
    groups: BTreeMap<String, String>,
    split: Option<String>,
    number: usize,
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

    fn lodge(&mut self, at: i64) -> Vec<Draft> {
        self.serial += 1;
        let key = format!("1{:02}{:08}", self.number % 100, self.serial);
        if self.dice.once_in(30) {
            self.split = Some(key.clone());
        } else if self.dice.once_in(4) {
            self.split = None;
        }
        let facts = world::facts(&self.office, self.split.as_deref(), &mut self.dice);
        let rows = self.decide(at, &key, 0, facts, None);
        self.recent.push_back(key);
        if self.recent.len() > 60 {
            let old = self.recent.pop_front().unwrap_or_default();
            if self.dossiers.get(&old).is_some_and(|d| d.officer.is_empty() && !d.queued) {
                self.dossiers.remove(&old);
            }
        }
        rows
    }

    fn amend(&mut self, at: i64) -> Vec<Draft> {
        let key = self.dice.one(self.recent.make_contiguous()).clone();
        let Some(dossier) = self.dossiers.get(&key).filter(|d| d.version < 9).cloned() else { return Vec::new() };
        let mut rows = Vec::new();
        if !dossier.officer.is_empty() || dossier.queued {
            rows.push(self.close(&key, &dossier, "amended"));
        }
        let preferred = (!dossier.officer.is_empty()).then(|| Preferred {
            officer: dossier.officer.clone(),
            how: "RETURNED".to_owned(),
            from: format!("{key}{}", dossier.version),
        });
        let mut facts = dossier.facts.clone();
        facts.history.earlier_lane = Some(dossier.lane);
        for line in &mut facts.lines {
            line.value += 10_000;
        }
        rows.extend(self.decide(at, &key, dossier.version + 1, facts, preferred));
        rows
    }

    fn decide(&mut self, at: i64, key: &str, version: u32, facts: Facts, preferred: Option<Preferred>) -> Vec<Draft> {
        let (rules, day) = (&self.sample.rules, self.sample.day);
        let earlier = self.dossiers.get(key).map(|d| d.draws.clone()).unwrap_or_default();
        let hits = rules.hits(&facts, day);
        let scores: Vec<LineScore> = self.sample.model.as_ref().map(|m| m.score(&facts)).unwrap_or_default();
        let capped: Vec<&str> = hits.iter().filter(|h| h.cap_per_day > 0).map(|h| h.profile).collect();
        let fruitless = hits.iter().filter(|h| h.spare_after > 0).map(|h| (h.profile.to_owned(), u32::try_from(facts.value % 7).unwrap_or(0)));
        let counters: Counters = self.ledger.counters(facts.direction, &capped, fruitless.collect());
        let day_key = self.key.clone();
        let urn = Urn { key: &day_key, day, declaration: key, version };
        let selection = select(&Given {
            hits: &hits,
            scores: &scores,
            thresholds: rules.thresholds(),
            rates: rules.rates(&facts.office, facts.direction, day),
            counters: &counters,
            earlier_lane: facts.history.earlier_lane,
            earlier: &earlier,
            urn,
        });
        self.ledger.decided(facts.direction, &selection, &capped);
        self.decisions += 1;
        let points = rules.weights().points(facts.lines.len(), selection.form);
        let mut draws = earlier.clone();
        draws.extend(selection.draws.iter().filter(|d| !earlier.contains(d)).cloned());
        let (lane, form_of) = (selection.lane, selection.form);
        let checked = lane > Lane::Green;
        let mut dossier =
            Dossier { version, facts, lane, form: form_of, points, draws, round: 0, worked: checked, officer: String::new(), queued: false };
        let preferred = preferred.or_else(|| self.together(&dossier.facts, key));
        let picked = checked.then(|| self.pick(at, key, &dossier, Vec::new(), preferred));
        let trace = Trace {
            office: self.office.clone(),
            day: day.to_string(),
            now_us: at,
            declaration: key.to_owned(),
            version,
            facts: dossier.facts.clone(),
            rules: hex::encode(rules.digest()),
            model: self.sample.model.as_ref().map(|m| hex::encode(m.digest())).unwrap_or_default(),
            scores,
            counters,
            earlier,
            selection,
            points,
            pick: picked.clone(),
        };
        let (salt, bytes) = (salt(key, version, 0), trace.bytes());
        let trace_digest = digest(&salt, &bytes).to_vec();
        let (officer, queue_reason) = picked.as_ref().map(|p| outcome(&p.assignment.choice)).unwrap_or_default();
        let decided = risk_event::Fact::Decided(Decided {
            key: key.to_owned(),
            version,
            lane: lane_of(lane),
            form: form(form_of),
            legal_ground: trace.selection.ground.clone(),
            score: trace.selection.score,
            day: day.to_string(),
            trace_digest: trace_digest.clone(),
            officer,
            queue_reason,
            points,
            rules: rules.digest().to_vec(),
        });
        let mut rows = vec![self.fact(key, &dossier.facts, "risk", decided)];
        if let Some(picked) = picked {
            rows.push(self.assign(key, &mut dossier, &picked, trace_digest));
        }
        let traced = Traced { key: key.to_owned(), version, salt: salt.to_vec(), trace: bytes };
        rows.push(self.trace(key, &dossier.facts, trace_event::Fact::Traced(traced)));
        self.dossiers.insert(key.to_owned(), dossier);
        rows
    }

    fn together(&self, facts: &Facts, key: &str) -> Option<Preferred> {
        let officer = self.groups.get(group(facts)).filter(|_| !group(facts).is_empty())?;
        let from = if group(facts) == key { key.to_owned() } else { group(facts).to_owned() };
        Some(Preferred { officer: officer.clone(), how: "TOGETHER".to_owned(), from })
    }

    fn pick(&self, at: i64, key: &str, dossier: &Dossier, excluded: Vec<String>, preferred: Option<Preferred>) -> PickTrace {
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
    fn assign(&mut self, key: &str, dossier: &mut Dossier, picked: &PickTrace, trace_digest: Vec<u8>) -> Draft {
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
    fn again(&mut self, at: i64, key: &str, dossier: &mut Dossier, excluded: Vec<String>) -> [Draft; 2] {
        let picked = self.pick(at, key, dossier, excluded, None);
        self.assign_again(key, dossier, &picked)
    }

    fn assign_again(&mut self, key: &str, dossier: &mut Dossier, picked: &PickTrace) -> [Draft; 2] {
        let (salt, trace) = (salt(key, dossier.version, dossier.round), picked.bytes());
        let row = self.assign(key, dossier, picked, digest(&salt, &trace).to_vec());
        let traced = PickTraced { key: key.to_owned(), version: dossier.version, round: dossier.round, salt: salt.to_vec(), trace };
        [row, self.trace(key, &dossier.facts, trace_event::Fact::PickTraced(traced))]
    }

    fn drain(&mut self, at: i64) -> Vec<Draft> {
        let Some(key) = self.queue.pop_front() else { return Vec::new() };
        let Some(mut dossier) = self.dossiers.get(&key).filter(|d| d.queued).cloned() else { return Vec::new() };
        dossier.round += 1;
        let picked = self.pick(at, &key, &dossier, Vec::new(), None);
        if picked.how == "QUEUED" {
            self.queue.push_back(key);
            return Vec::new();
        }
        let rows = self.assign_again(&key, &mut dossier, &picked).into();
        self.dossiers.insert(key, dossier);
        rows
    }

    fn conclude(&mut self, _: i64) -> Vec<Draft> {
        let Some(key) = self.open.pop_front() else { return Vec::new() };
        let Some(mut dossier) = self.dossiers.get(&key).filter(|d| !d.officer.is_empty()).cloned() else { return Vec::new() };
        let officer = std::mem::take(&mut dossier.officer);
        self.ledger.concluded(&officer);
        let concluded = risk_event::Fact::Concluded(Concluded {
            key: key.clone(),
            version: dossier.version,
            form: form(dossier.form),
            conform: !self.dice.once_in(9),
            code: "OK".to_owned(),
            officer: officer.clone(),
            note_digest: vec![9; 32],
        });
        let row = self.fact(&key, &dossier.facts, &officer, concluded);
        self.dossiers.insert(key, dossier);
        vec![row]
    }

    fn close(&mut self, key: &str, dossier: &Dossier, reason: &str) -> Draft {
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

    fn reassign(&mut self, at: i64) -> Vec<Draft> {
        let Some(key) = self.open.pop_front() else { return Vec::new() };
        let Some(mut dossier) = self.dossiers.get(&key).filter(|d| !d.officer.is_empty()).cloned() else { return Vec::new() };
        dossier.round += 1;
        let from = std::mem::take(&mut dossier.officer);
        self.ledger.released(&from, dossier.points);
        let drawn = !self.dice.once_in(3);
        let codes: Vec<String> = self.roster.officers().iter().map(|o| o.code.clone()).filter(|c| *c != from).collect();
        let to = if drawn { String::new() } else { self.dice.one(&codes).clone() };
        let fact = reassigned(&key, &dossier, &from, &to, "WORKLOAD", "chief");
        let mut rows = vec![self.fact(&key, &dossier.facts, "chief2", fact)];
        if drawn {
            rows.extend(self.again(at, &key, &mut dossier, vec![from]));
        } else {
            self.ledger.taken(&to, dossier.points);
            self.open.push_back(key.clone());
            dossier.officer = to;
        }
        self.dossiers.insert(key, dossier);
        rows
    }

    /// Everybody whose shift is over hands one file on.
    fn hand_over(&mut self, at: i64) -> Vec<Draft> {
        let gone: Vec<String> = self.roster.officers().iter().filter(|o| !o.on_shift(at)).map(|o| o.code.clone()).collect();
        let mut held: Vec<String> =
            self.open.iter().filter(|k| self.dossiers.get(*k).is_some_and(|d| gone.contains(&d.officer))).take(3).cloned().collect();
        // The rows of one moment are followed stream by stream, so cargo is handed on before parcels.
        held.sort_by_key(|k| self.dossiers.get(k).map(|d| self.stream(&d.facts)));
        let mut rows = Vec::new();
        for key in held {
            let Some(mut dossier) = self.dossiers.get(&key).cloned() else { continue };
            self.open.retain(|k| *k != key);
            dossier.round += 1;
            let from = std::mem::take(&mut dossier.officer);
            self.ledger.released(&from, dossier.points);
            let fact = reassigned(&key, &dossier, &from, "", "END_OF_SHIFT", "");
            rows.push(self.fact(&key, &dossier.facts, "risk", fact));
            rows.extend(self.again(at, &key, &mut dossier, vec![from]));
            self.dossiers.insert(key, dossier);
        }
        rows
    }

    fn change_lane(&mut self, at: i64) -> Vec<Draft> {
        let key = self.dice.one(self.recent.make_contiguous()).clone();
        let Some(mut dossier) = self.dossiers.get(&key).filter(|d| !d.queued).cloned() else { return Vec::new() };
        let to = if dossier.lane == Lane::Green { Lane::Red } else { Lane::Green };
        if to == Lane::Green && dossier.officer.is_empty() {
            return Vec::new();
        }
        let from = std::mem::replace(&mut dossier.lane, to);
        let mut rows = Vec::new();
        if to == Lane::Green {
            rows.push(self.close(&key, &dossier, "lane_changed"));
            (dossier.officer, dossier.form) = (String::new(), Form::None);
        } else {
            dossier.form = Form::of(to);
            dossier.points = self.sample.rules.weights().points(dossier.facts.lines.len(), dossier.form);
            dossier.round += 1;
            rows.extend(self.again(at, &key, &mut dossier, Vec::new()));
        }
        let changed = risk_event::Fact::LaneChanged(LaneChanged {
            key: key.clone(),
            version: dossier.version,
            from: lane_of(from),
            to: lane_of(to),
            form: form(dossier.form),
            reason: "INFORMATION".to_owned(),
            second_person: "chief".to_owned(),
            officer: dossier.officer.clone(),
        });
        rows.insert(0, self.fact(&key, &dossier.facts, "chief2", changed));
        self.dossiers.insert(key, dossier);
        rows
    }

    fn change_roster(&mut self, at: i64) -> Vec<Draft> {
        let mut officers = self.roster.officers().to_vec();
        let turn = self.dice.below(officers.len());
        officers.iter_mut().for_each(|o| o.suspended = false);
        if let Some(officer) = officers.get_mut(turn) {
            officer.suspended = self.dice.once_in(2);
            officer.leave.push((at, at + world::HOUR));
        }
        self.roster = Roster::new(officers, self.roster.supervisors().to_vec());
        let event = RiskEvent { fact: Some(risk_event::Fact::RosterSet(roster_row(&self.office, &self.roster))) };
        vec![Draft::fact(self.streams.0, &self.office, &self.office, "chief", event)]
    }

    fn stream(&self, facts: &Facts) -> u32 {
        if facts.class == "parcels" { self.streams.1 } else { self.streams.0 }
    }

    fn fact(&self, key: &str, facts: &Facts, actor: &str, fact: risk_event::Fact) -> Draft {
        Draft::fact(self.stream(facts), &self.office, key, actor, RiskEvent { fact: Some(fact) })
    }

    fn trace(&self, key: &str, facts: &Facts, fact: trace_event::Fact) -> Draft {
        Draft::trace(self.stream(facts), &self.office, key, TraceEvent { fact: Some(fact) })
    }
}

fn reassigned(key: &str, dossier: &Dossier, from: &str, to: &str, reason: &str, second: &str) -> risk_event::Fact {
    risk_event::Fact::Reassigned(Reassigned {
        key: key.to_owned(),
        version: dossier.version,
        from: from.to_owned(),
        to: to.to_owned(),
        reason: reason.to_owned(),
        second_person: second.to_owned(),
        points: dossier.points,
        drawn: to.is_empty(),
        round: dossier.round,
    })
}

fn outcome(choice: &Choice) -> (String, String) {
    match choice {
        Choice::Officer(code) => (code.clone(), String::new()),
        Choice::Queued(reason) => (String::new(), reason.clone()),
    }
}

fn salt(key: &str, version: u32, round: u32) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(format!("salt {key} {version} {round}")).into();
    std::array::from_fn(|i| digest[i])
}

const fn lane_of(lane: Lane) -> i32 {
    match lane {
        Lane::Green => 1,
        Lane::Yellow => 2,
        Lane::Red => 3,
    }
}
