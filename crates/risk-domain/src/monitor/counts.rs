//! How often an officer got the files of a counterpart, against the sum of the chances that the draws gave.
#![expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]

use super::{
    Kind, Pair,
    observed::{File, Files},
    report::Settings,
    tail::{surely_above, upper_tail},
};

/// All pairs of a kind whose counterpart has files enough; each with the exact upper tail unless that is certainly above the level.
pub(super) fn pairs(files: &Files, kind: Kind, settings: &Settings) -> Vec<Pair> {
    let counterpart = |file: &File| match kind {
        Kind::Trader => file.trader,
        Kind::Hour => file.hour,
        _ => file.declarant,
    };
    let predicted = files.predicted();
    let mut tallies = vec![Tally::default(); files.officers.len()];
    let mut found = Vec::new();
    for (number, group) in files.by(counterpart).into_iter().enumerate() {
        if group.len() < settings.least_files as usize {
            continue;
        }
        let share = group.len() as f64 / files.files.len() as f64;
        for file in group {
            for &(officer, chance) in files.odds(file) {
                tallies[officer as usize].expect(chance, predicted[chance as usize]);
            }
            tallies[file.officer].observed += 1;
            tallies[file.officer].overrides += u32::from(!file.automatic);
        }
        for (officer, tally) in tallies.iter_mut().enumerate() {
            if tally.observed > 0 || !tally.chances.is_empty() {
                let p_value = tally.tail(&predicted, (share, files.strange(officer)), settings.level);
                let files = u32::try_from(tally.chances.len()).unwrap_or(u32::MAX);
                let (observed, overrides) = (f64::from(tally.observed), tally.overrides);
                found.push(Pair { kind, officer, counterpart: number, observed, expected: tally.expected, files, overrides, p_value });
            }
            tally.clear();
        }
    }
    found
}

#[derive(Debug, Clone, Default)]
struct Tally {
    observed: u32,
    overrides: u32,
    expected: f64,
    variance: f64,
    /// Numbers of the chances of all files for which the officer was a candidate.
    chances: Vec<u32>,
}

impl Tally {
    fn expect(&mut self, number: u32, chance: f64) {
        self.chances.push(number);
        self.expected += chance;
        self.variance += chance * (1.0 - chance);
    }

    /// The upper tail unless it is certainly above the level. `strange`: files that the officer got without being a candidate; if they are
    /// honest, they fall on a counterpart by its share of all files.
    fn tail(&mut self, values: &[f64], strange: (f64, u32), level: f64) -> Option<f64> {
        self.expected += strange.0 * f64::from(strange.1);
        self.variance += strange.0 * (1.0 - strange.0) * f64::from(strange.1);
        if surely_above(level, self.expected, self.variance, f64::from(self.observed)) {
            return None;
        }
        self.chances.sort_unstable();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let equal = self.chances.chunk_by(|a, b| a == b).map(|run| (values[run[0] as usize], count(run.len())));
        let groups: Vec<(f64, u32)> = equal.chain([strange].into_iter().filter(|(_, n)| *n > 0)).collect();
        Some(upper_tail(&groups, self.observed))
    }

    fn clear(&mut self) {
        let mut chances = std::mem::take(&mut self.chances);
        chances.clear();
        *self = Self { chances, ..Self::default() };
    }
}
