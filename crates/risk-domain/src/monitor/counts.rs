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
                tallies[officer as usize].chances.push(chance);
            }
            tallies[file.officer].observed += 1;
            tallies[file.officer].overrides += u32::from(!file.automatic);
        }
        for (officer, tally) in tallies.iter_mut().enumerate() {
            if tally.observed > 0 || !tally.chances.is_empty() {
                let (groups, files) = tally.trials(&predicted, (share, files.strange(officer)));
                let tested = tested(tally.observed, &groups, settings.level);
                let (observed, overrides) = (f64::from(tally.observed), tally.overrides);
                found.push(Pair { kind, officer, counterpart: number, observed, expected: tested.0, files, overrides, p_value: tested.1 });
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
    /// Numbers of the chances of all files for which the officer was a candidate.
    chances: Vec<u32>,
}

impl Tally {
    /// Groups of equal chances and the number of files. Those that the officer got without being a candidate fall on a counterpart by its
    /// share of all files, if they are honest.
    fn trials(&mut self, values: &[f64], strange: (f64, u32)) -> (Vec<(f64, u32)>, u32) {
        self.chances.sort_unstable();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let runs = self.chances.chunk_by(|a, b| a == b).map(|run| (values[run[0] as usize], count(run.len())));
        (runs.chain([strange].into_iter().filter(|(_, n)| *n > 0)).collect(), count(self.chances.len()))
    }

    fn clear(&mut self) {
        self.observed = 0;
        self.overrides = 0;
        self.chances.clear();
    }
}

/// What was to be expected, and the upper tail unless it is certainly above the level.
fn tested(observed: u32, groups: &[(f64, u32)], level: f64) -> (f64, Option<f64>) {
    let expected: f64 = groups.iter().map(|(p, count)| p * f64::from(*count)).sum();
    let variance: f64 = groups.iter().map(|(p, count)| p * (1.0 - p) * f64::from(*count)).sum();
    let skip = surely_above(level, expected, variance, f64::from(observed));
    (expected, (!skip).then(|| upper_tail(groups, observed)))
}
