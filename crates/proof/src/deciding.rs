//! What only an auditor can check: the public rows against their traces, the traces against what was decided before.
use contracts::risk::{Assigned, Decided, risk_event};
use risk_domain::{Form, Mismatch, PickTrace, What, published, retake_pick};
use values::Lane;

use crate::{
    assigning::read,
    auditing::Outcome,
    file::{File, lane},
    findings::Findings,
    format::Kind,
    item::{Fact, Item},
    office::{Office, Stage},
    report::Check,
};

impl Office {
    pub fn decided(&mut self, item: &Item, fact: &Decided, facts: &[&Item], evidence: &[&Item], used: &mut [bool], findings: &mut Findings) {
        if fact.day == self.date && self.stage != Stage::Open {
            findings.add(item, Check::Day, "a decision of this day outside of it");
        }
        if !self.in_day(item, findings) {
            return;
        }
        if fact.day != self.date {
            findings.add(item, Check::Day, format!("decided for {}", fact.day));
        }
        let before = self.files.get(&item.subject).cloned();
        self.begun(item, Some(fact.version), findings);
        if self.kind == Kind::Public {
            return;
        }
        let file = self.files.entry(item.subject.clone()).or_default();
        (file.lane, file.points, file.drawn) = (lane(fact.lane), Some(fact.points), Vec::new());
        let found = evidence.iter().zip(0..).find_map(|(e, index)| match &e.fact {
            Fact::Traced(t) if t.key == fact.key && t.version == fact.version && !used[index] => Some((t, index)),
            _ => None,
        });
        let Some((traced, index)) = found else {
            findings.add(item, Check::Missing, "a decision without its trace");
            return;
        };
        used[index] = true;
        if traced.digest.as_slice() != fact.trace_digest {
            findings.add(item, Check::TraceDigest, "the trace is not the one that the decision names");
        }
        let outcome = match &traced.outcome {
            Ok(outcome) => outcome,
            Err(what) => return findings.add(evidence[index], Check::Trace, what.clone()),
        };
        self.retaken(evidence[index], outcome, findings);
        told(item, fact, outcome, findings);
        self.course(evidence[index], outcome, before.as_ref(), findings);
        if let Some(row) = first_assigned(facts, fact)
            && row.group != outcome.group
        {
            findings.add(item, Check::Trace, "the assignment names another group than the facts");
        }
        let assigned = facts.iter().any(|f| f.name == "Assigned" && f.subject == item.subject);
        if assigned != (outcome.selection.lane > Lane::Green) {
            let text = if assigned { "assigned on the green lane" } else { "off the green lane without an assignment" };
            findings.add(item, Check::Missing, text);
        }
    }

    /// What did not come out the same.
    fn retaken(&self, at: &Item, outcome: &Outcome, findings: &mut Findings) {
        if let Some(unread) = &outcome.unread {
            findings.add(at, Check::Rules, unread.clone());
        } else {
            findings.count("retaken", 1);
        }
        outcome.mismatches.iter().for_each(|m| findings.add(at, check(m), m.to_string()));
        let trace = outcome;
        if (trace.rules.as_str(), trace.model.as_str()) != (self.rules.as_str(), self.model.as_str()) {
            findings.add(at, Check::Rules, "the trace names other rules or another model than are in force");
        }
        if trace.day != self.date || trace.now_us != at.at {
            findings.add(at, Check::Trace, format!("the trace is of {} at {}", trace.day, trace.now_us));
        }
    }

    /// Counters, earlier draws and earlier lane follow from the decisions before; this one is counted.
    fn course(&mut self, at: &Item, outcome: &Outcome, before: Option<&File>, findings: &mut Findings) {
        let capped: Vec<&str> = outcome.counters.hits.iter().map(|(id, _)| id.as_str()).collect();
        let due = self.ledger.counters(outcome.direction, &capped, outcome.counters.fruitless.clone());
        if due != outcome.counters {
            findings.add(at, Check::Counters, format!("traced {:?}, decided before {due:?}", outcome.counters));
        }
        self.ledger.decided(outcome.direction, &outcome.selection, &capped);
        match before {
            None if outcome.version == 0 && (!outcome.earlier.is_empty() || outcome.earlier_lane.is_some()) => {
                findings.add(at, Check::Draw, "a first version keeps draws or a lane of earlier ones");
            }
            Some(before) if before.version.is_some() => {
                if outcome.earlier.len() != before.drawn.len() || !before.drawn.iter().all(|d| outcome.earlier.contains(d)) {
                    findings.add(at, Check::Draw, "the draws of the version before are not those that are kept");
                }
                if outcome.earlier_lane != before.lane {
                    findings.add(at, Check::Lane, format!("the lane before was {:?}", before.lane));
                }
            }
            _ => {}
        }
        if let Some(file) = self.files.get_mut(&at.subject) {
            file.drawn.clone_from(&outcome.drawn);
        }
    }

