//! Whether a pair's files were concluded faster than the declarant's others, each time taken as a rank among the officer's own.
#![expect(clippy::float_arithmetic, reason = "statistics about decisions, not a decision")]

use super::{
    Kind, Pair,
    observed::Files,
    ranks::{double_ranks, lower_tail},
    report::Settings,
};

/// Standard deviations below the middle from which a tail is computed; above, the p-value is taken as 1, which is never too small.
const FROM: f64 = 2.5;

/// All pairs with files enough on both sides.
///
/// The rank within the officer's own files removes how fast he or she is, the comparison within the declarant's files how simple those are.
/// Because the draws give every officer the same mix, the ranks of a declarant's files are exchangeable among officers if none is favoured.
pub(super) fn pairs(files: &Files, settings: &Settings) -> Vec<Pair> {
    let mut own = vec![0.0; files.files.len()];
    let mut concluded = vec![(Vec::new(), Vec::new()); files.officers.len()];
    for (index, file) in files.files.iter().enumerate() {
        if let Some(minutes) = file.minutes {
            concluded[file.officer].0.push(index);
            concluded[file.officer].1.push(f64::from(minutes));
        }
    }
    for (indices, minutes) in &concluded {
        for (index, rank) in indices.iter().zip(double_ranks(minutes)) {
            own[*index] = rank as f64 / (2 * minutes.len()) as f64;
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); files.declarants.len()];
    for (index, file) in files.files.iter().enumerate().filter(|(_, f)| f.minutes.is_some()) {
        groups[file.declarant].push(index);
    }
    groups.iter().enumerate().flat_map(|(declarant, group)| of_declarant(files, &own, declarant, group, settings)).collect()
}

fn of_declarant(files: &Files, own: &[f64], declarant: usize, group: &[usize], settings: &Settings) -> Vec<Pair> {
    let least = settings.least_files as usize;
    if group.len() < 2 * least {
        return Vec::new();
    }
    let ranks = double_ranks(&group.iter().map(|i| own[*i]).collect::<Vec<_>>());
    let mut sums = vec![(0_usize, 0_usize, 0_u32); files.officers.len()];
    for (index, rank) in group.iter().zip(&ranks) {
        let file = &files.files[*index];
        let (count, sum, overrides) = &mut sums[file.officer];
        *count += 1;
        *sum += rank;
        *overrides += u32::from(!file.automatic);
    }
    let all = group.len() as f64;
    let tested = sums.into_iter().enumerate().filter(|(_, (count, _, _))| *count >= least && group.len() - count >= least);
    tested
        .map(|(officer, (count, sum, overrides))| {
            let chosen = count as f64;
            let middle = chosen * (all + 1.0) / 2.0;
            let deviation = libm::sqrt(chosen * (all - chosen) * (all + 1.0) / 12.0);
            let p_value = (sum as f64 / 2.0 < middle - FROM * deviation).then(|| lower_tail(&ranks, count, sum));
            Pair {
                kind: Kind::Speed,
                officer,
                counterpart: declarant,
                observed: (sum as f64 / 2.0 / chosen - 0.5) / all,
                expected: 0.5,
                files: u32::try_from(count).unwrap_or(u32::MAX),
                overrides,
                p_value,
            }
        })
        .collect()
}
