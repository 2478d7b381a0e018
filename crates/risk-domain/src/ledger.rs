//! What an office's decisions of a day and its officers' files add up to: kept by `risk` as it decides, kept again by whoever verifies.
use std::collections::BTreeMap;

use values::{Direction, Lane};

use crate::{
    assign::Load,
    select::{Counters, MatchOutcome, Selection},
};

/// Loads of the officers this month, and counters of the open day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    loads: BTreeMap<String, Load>,
    days: [DayCount; 2],
}

/// One direction of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DayCount {
    pub decided: u32,
    pub yellow: u32,
    pub red: u32,
    pub scans: u32,
    /// Hits of the profiles that have a cap.
    pub hits: BTreeMap<String, u32>,
}

impl Ledger {
    /// From what was stored: loads and counts of import and export.
    pub fn new(loads: impl IntoIterator<Item = (String, Load)>, import: DayCount, export: DayCount) -> Self {
        Self { loads: loads.into_iter().collect(), days: [import, export] }
    }

    /// What an officer carries.
    pub fn load(&self, officer: &str) -> Load {
        self.loads.get(officer).copied().unwrap_or_default()
    }

    /// Everybody who carries something, by code.
    pub fn balances(&self) -> impl Iterator<Item = (&str, Load)> {
        self.loads.iter().filter(|(_, load)| **load != Load::default()).map(|(code, load)| (code.as_str(), *load))
    }

    /// Whose load is not what it was.
    pub fn changed<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = (&'a str, Load)> {
        self.loads.iter().filter(|(code, load)| before.load(code) != **load).map(|(code, load)| (code.as_str(), *load))
    }

    /// A file with its points goes to an officer.
    pub fn taken(&mut self, officer: &str, points: u32) {
        let load = self.loads.entry(officer.to_owned()).or_default();
        load.points = load.points.saturating_add(u64::from(points));
        load.open_files = load.open_files.saturating_add(1);
    }

    /// An officer gives a file up before its check ended: the points go with it.
    pub fn released(&mut self, officer: &str, points: u32) {
        let load = self.loads.entry(officer.to_owned()).or_default();
        load.points = load.points.saturating_sub(u64::from(points));
        load.open_files = load.open_files.saturating_sub(1);
    }

    /// A check ended: the points stay.
    pub fn concluded(&mut self, officer: &str) {
        let load = self.loads.entry(officer.to_owned()).or_default();
        load.open_files = load.open_files.saturating_sub(1);
    }

    /// A declaration was decided. `capped` are the profiles whose hits are counted.
    pub fn decided(&mut self, direction: Direction, selection: &Selection, capped: &[&str]) {
        let day = &mut self.days[index(direction)];
        day.decided += 1;
        day.yellow += u32::from(selection.lane == Lane::Yellow);
        day.red += u32::from(selection.lane == Lane::Red);
        day.scans += u32::from(selection.by == "random:scan");
        for hit in selection.matched.iter().filter(|m| m.outcome == MatchOutcome::Selected && capped.contains(&m.profile.as_str())) {
            *day.hits.entry(hit.profile.clone()).or_default() += 1;
        }
    }

    /// Counters as a decision sees them: the day's, with the hits of the `capped` profiles and the trader's fruitless checks.
    pub fn counters(&self, direction: Direction, capped: &[&str], fruitless: Vec<(String, u32)>) -> Counters {
        let day = self.day(direction);
        let hits = capped.iter().map(|id| ((*id).to_owned(), day.hits.get(*id).copied().unwrap_or(0))).collect();
        Counters { decided: day.decided, yellow: day.yellow, red: day.red, scans: day.scans, hits, fruitless }
    }

    pub fn day(&self, direction: Direction) -> &DayCount {
        &self.days[index(direction)]
    }

    /// A day begins with nothing decided.
    pub fn new_day(&mut self) {
        self.days = Default::default();
    }

    /// A month begins with no points; open files stay.
    pub fn new_month(&mut self) {
        self.loads.values_mut().for_each(|load| load.points = 0);
    }
}

const fn index(direction: Direction) -> usize {
    match direction {
        Direction::Import => 0,
        Direction::Export => 1,
    }
}
