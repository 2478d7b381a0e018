//! An attacker who knows the rule, the roster and every past assignment, but not the day key, names the next officer.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use fastrand::Rng;
use risk_domain::{Candidate, Choice, DayKey, Load, Officer, Roster, assign, probabilities};

use crate::fairness::{pick, points};

use crate::{
    Figure,
    rivals::{Way, least_loaded, rotate},
};

/// Share of `files` decisions among `n` officers on shift that the attacker names. Each guess is the candidate with the greatest exact
/// chance, the first of equals; against the other two ways it is what the way does next.
pub fn hits(way: Way, n: usize, files: usize) -> f64 {
    let minute = 60_000_000;
    let officer = |number: usize| Officer { code: format!("O{number:02}"), shifts: vec![(0, i64::MAX)], ..Officer::default() };
    let roster = Roster::new((0..n).map(officer).collect(), vec![]);
    let mut rng = Rng::with_seed(n as u64);
    let key = DayKey::new(std::array::from_fn(|_| rng.u8(..)));
    let mut carried = vec![0_u64; n];
    let all: Vec<usize> = (0..n).collect();
    let (mut last, mut hit) = (n - 1, 0_u32);
    for number in 0..files {
        let now_us = (number as i64 + 1) * minute;
        let candidates: Vec<Candidate> = roster
            .officers()
            .iter()
            .zip(&carried)
            .map(|(officer, points)| Candidate { code: officer.code.clone(), points: *points, minutes: officer.minutes(0, now_us) })
            .collect();
        let lightest = || least_loaded(&all, |o| candidates[o].weight());
        let guess = match way {
            Way::TwoDraws => {
                let chances: Vec<u64> = probabilities(&candidates).iter().map(|c| c.numerator).collect();
                let most = chances.iter().max().copied();
                chances.iter().position(|c| Some(*c) == most).unwrap_or(0)
            }
            Way::Rotation => rotate(&all, last),
            Way::LeastLoaded => lightest(),
        };
        let chosen = match way {
            Way::TwoDraws => drawn(&roster, &carried, &format!("{number:011}"), now_us, &key),
            Way::Rotation => rotate(&all, last),
            Way::LeastLoaded => lightest(),
        };
        hit += u32::from(guess == chosen);
        carried[chosen] += u64::from(points(rng.u32(1..=50)));
        last = chosen;
    }
    f64::from(hit) / files as f64
}

/// Whom the project's rule takes.
fn drawn(roster: &Roster, carried: &[u64], declaration: &str, now_us: i64, key: &DayKey) -> usize {
    let pick = pick(key, declaration, &["85171300"], now_us);
    let number = |code: &str| code[1..].parse().unwrap_or(0);
    let load = |code: &str| Load { points: carried[number(code)], open_files: 0 };
    match assign(&pick, roster, load).choice {
        Choice::Officer(code) => number(&code),
        Choice::Queued(_) => 0,
    }
}

/// The attacker's rate with 10 and with 50 officers on shift, beside the other two ways.
pub fn figures() -> Vec<Figure> {
    [10_usize, 50]
        .into_iter()
        .flat_map(|n| {
            let files = 40_000;
            let name = |what: &str| format!("assignment: next of {n} officers foreseen, {what}");
            [
                Figure::new(name("two draws (anchor: rotation)"), "share", hits(Way::TwoDraws, n, files)).must(2.0 / n as f64 + 0.01).beside(hits(
                    Way::Rotation,
                    n,
                    files,
                )),
                Figure::new(name("least loaded"), "share", hits(Way::LeastLoaded, n, files)),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_guess_hits_twice_in_n_and_the_usual_ways_are_open_books() {
        let ours = hits(Way::TwoDraws, 10, 20_000);
        assert!((0.19..=0.21).contains(&ours), "{ours}");
        assert_eq!(hits(Way::Rotation, 10, 500).total_cmp(&1.0), std::cmp::Ordering::Equal);
        assert_eq!(hits(Way::LeastLoaded, 10, 500).total_cmp(&1.0), std::cmp::Ordering::Equal);
    }
}
