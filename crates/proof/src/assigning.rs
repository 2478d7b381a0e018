//! Every assignment, as far as everybody can take it again.
use contracts::risk::{Assigned, Draw as Drawn};
use risk_domain::{Choice, Draw, LeftOut, Published, Urn};

use crate::{file::Holder, findings::Findings, item::Item, office::Office, report::Check};

/// How a row says that its file came to its officer, beside drawing.
const KEPT: [&str; 2] = ["RETURNED", "TOGETHER"];

impl Office {
    pub fn assigned(&mut self, item: &Item, fact: &Assigned, facts: &[&Item], evidence: &[&Item], used: &mut [bool], findings: &mut Findings) {
        findings.count("assignments", 1);
        findings.count("draws", fact.draws.len() as u64);
        if fact.day != self.date {
            findings.add(item, Check::Day, format!("drawn for {}", fact.day));
        }
        self.round(item, fact, facts, findings);
        let left_out: Vec<LeftOut> = fact.left_out.iter().map(|l| LeftOut { code: l.code.clone(), reason: l.reason.clone() }).collect();
        let published = Published {
            left_out: &left_out,
            list: &fact.list,
            default_cap: self.default_cap,
            month_start_us: self.month_start_us,
            now_us: item.at,
            round: fact.round,
        };
        self.excluded(item, fact, findings);
        let taken_again = self.traced_pick(item, fact, evidence, used, findings);
        self.drawn(item, fact, &published, taken_again, findings);
        let file = self.files.entry(item.subject.clone()).or_default();
        if matches!(file.holder, Holder::Officer(_)) {
            findings.add(item, Check::Holder, "the file has an officer already");
        }
        if file.points.is_some_and(|p| p != fact.points) {
            findings.add(item, Check::Points, format!("the file has {:?} points, not {}", file.points, fact.points));
        }
        if file.version.is_some_and(|v| v != fact.version) {
            findings.add(item, Check::Row, format!("version {} is not the one that was decided", fact.version));
        }
        (file.round, file.points, file.version, file.drawing) = (Some(fact.round), Some(fact.points), Some(fact.version), None);
        file.holder = if fact.officer.is_empty() { Holder::Queued } else { Holder::Officer(fact.officer.clone()) };
        if !fact.officer.is_empty() {
            self.ledger.taken(&fact.officer, fact.points);
            if !fact.group.is_empty() {
                self.groups.insert(fact.group.clone(), fact.officer.clone());
            }
        }
    }

    /// Rounds follow each other without a gap: nobody tries rounds until one pleases.
    fn round(&mut self, item: &Item, fact: &Assigned, facts: &[&Item], findings: &mut Findings) {
        let empty = Default::default();
        let file = self.files.get(&item.subject).unwrap_or(&empty);
        let possible = match (&file.drawing, file.round, file.decided_at) {
            (Some((round, _)), _, _) => fact.round == *round,
            (None, Some(last), _) => fact.round == last + 1,
            (None, None, Some(at)) if at == item.at => fact.round == 0,
            // Off the green lane by an officer's word: the first assignment of a version that was decided without one.
            (None, None, Some(_)) => fact.round == 1 && facts.iter().any(|f| f.name == "LaneChanged" && f.subject == item.subject),
            (None, None, None) => fact.round > 0,
        };
        if !possible {
            findings.add(item, Check::Round, format!("round {} follows {:?}", fact.round, file.round));
        }
    }

    /// Only a reassignment excludes.
    fn excluded(&mut self, item: &Item, fact: &Assigned, findings: &mut Findings) {
        let drawing = self.files.get(&item.subject).and_then(|f| f.drawing.as_ref());
        if drawing.is_none() && fact.left_out.iter().any(|l| l.reason == "EXCLUDED") {
            findings.add(item, Check::Candidates, "somebody is excluded and nothing was reassigned");
        }
    }

