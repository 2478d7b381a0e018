//! The day itself: committed to, opened, closed, its key revealed, and the loads handed to the next.
use contracts::risk::{DayClosed, DayCommitted, DayKeyRevealed, DayOpened, RosterSet, RulesInForce};
use risk_domain::{DayCount, DayKey, Ledger, Load, commitment, month_start_us};
use values::{Day, start_of};

use crate::{
    chain::Streams,
    findings::Findings,
    format::digest,
    item::Item,
    office::{Committed, Office, Stage},
    report::Check,
    roster::roster_of,
};

impl Office {
    pub fn committed(&mut self, item: &Item, fact: &DayCommitted) {
        if fact.date == self.date {
            let first = self.rows == 0;
            self.committed.push(Committed { commitment: fact.commitment.clone(), at: item.at, t: item.t, s: item.s, p: item.p, first });
        }
    }

    pub fn opened(&mut self, item: &Item, fact: &DayOpened, findings: &mut Findings) {
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
        match local {
            Some(local) if local == self.day => {}
            // The day before was closed early: what followed belongs to the next date.
            Some(local) if local < self.day => findings.note(format!("{}: opened on {local}, before its date", self.name)),
            _ => findings.add(item, Check::Day, format!("opened on {local:?}")),
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
    pub fn check_commitment(&mut self, item: &Item, fact: &DayOpened, findings: &mut Findings) {
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

    pub fn check_inputs(&mut self, item: &Item, fact: &DayOpened, findings: &mut Findings) {
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
    pub fn check_balances(&mut self, item: &Item, fact: &DayOpened, date: Day, findings: &mut Findings) {
        if month_start_us(date) != self.month_start_us {
            self.ledger.new_month();
        }
        let carried: Vec<(&str, Load)> = self.ledger.balances().collect();
        let handed = fact.balances.iter().map(|b| (b.officer.as_str(), Load { points: b.points, open_files: b.open_files }));
        if self.given.is_some() && !handed.eq(carried.iter().copied()) {
            findings.add(item, Check::Points, "the next day does not begin with the loads that this one ended with");
        }
        findings.count("days_handed_on", 1);
    }

    pub fn closed(&mut self, item: &Item, fact: &DayClosed, findings: &mut Findings) {
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
        if self.given.is_some() && fact.decisions != self.decisions {
            findings.add(item, Check::Count, format!("closed with {} decisions, {} are in the file", fact.decisions, self.decisions));
        }
    }

    pub fn revealed(&mut self, item: &Item, fact: &DayKeyRevealed, findings: &mut Findings) {
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

    pub fn roster_set(&mut self, item: &Item, fact: &RosterSet, findings: &mut Findings) {
        self.roster = roster_of(fact);
        let made = self.roster.digest();
        if made.as_slice() != fact.digest {
            findings.add(item, Check::Roster, "the roster does not have the digest that is named");
        }
        self.roster_digest = hex::encode(made);
    }

    pub fn rules_in_force(&mut self, fact: &RulesInForce) {
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
        if self.given.is_none() {
            findings.office(&self.name, Check::Key, "the header has no key for this office: nothing of its day was taken again");
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

/// Local midnight, in microseconds since 1970.
fn day_start_us(day: Day) -> i64 {
    start_of(day).timestamp_micros()
}
