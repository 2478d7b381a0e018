//! How evenly work falls: one busy month of 50 officers with shifts of different length and absence, and what a decision costs.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use fastrand::Rng;
use risk_domain::{DayKey, Demand, Load, Officer, Pick, Roster, Urn, Watch, Weight, assign_on_watch, decide};
use values::Day;

use crate::{
    Figure, median_ns,
    rivals::{Way, least_loaded, rotate},
};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// Points and minutes count by the month, so the law is about one month.
const DAYS: i64 = 30;
const OFFICERS: usize = 50;
const FILES: usize = 100_000;

/// Jain's index (Jain, Chiu & Hawe 1984): (Σx)² ÷ (n·Σx²); 1 if all are equal.
pub fn jain(shares: &[f64]) -> f64 {
    let (sum, squares) = shares.iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
    sum * sum / (shares.len() as f64 * squares)
}

/// Officers with shifts of 4, 6, 8, 10 or 12 hours that begin at any hour, by weekly turns; 10 % of the shifts are missed, one officer
/// comes in the second half of the month alone.
pub fn roster(seed: u64) -> Roster {
    let mut rng = Rng::with_seed(seed);
    let officers = (0..OFFICERS).map(|number| {
        let long = [4, 6, 8, 10, 12][number % 5] * HOUR;
        let begin = rng.i64(0..24);
        let comes = |day: i64, rng: &mut Rng| day >= DAYS / 2 * i64::from(number == 7) && rng.f64() >= 0.1;
        let shift = |day: i64| (day * DAY + (begin + 8 * (day / 7)) % 24 * HOUR, day * DAY + (begin + 8 * (day / 7)) % 24 * HOUR + long);
        let shifts = (0..DAYS).filter(|day| comes(*day, &mut rng)).map(shift).collect();
        Officer { code: format!("O{number:02}"), shifts, ..Officer::default() }
    });
    Roster::new(officers.collect(), vec![])
}

/// Points of each officer for each hour on roster, after a month of files of 1 to 50 lines that come at any time.
pub fn shares(way: Way, seed: u64) -> Vec<f64> {
    let roster = roster(seed);
    let mut rng = Rng::with_seed(seed ^ 0x5eed);
    let key = DayKey::new(std::array::from_fn(|_| rng.u8(..)));
    let mut moments: Vec<i64> = (0..FILES).map(|_| rng.i64(0..DAYS * DAY)).collect();
    moments.sort_unstable();
    let mut carried = vec![0_u64; OFFICERS];
    let mut watch = roster.watch(0, 0);
    let mut last = 0;
    for (number, now) in moments.into_iter().enumerate() {
        if !watch.covers(0, now) {
            watch = roster.watch(0, now);
        }
        let declaration = format!("{number:011}");
        let load = |index: usize| Load { points: carried[index], open_files: 0 };
        let weight = |index: usize| Weight { points: carried[index], minutes: watch.minutes(index, now) };
        let chosen = match way {
            Way::TwoDraws => decide(&pick(&key, &declaration, &[], now), &roster, &watch, load),
            _ if watch.on().is_empty() => None,
            Way::Rotation => Some(rotate(watch.on(), last)),
            Way::LeastLoaded => Some(least_loaded(watch.on(), weight)),
        };
        let lines = rng.u32(1..=50);
        if let Some(chosen) = chosen {
            carried[chosen] += u64::from(points(lines));
            last = chosen;
        }
    }
    let worked = |o: &Officer| o.minutes(0, (DAYS + 1) * DAY) as f64 / 60.0;
    roster.officers().iter().zip(carried).map(|(officer, points)| points as f64 / worked(officer)).collect()
}

pub(crate) fn pick<'a>(key: &'a DayKey, declaration: &'a str, commodities: &'a [&'a str], now_us: i64) -> Pick<'a> {
    let demand = Demand {
        list: "import",
        commodities,
        places: &["LADSV", "VNLBO"],
        trader: "3300000001",
        declarant: "D0001",
        exclude: &[],
        default_cap: 1000,
        now_us,
    };
    Pick { urn: Urn { key, day: Day::default(), declaration, version: 0 }, demand, month_start_us: 0, round: 0 }
}

/// Points of a file with so many lines: 10 a declaration and 5 a line (ASYCUDA's default weights).
pub(crate) const fn points(lines: u32) -> u32 {
    10 + 5 * lines
}

/// Nanoseconds a decision takes with 50 officers on shift, skills and conflicts asked: (without its trace, with it). The least of five medians,
/// because a busy machine only ever adds.
pub fn decision_ns() -> (f64, f64) {
    let officer = |number: i64| Officer {
        code: format!("O{number:02}"),
        shifts: (0..DAYS).map(|day| (day * DAY, day * DAY + 20 * HOUR)).collect(),
        lists: vec!["import".to_owned()],
        skills: if number % 2 == 0 { vec![] } else { vec!["84".to_owned(), "85".to_owned()] },
        conflicts: vec!["D9999".to_owned()],
        ..Officer::default()
    };
    let roster = Roster::new((0..OFFICERS as i64).map(officer).collect(), vec![]);
    let now = 20 * DAY + HOUR;
    let watch: Watch = roster.watch(0, now);
    let key = DayKey::new([7; 32]);
    let carried: Vec<u64> = (0..OFFICERS as u64).map(|o| 1000 + o * 37 % 101).collect();
    let declarations: Vec<String> = (0..2_000).map(|n| format!("{n:011}")).collect();
    let lines = ["85171300", "84713020", "85044090", "84433290"];
    let load = |index: usize| Load { points: carried[index], open_files: 3 };
    let by_code = |code: &str| load(code[1..].parse().unwrap_or(0));
    let least = |work: &dyn Fn(&Pick<'_>)| {
        let all = || declarations.iter().for_each(|declaration| work(&pick(&key, declaration, &lines, now)));
        (0..5).map(|_| median_ns(5, declarations.len(), all)).fold(f64::INFINITY, f64::min)
    };
    let bare = least(&|pick| {
        std::hint::black_box(decide(pick, &roster, &watch, load));
    });
    let traced = least(&|pick| {
        std::hint::black_box(assign_on_watch(pick, &roster, &watch, by_code));
    });
    (bare, traced)
}

/// Fairness beside rotation and least-loaded in the same month, the worst of three months; time of a decision.
pub fn figures() -> Vec<Figure> {
    let worst = |way: Way| (1..=3).map(|seed| jain(&shares(way, seed))).fold(1.0, f64::min);
    let (bare, traced) = decision_ns();
    let name = |what: &str| format!("assignment: Jain's index of points per rostered hour, {what}");
    vec![
        Figure::new(name("two draws (anchor: rotation)"), "index", worst(Way::TwoDraws)).must(0.999).beside(worst(Way::Rotation)),
        Figure::new(name("least loaded"), "index", worst(Way::LeastLoaded)),
        Figure::new("assignment: a decision among 50 officers (anchor: with its trace)", "ns", bare).must(2_000.0).beside(traced),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jains_index_is_the_published_formula() {
        assert!((jain(&[1.0, 1.0, 1.0]) - 1.0).abs() < 1e-12);
        assert!((jain(&[1.0, 0.0, 0.0, 0.0]) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn two_draws_share_work_by_the_hour_and_rotation_does_not() {
        let (ours, rotation) = (jain(&shares(Way::TwoDraws, 1)), jain(&shares(Way::Rotation, 1)));
        assert!(ours >= 0.999 && rotation < ours, "{ours} {rotation}");
    }
}