    /// An assignment against its trace, and the trace against roster and loads; true when the row shows what came out again.
    pub fn traced_pick(&mut self, item: &Item, fact: &Assigned, evidence: &[&Item], used: &mut [bool], findings: &mut Findings) -> bool {
        if self.kind == Kind::Public {
            return false;
        }
        let found = evidence.iter().zip(0..).find_map(|(e, index)| match &e.fact {
            Fact::Traced(t) if fact.round == 0 && t.key == fact.key && t.version == fact.version => {
                let pick = t.outcome.as_ref().ok().and_then(|o| o.pick.as_ref());
                Some((index, t.digest, pick.ok_or_else(|| "the trace has no assignment".to_owned())))
            }
            Fact::Picked(p) if fact.round > 0 && (&p.key, p.version, p.round) == (&fact.key, fact.version, fact.round) && !used[index] => {
                Some((index, p.digest, p.trace.as_ref().map_err(Clone::clone)))
            }
            _ => None,
        });
        let Some((index, digest, pick)) = found else {
            findings.add(item, Check::Missing, "an assignment without its trace");
            return false;
        };
        used[index] = true;
        if digest.as_slice() != fact.trace_digest {
            findings.add(item, Check::TraceDigest, "the trace is not the one that the assignment names");
        }
        let pick = match pick {
            Ok(pick) => pick,
            Err(what) => {
                findings.add(evidence[index], Check::Trace, what);
                return false;
            }
        };
        self.asked(evidence[index], fact, pick, findings);
        let shown = self.shown(item, fact, pick, findings);
        let again = retake_pick(pick, &self.roster, &self.ledger, &self.key);
        again.iter().for_each(|m| findings.add(evidence[index], check(m), m.to_string()));
        // Asked for another round, time or place, the trace says nothing of what everybody sees.
        let of_row = (pick.day.as_str(), pick.now_us, pick.default_cap, &pick.declaration)
            == (self.date.as_str(), item.at, self.default_cap, &fact.key)
            && (pick.version, pick.round) == (fact.version, fact.round);
        shown && of_row && again.is_empty()
    }

    /// What the pick was asked is what the rows say.
    fn asked(&self, at: &Item, fact: &Assigned, pick: &PickTrace, findings: &mut Findings) {
        let place = (pick.office.as_str(), pick.day.as_str(), pick.now_us, pick.declaration.as_str(), pick.version, pick.round);
        let due = (self.name.as_str(), self.date.as_str(), at.at, fact.key.as_str(), fact.version, fact.round);
        if place != due {
            findings.add(at, Check::Trace, format!("the trace is of {place:?}, the row of {due:?}"));
        }
        if pick.roster != self.roster_digest {
            findings.add(at, Check::Roster, "the trace names another roster than the one that is set");
        }
        if pick.default_cap != self.default_cap {
            findings.add(at, Check::Rules, format!("the cap is {}, not {}", self.default_cap, pick.default_cap));
        }
        let file = self.files.get(&at.subject);
        if file.and_then(|f| f.lane).is_some_and(|lane| pick.supervised != risk_domain::supervised(lane)) {
            findings.add(at, Check::Supervisor, "supervised on another lane than the red one, or not on the red one");
        }
        let drawing = file.and_then(|f| f.drawing.as_ref()).map(|(_, from)| from);
        if drawing.is_none() && !pick.excluded.is_empty() || drawing.is_some_and(|from| !from.is_empty() && !pick.excluded.contains(from)) {
            findings.add(at, Check::Candidates, format!("{:?} are excluded, the file comes from {drawing:?}", pick.excluded));
        }
        let Some(preferred) = &pick.preferred else { return };
        let due = match preferred.how.as_str() {
            "RETURNED" => file.and_then(|f| f.closed.as_ref()).map(|(officer, _)| officer),
            _ => self.groups.get(&fact.group),
        };
        if due.is_some_and(|due| *due != preferred.officer) || due.is_none() && preferred.how == "RETURNED" {
            findings.add(at, Check::Officer, format!("{} is preferred, it was {due:?}'s", preferred.officer));
        }
    }

