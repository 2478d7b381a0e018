//! Whether a pair's checks found less than the declarant's others, allowing for an officer who finds less everywhere.
#![expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]

use super::{
    Kind, Pair,
    observed::{File, Files},
    report::Settings,
    table::{Side, fewer, least_odds},
};

/// All pairs with files enough on both sides and at least one finding.
pub(super) fn pairs(files: &Files, settings: &Settings) -> Vec<Pair> {
    let officers = sides(files, files.files.iter());
    let everyone = sum(&officers);
    let mut found = Vec::new();
    for (declarant, group) in files.by(|f| f.declarant).into_iter().enumerate() {
        let here = sides(files, group.iter().copied());
        let all = sum(&here);
        let overrides = overrides(files, &group);
        for (officer, pair) in here.iter().enumerate() {
            let others = all.minus(*pair);
            if pair.files < settings.least_files || others.files < settings.least_files || all.found == 0 {
                continue;
            }
            let expected = f64::from(all.found) * f64::from(pair.files) / f64::from(all.files);
            let elsewhere = officers[officer].minus(*pair);
            let odds = least_odds(elsewhere, everyone.minus(all).minus(elsewhere));
            let p_value = (f64::from(pair.found) < expected).then(|| fewer(*pair, others, odds));
            found.push(Pair {
                kind: Kind::Findings,
                officer,
                counterpart: declarant,
                observed: f64::from(pair.found),
                expected,
                files: pair.files,
                overrides: overrides[officer],
                p_value,
            });
        }
    }
    found
}

/// Checks and findings of each officer.
fn sides<'a>(files: &Files, list: impl Iterator<Item = &'a File>) -> Vec<Side> {
    let mut sides = vec![Side::default(); files.officers.len()];
    for file in list {
        if let Some(found) = file.found {
            sides[file.officer].files += 1;
            sides[file.officer].found += u32::from(found);
        }
    }
    sides
}

fn sum(sides: &[Side]) -> Side {
    sides.iter().fold(Side::default(), |a, b| Side { found: a.found + b.found, files: a.files + b.files })
}

fn overrides(files: &Files, group: &[&File]) -> Vec<u32> {
    let mut overrides = vec![0; files.officers.len()];
    group.iter().filter(|f| !f.automatic && f.found.is_some()).for_each(|f| overrides[f.officer] += 1);
    overrides
}
