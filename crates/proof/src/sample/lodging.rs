//! Declarations and amendments are decided.
use contracts::risk::{Decided, Traced, risk_event, trace_event};
use risk_domain::{Counters, Facts, Given, LineScore, Preferred, RuleBook as _, Scorer as _, Trace, Urn, digest, group, select};
use values::Lane;

use super::{
    desk::{Desk, Dossier, lane_of, outcome, salt},
    journal::Draft,
    world,
};
use crate::deciding::form;

impl Desk<'_> {
    pub fn lodge(&mut self, at: i64) -> Vec<Draft> {
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

    pub fn amend(&mut self, at: i64) -> Vec<Draft> {
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

    pub fn decide(&mut self, at: i64, key: &str, version: u32, facts: Facts, preferred: Option<Preferred>) -> Vec<Draft> {
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

    pub fn together(&self, facts: &Facts, key: &str) -> Option<Preferred> {
        let officer = self.groups.get(group(facts)).filter(|_| !group(facts).is_empty())?;
        let from = if group(facts) == key { key.to_owned() } else { group(facts).to_owned() };
        Some(Preferred { officer: officer.clone(), how: "TOGETHER".to_owned(), from })
    }
}
