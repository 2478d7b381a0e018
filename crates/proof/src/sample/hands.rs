//! Files are concluded, handed on, taken from the queue, and change lanes.
use contracts::risk::{Concluded, LaneChanged, Reassigned, RiskEvent, risk_event};
use risk_domain::{Form, Roster, RuleBook as _};
use values::Lane;

use super::{
    desk::{Desk, Dossier, lane_of},
    journal::Draft,
    world,
};
use crate::{deciding::form, roster::roster_row};

impl Desk<'_> {
    pub fn drain(&mut self, at: i64) -> Vec<Draft> {
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

    pub fn conclude(&mut self, _: i64) -> Vec<Draft> {
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

    pub fn reassign(&mut self, at: i64) -> Vec<Draft> {
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
    pub fn hand_over(&mut self, at: i64) -> Vec<Draft> {
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

    pub fn change_lane(&mut self, at: i64) -> Vec<Draft> {
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

    pub fn change_roster(&mut self, at: i64) -> Vec<Draft> {
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