    /// The public row shows what the trace says.
    fn shown(&self, item: &Item, fact: &Assigned, pick: &PickTrace, findings: &mut Findings) -> bool {
        let (officer, reason) = match &pick.assignment.choice {
            risk_domain::Choice::Officer(code) => (code.as_str(), ""),
            risk_domain::Choice::Queued(reason) => ("", reason.as_str()),
        };
        let from = pick.preferred.as_ref().filter(|p| p.how == pick.how).map_or("", |p| p.from.as_str());
        let draws = pick.assignment.draws.iter().chain(&pick.supervisor_draw);
        let left_out = published(pick, &self.roster);
        let named = fact.left_out.iter().map(|l| (l.code.as_str(), l.reason.as_str()));
        let same = (fact.officer.as_str(), fact.queue_reason.as_str()) == (officer, reason)
            && (fact.how.as_str(), fact.list.as_str()) == (pick.how.as_str(), pick.list.as_str())
            && (fact.supervisor.as_str(), fact.from.as_str()) == (pick.supervisor.as_str(), from)
            && fact.draws.iter().map(read).eq(draws.cloned())
            && named.eq(left_out.iter().map(|l| (l.code.as_str(), l.reason.as_str())));
        if !same {
            findings.add(item, Check::Trace, "the row does not show what its trace says");
        }
        same
    }
}

/// The first assignment of the version that was decided.
fn first_assigned<'a>(facts: &[&'a Item], fact: &Decided) -> Option<&'a Assigned> {
    facts.iter().find_map(|item| match &item.fact {
        Fact::Risk(arm) => match arm.as_ref() {
            risk_event::Fact::Assigned(a) if a.key == fact.key && a.round == 0 => Some(a),
            _ => None,
        },
        _ => None,
    })
}

/// The decision's row tells what its trace says.
fn told(item: &Item, fact: &Decided, trace: &Outcome, findings: &mut Findings) {
    let selection = &trace.selection;
    let (officer, reason) = match trace.pick.as_ref().map(|p| &p.assignment.choice) {
        Some(risk_domain::Choice::Officer(code)) => (code.as_str(), ""),
        Some(risk_domain::Choice::Queued(reason)) => ("", reason.as_str()),
        None => ("", ""),
    };
    let differs = [
        ("declaration", fact.key != trace.declaration || fact.version != trace.version),
        ("lane", lane(fact.lane) != Some(selection.lane)),
        ("form", fact.form != form(selection.form)),
        ("ground", fact.legal_ground != selection.ground),
        ("score", fact.score != selection.score),
        ("day", fact.day != trace.day),
        ("officer", fact.officer != officer || fact.queue_reason != reason),
        ("points", fact.points != trace.points),
        ("rules", hex::encode(&fact.rules) != trace.rules),
    ];
    for (what, _) in differs.iter().filter(|(_, differs)| *differs) {
        findings.add(item, Check::Trace, format!("{what}: the row does not tell what its trace says"));
    }
}

/// Form of examination on the wire.
pub fn form(form: Form) -> i32 {
    match form {
        Form::None => 0,
        Form::Documents => 1,
        Form::Scanner => 2,
        Form::Direct => 3,
        Form::Laboratory => 4,
    }
}

fn check(mismatch: &Mismatch) -> Check {
    match mismatch.what {
        What::Rules | What::Model | What::DefaultCap => Check::Rules,
        What::Scores => Check::Score,
        What::Lane | What::Form | What::Ground | What::Score | What::By | What::Matched | What::Random | What::Propensity => Check::Lane,
        What::Draws | What::EarlierDraws | What::AssignmentDraws | What::SupervisorDraw => Check::Draw,
        What::CountedProfiles => Check::Counters,
        What::Points => Check::Points,
        What::Roster => Check::Roster,
        What::Candidates | What::LeftOut => Check::Candidates,
        What::Officer | What::How => Check::Officer,
        What::Supervisors | What::Supervisor | What::Supervised => Check::Supervisor,
        What::Office | What::Day | What::Declaration | What::Version | What::Round | What::List | What::Demand => Check::Trace,
        What::PickMissing | What::PickNeedless => Check::Trace,
    }
}