    fn drawn(&mut self, item: &Item, fact: &Assigned, published: &Published<'_>, taken_again: bool, findings: &mut Findings) {
        let key = self.key.clone();
        let urn = Urn { key: &key, day: self.day, declaration: &fact.key, version: fact.version };
        let mut draws = Vec::new();
        if KEPT.contains(&fact.how.as_str()) {
            self.kept(item, fact, published, findings);
        } else {
            self.must_return(item, fact, published, findings);
        }
        // From the trace came the same row: the public could only find the same again.
        if taken_again {
            return;
        }
        if !KEPT.contains(&fact.how.as_str()) {
            let (assignment, against) = published.assign(&self.roster, &self.ledger, &urn);
            against.into_iter().for_each(|what| findings.add(item, Check::Candidates, what));
            let (officer, reason, how) = match (&assignment.choice, assignment.candidates.len()) {
                (Choice::Queued(reason), _) => ("", reason.as_str(), "QUEUED"),
                (Choice::Officer(code), 1) => (code.as_str(), "", "ONLY"),
                (Choice::Officer(code), _) => (code.as_str(), "", "DRAWN"),
            };
            if (fact.officer.as_str(), fact.queue_reason.as_str(), fact.how.as_str()) != (officer, reason, how) {
                let text = format!("{} {}{} in the row, {how} {officer}{reason} by the draws", fact.how, fact.officer, fact.queue_reason);
                findings.add(item, Check::Officer, text);
            }
            draws = assignment.draws;
        }
        let supervising = !fact.supervisor.is_empty() || fact.draws.iter().any(|d| d.purpose.starts_with("supervise"));
        if supervising {
            let (supervisor, draw) = published.supervisor(&self.roster, &urn);
            if supervisor != fact.supervisor {
                findings.add(item, Check::Supervisor, format!("{} in the row, {supervisor} by the draw", fact.supervisor));
            }
            draws.extend(draw);
        }
        if !fact.draws.iter().map(read).eq(draws.iter().cloned()) {
            findings.add(item, Check::Draw, "the draws in the row are not those of the day's key");
        }
    }

    /// The officer who had it before, or who has another file of the group.
    fn kept(&mut self, item: &Item, fact: &Assigned, published: &Published<'_>, findings: &mut Findings) {
        let file = self.files.get(&item.subject);
        let due = if fact.how == "RETURNED" {
            file.and_then(|f| f.closed.as_ref()).map(|(officer, _)| officer.clone())
        } else {
            self.groups.get(&fact.group).cloned()
        };
        match due {
            Some(due) if due != fact.officer => findings.add(item, Check::Officer, format!("{} to {}, but it was {due}'s", fact.how, fact.officer)),
            Some(_) => {}
            None if fact.how == "RETURNED" => findings.add(item, Check::Officer, "returned, but nobody gave it up"),
            None if fact.group.is_empty() => findings.add(item, Check::Officer, "together with a group that is not named"),
            None => findings.count("groups_of_earlier_days", 1),
        }
        if fact.from.is_empty() {
            findings.add(item, Check::Row, "the declaration whose officer takes it is not named");
        }
        match self.roster.officer(&fact.officer) {
            Some(officer) if published.keeps(officer) => {}
            _ => findings.add(item, Check::Officer, format!("{} is not there to take it", fact.officer)),
        }
        if !fact.queue_reason.is_empty() {
            findings.add(item, Check::Row, "assigned and queued");
        }
    }

    /// An amendment goes to whoever had the version before, unless something that everybody can see, or that the row names, is against it.
    fn must_return(&mut self, item: &Item, fact: &Assigned, published: &Published<'_>, findings: &mut Findings) {
        let closed = self.files.get(&item.subject).and_then(|f| f.closed.as_ref()).filter(|(officer, at)| *at == item.at && !officer.is_empty());
        let Some((code, _)) = closed.filter(|_| fact.round == 0) else { return };
        let Some(officer) = self.roster.officer(code) else { return };
        // Somebody who is off shift or left out for list, skill or place may be in conflict as well: only the trace tells.
        let visible = officer.on_shift(item.at) && published.named(code).is_none();
        if visible && published.keeps(officer) {
            let text = format!("an amendment returns to {code}, who is there");
            findings.add(item, Check::Officer, text);
        }
    }
}

/// A draw from the wire.
pub fn read(draw: &Drawn) -> Draw {
    Draw { purpose: draw.purpose.clone(), version: draw.version, counter: draw.counter, value: draw.value.to_string(), day: draw.day.clone() }
}
