//! What the monitor looks at: one concluded or assigned file after the other, its names turned into numbers.
use std::{collections::HashMap, ops::Range};

use crate::Chance;

/// One file that an officer got.
#[derive(Debug, Clone)]
pub struct Observed<'a> {
    /// Who got it.
    pub officer: &'a str,
    pub declarant: &'a str,
    pub trader: &'a str,
    /// Hour of the assignment at the office, 0 to 23.
    pub hour: u8,
    /// Day of the assignment at the office, days since 1970.
    pub day: i32,
    /// Everyone who could have got it under the rule, with his or her chance ([`crate::Assignment::chances`]).
    pub candidates: Vec<(&'a str, Chance)>,
    /// From assignment to conclusion.
    pub minutes_to_conclude: Option<u32>,
    /// Whether the check found something.
    pub found: Option<bool>,
    /// False: a person chose the officer. The chances given stay those of the rule, so that steering by override shows.
    pub automatic: bool,
}

/// All files of a period.
#[derive(Debug, Clone, Default)]
pub struct Files {
    pub(super) officers: Names,
    pub(super) declarants: Names,
    pub(super) traders: Names,
    pub(super) files: Vec<File>,
    /// (officer, number of the chance) of the candidates of all files.
    odds: Vec<(u32, u32)>,
    /// The different chances with the number of candidates: few, because they are fractions of n·(n-1).
    chances: Vec<(f64, usize)>,
    numbers: HashMap<(Chance, usize), u32>,
    /// Files that an officer got without being a candidate, by number.
    strangers: Vec<u32>,
    pub(super) days: Option<(i32, i32)>,
}

#[derive(Debug, Clone)]
pub(super) struct File {
    pub officer: usize,
    pub declarant: usize,
    pub trader: usize,
    pub hour: usize,
    pub minutes: Option<u32>,
    pub found: Option<bool>,
    pub automatic: bool,
    odds: Range<usize>,
}

impl Files {
    /// Adds a file. An hour above 23 counts as 23.
    pub fn push(&mut self, seen: &Observed<'_>) {
        let start = self.odds.len();
        let officer = self.officers.number(seen.officer);
        let drawn = seen.candidates.iter().any(|(candidate, _)| *candidate == seen.officer);
        if drawn {
            for (candidate, chance) in &seen.candidates {
                self.give(candidate, *chance, seen.candidates.len());
            }
        } else {
            self.strangers.resize(self.strangers.len().max(officer + 1), 0);
            self.strangers[officer] += 1;
        }
        self.days = Some(self.days.map_or((seen.day, seen.day), |(from, to)| (from.min(seen.day), to.max(seen.day))));
        self.files.push(File {
            officer,
            declarant: self.declarants.number(seen.declarant),
            trader: self.traders.number(seen.trader),
            hour: usize::from(seen.hour.min(23)),
            minutes: seen.minutes_to_conclude,
            found: seen.found,
            automatic: seen.automatic,
            odds: start..self.odds.len(),
        });
    }

    fn give(&mut self, officer: &str, chance: Chance, among: usize) {
        let officer = self.officers.number(officer);
        let next = u32::try_from(self.chances.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry((chance, among)).or_insert(next);
        if number == next {
            self.chances.push((chance.value().clamp(0.0, 1.0), among));
        }
        self.odds.push((u32::try_from(officer).unwrap_or(u32::MAX), number));
    }

    /// Files that a person gave to an officer.
    pub fn overrides(&self) -> usize {
        self.files.iter().filter(|f| !f.automatic).count()
    }

    /// The chance behind each number, if overrides are honest: as many as there are in all, falling on any file and any candidate alike.
    ///
    /// The rule alone gives the heaviest candidate no chance at all; then a single honest override would be an impossibility, not an accident.
    #[expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]
    pub(super) fn predicted(&self) -> Vec<f64> {
        let drawn = self.files.iter().filter(|f| !f.odds.is_empty());
        let (by_hand, all) = drawn.fold((0_u32, 0_u32), |(by_hand, all), file| (by_hand + u32::from(!file.automatic), all + 1));
        let by_hand = f64::from(by_hand) / f64::from(all.max(1));
        self.chances.iter().map(|(chance, among)| (1.0 - by_hand) * chance + by_hand / *among as f64).collect()
    }

    /// Files that the officer got without being a candidate.
    pub(super) fn strange(&self, officer: usize) -> u32 {
        self.strangers.get(officer).copied().unwrap_or(0)
    }

    /// (officer, number of the chance) of the candidates of a file; none if somebody else got it.
    pub(super) fn odds(&self, file: &File) -> &[(u32, u32)] {
        &self.odds[file.odds.clone()]
    }

    /// Files of each counterpart, in their order.
    pub(super) fn by(&self, counterpart: impl Fn(&File) -> usize) -> Vec<Vec<&File>> {
        let mut groups: Vec<Vec<&File>> = Vec::new();
        for file in &self.files {
            let number = counterpart(file);
            if number >= groups.len() {
                groups.resize(number + 1, Vec::new());
            }
            groups[number].push(file);
        }
        groups
    }
}

impl<'a> FromIterator<&'a Observed<'a>> for Files {
    fn from_iter<I: IntoIterator<Item = &'a Observed<'a>>>(seen: I) -> Self {
        let mut files = Self::default();
        seen.into_iter().for_each(|one| files.push(one));
        files
    }
}

/// Names and their numbers in order of appearance; the map is only looked up, never walked.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.numbers.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    pub fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
}
