//! A replay under way: one decision after the other, with what was carried from those before.
use std::collections::BTreeMap;

use chrono::Datelike;
use values::{Day, Direction, Lane};

use super::{FORMAT, ReplayFault, Replayed, World, worth::Scale};
use crate::{
    assign::Choice,
    days::month_start_us,
    draw::{DayKey, Draw, Urn},
    ledger::{DayCount, Ledger},
    pick::{Task, group, pick},
    select::{Given, Selection, select},
    trace::{Preferred, Trace},
};

pub(super) struct Course<'w, 't> {
    world: &'w World<'w>,
    offices: BTreeMap<&'t str, Office>,
    carried: BTreeMap<&'t str, Carried>,
    scale: Scale,
    replayed: Replayed,
}

/// An office on its open day.
struct Office {
    day: Day,
    key: Option<DayKey>,
    ledger: Ledger,
    /// Directions of which a decision was seen today.
    seen: [bool; 2],
    /// Who has the branches of a split set.
    groups: BTreeMap<String, String>,
}

/// What a version leaves to the next one.
struct Carried {
    draws: Vec<Draw>,
    recorded: Lane,
    replayed: Lane,
    officer: Option<String>,
}

impl<'w, 't> Course<'w, 't> {
    pub(super) fn new(world: &'w World<'w>) -> Self {
        let replayed = Replayed { format: FORMAT.to_owned(), ..Replayed::default() };
        Self { world, offices: BTreeMap::new(), carried: BTreeMap::new(), scale: Scale::default(), replayed }
    }

    pub(super) fn take(&mut self, trace: &'t Trace) -> Result<(), ReplayFault> {
        let day = self.open(trace)?;
        let mut draws = self.carried.get(trace.declaration.as_str()).map_or_else(|| trace.earlier.clone(), |c| c.draws.clone());
        let selection = self.select(trace, day, &standing(&draws, trace))?;
        let points = if selection.lane == Lane::Green { 0 } else { self.world.book.weights().points(trace.facts.lines.len(), selection.form) };
        let officer = self.assign(trace, &selection, points);
        self.count(trace, &selection, points);
        self.scale.add(trace, &selection, (self.world.known)(&trace.declaration, trace.version));
        draws.retain(|d| !selection.draws.iter().any(|s| s.purpose == d.purpose));
        draws.extend(selection.draws);
        self.carried.insert(&trace.declaration, Carried { draws, recorded: trace.selection.lane, replayed: selection.lane, officer });
        Ok(())
    }

    pub(super) fn end(self) -> Replayed {
        Replayed { worth: self.scale.end(), ..self.replayed }
    }

    /// Opens the office's day of a trace where it is not open yet.
    fn open(&mut self, trace: &'t Trace) -> Result<Day, ReplayFault> {
        let day: Day = trace.day.parse().map_err(|_| ReplayFault::Day { declaration: trace.declaration.clone(), day: trace.day.clone() })?;
        let world = self.world;
        let office = self.offices.entry(&trace.office).or_insert_with(|| {
            let loads = world.desks.get(&trace.office).map(|desk| desk.loads.clone()).unwrap_or_default();
            let ledger = Ledger::new(loads, DayCount::default(), DayCount::default());
            Office { day, key: (world.key)(&trace.office, day), ledger, seen: [false; 2], groups: BTreeMap::new() }
        });
        if day < office.day {
            return Err(ReplayFault::Order { office: trace.office.clone(), day });
        }
        if day > office.day {
            if (day.year(), day.month()) != (office.day.year(), office.day.month()) {
                office.ledger.new_month();
            }
            office.ledger.new_day();
            (office.day, office.key, office.seen) = (day, (world.key)(&trace.office, day), [false; 2]);
        }
        let direction = trace.facts.direction;
        let seen = &mut office.seen[usize::from(direction == Direction::Export)];
        if !*seen && trace.counters.decided > 0 {
            return Err(ReplayFault::NotFromTheStart { office: trace.office.clone(), day, direction });
        }
        *seen = true;
        Ok(day)
    }

    /// The lane of the version before under the other rules, unless an officer had changed it since.
    fn earlier_lane(&self, trace: &Trace) -> Option<Lane> {
        let recorded = trace.facts.history.earlier_lane;
        match self.carried.get(trace.declaration.as_str()) {
            Some(carried) if recorded == Some(carried.recorded) => Some(carried.replayed),
            _ => recorded,
        }
    }

    fn select(&mut self, trace: &Trace, day: Day, earlier: &[Draw]) -> Result<Selection, ReplayFault> {
        let (world, facts) = (self.world, &trace.facts);
        let earlier_lane = self.earlier_lane(trace);
        let hits = world.book.hits(facts, day);
        let capped: Vec<&str> = hits.iter().filter(|h| h.cap_per_day > 0).map(|h| h.profile).collect();
        let mut fruitless = Vec::new();
        for hit in hits.iter().filter(|h| h.spare_after > 0) {
            let recorded = trace.counters.fruitless.iter().find(|(id, _)| id == hit.profile);
            self.replayed.unknown_fruitless += u64::from(recorded.is_none());
            fruitless.push((hit.profile.to_owned(), recorded.map_or(0, |(_, n)| *n)));
        }
        let Some(office) = self.offices.get_mut(trace.office.as_str()) else { return Ok(trace.selection.clone()) };
        let counters = office.ledger.counters(facts.direction, &capped, fruitless);
        let scored = world.scorer.map(|scorer| scorer.score(facts));
        let no_key = DayKey::new([0; 32]);
        let key = office.key.as_ref().unwrap_or(&no_key);
        let selection = select(&Given {
            hits: &hits,
            scores: scored.as_deref().unwrap_or(&trace.scores),
            thresholds: world.book.thresholds(),
            rates: world.book.rates(&trace.office, facts.direction, day),
            counters: &counters,
            earlier_lane,
            earlier,
            urn: Urn { key, day, declaration: &trace.declaration, version: trace.version },
        });
        let drawn = |draw: &&Draw| !earlier.iter().any(|d| d.purpose == draw.purpose);
        if let (None, Some(new)) = (&office.key, selection.draws.iter().find(drawn)) {
            let (declaration, purpose) = (trace.declaration.clone(), new.purpose.clone());
            return Err(ReplayFault::NoKey { declaration, purpose, office: trace.office.clone(), day });
        }
        office.ledger.decided(facts.direction, &selection, &capped);
        Ok(selection)
    }

    /// The officer under the other rules: as recorded where there was one, else drawn; his load is counted.
    fn assign(&mut self, trace: &Trace, selection: &Selection, points: u32) -> Option<String> {
        if selection.lane == Lane::Green {
            return None;
        }
        let table = self.replayed.offices.entry(trace.office.clone()).or_default();
        let office = self.offices.get_mut(trace.office.as_str())?;
        let choice = match &trace.pick {
            Some(pick) => Some(pick.assignment.choice.clone()),
            None => self.carried.get(trace.declaration.as_str()).and_then(|c| c.officer.as_deref()).map_or_else(
                || draw_officer(self.world, office, trace, selection, None),
                |officer| draw_officer(self.world, office, trace, selection, Some((officer, "RETURNED"))),
            ),
        };
        match choice {
            Some(Choice::Officer(officer)) => {
                // Nothing is known of when checks ended, so open files stay as they were when the replay began.
                office.ledger.taken(&officer, points);
                office.ledger.concluded(&officer);
                let set = group(&trace.facts);
                if !set.is_empty() {
                    office.groups.insert(set.to_owned(), officer.clone());
                }
                table.officers.entry(officer.clone()).or_default().replayed.add(points);
                Some(officer)
            }
            Some(Choice::Queued(_)) => {
                table.queued.replayed.add(points);
                None
            }
            None => {
                table.unassigned.add(points);
                None
            }
        }
    }

    fn count(&mut self, trace: &Trace, selection: &Selection, points: u32) {
        let recorded = if trace.selection.lane == Lane::Green { 0 } else { trace.points };
        let (from, to) = ((trace.selection.lane, recorded), (selection.lane, points));
        self.replayed.decided += 1;
        self.replayed.same += u64::from(*selection == trace.selection);
        self.replayed.total.add(from, to);
        let office = self.replayed.offices.entry(trace.office.clone()).or_default();
        office.table.add(from, to);
        match trace.pick.as_ref().map(|p| &p.assignment.choice) {
            Some(Choice::Officer(code)) => office.officers.entry(code.clone()).or_default().recorded.add(recorded),
            Some(Choice::Queued(_)) => office.queued.recorded.add(recorded),
            None => {}
        }
    }
}

/// Draws that stand: those of earlier versions, and those of this one as they were recorded.
fn standing(earlier: &[Draw], trace: &Trace) -> Vec<Draw> {
    let own = trace.selection.draws.iter().filter(|d| d.version == trace.version && !earlier.iter().any(|e| e.purpose == d.purpose));
    earlier.iter().chain(own).cloned().collect()
}

fn draw_officer(world: &World<'_>, office: &Office, trace: &Trace, selection: &Selection, before: Option<(&str, &str)>) -> Option<Choice> {
    let (desk, key) = (world.desks.get(&trace.office)?, office.key.as_ref()?);
    let together = office.groups.get(group(&trace.facts)).map(|officer| (officer.as_str(), "TOGETHER"));
    let preferred =
        before.or(together).map(|(officer, how)| Preferred { officer: officer.to_owned(), how: how.to_owned(), from: trace.declaration.clone() });
    let task = Task {
        facts: &trace.facts,
        lane: selection.lane,
        round: 0,
        excluded: Vec::new(),
        preferred,
        default_cap: world.book.default_cap(),
        month_start_us: month_start_us(office.day),
        now_us: trace.now_us,
    };
    let urn = Urn { key, day: office.day, declaration: &trace.declaration, version: trace.version };
    Some(pick(&task, &desk.roster, &office.ledger, &urn).assignment.choice)
}
