//! Fair and unforeseeable: two drawn candidates, the lighter takes the file (the power of two choices, Mitzenmacher 2001).
use serde::{Deserialize, Serialize};

use crate::{
    draw::{DayKey, Draw},
    roster::{Officer, Roster, Watch},
    two::{Weight, draw_one, lighter, two},
};

/// What an officer carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Points assigned this month.
    pub points: u64,
    pub open_files: u32,
}

/// What the assignment is about.
#[derive(Debug, Clone)]
pub struct Pick<'a> {
    pub declaration: &'a str,
    pub version: u32,
    /// import or export.
    pub list: &'a str,
    pub commodities: Vec<&'a str>,
    pub trader: &'a str,
    pub declarant: &'a str,
    /// Officers who must not get it, e.g. the one it is taken from.
    pub exclude: Vec<&'a str>,
    pub default_cap: u32,
    pub month_start_us: i64,
    pub now_us: i64,
    /// Raised by every further assignment of the same version, so that each has draws of its own.
    pub round: u32,
}

/// An officer who could take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub code: String,
    pub points: u64,
    /// On roster this month.
    pub minutes: u64,
}

/// An officer who could not, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub code: String,
    pub reason: String,
}

/// Who takes it, or why nobody can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Officer(String),
    Queued(String),
}

/// Everything an outsider needs to take the decision again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Sorted by service code.
    pub candidates: Vec<Candidate>,
    pub left_out: Vec<LeftOut>,
    pub draws: Vec<Draw>,
    pub choice: Choice,
}

/// Filters, draws twice, takes the lighter. `load` says what each officer carries.
pub fn assign(pick: &Pick<'_>, roster: &Roster, load: impl Fn(&str) -> Load, key: &DayKey) -> Assignment {
    assign_on_watch(pick, roster, &roster.watch(pick.month_start_us, pick.now_us), load, key)
}

/// As [`assign`], with this roster's watch at `pick.now_us` ([`Watch::covers`]) kept from an earlier decision.
pub fn assign_on_watch(pick: &Pick<'_>, roster: &Roster, watch: &Watch, load: impl Fn(&str) -> Load, key: &DayKey) -> Assignment {
    let mut candidates = Vec::with_capacity(roster.officers().len());
    let mut left_out = Vec::new();
    for (index, officer) in roster.officers().iter().enumerate() {
        let load = load(&officer.code);
        match hindrance(officer, watch.on_shift(index), load, pick) {
            Some(reason) => left_out.push(LeftOut { code: officer.code.clone(), reason: reason.to_owned() }),
            None => candidates.push(Candidate { code: officer.code.clone(), points: load.points, minutes: watch.minutes(index, pick.now_us) }),
        }
    }
    let (index, draws) = draw_one(&candidates, pick, key);
    let choice = match index {
        Some(index) => Choice::Officer(candidates[index].code.clone()),
        None => Choice::Queued(queue_reason(&left_out).to_owned()),
    };
    Assignment { candidates, left_out, draws, choice }
}

/// As [`assign`], without the trace: the index in the roster of the officer who takes it, or none if nobody can.
///
/// `watch` is this roster's at `pick.now_us` ([`Watch::covers`]); `load` is asked by index in the roster. Costs two draws and a look at each
/// officer on shift.
pub fn decide(pick: &Pick<'_>, roster: &Roster, watch: &Watch, load: impl Fn(usize) -> Load, key: &DayKey) -> Option<usize> {
    let mut eligible = Vec::with_capacity(watch.on().len());
    for &index in watch.on() {
        if hindrance(&roster.officers()[index], true, load(index), pick).is_none() {
            eligible.push(index);
        }
    }
    let weight = |index: usize| Weight { points: load(index).points, minutes: watch.minutes(index, pick.now_us) };
    let Some([first, second]) = two(eligible.len(), pick, key) else { return eligible.first().copied() };
    let (first, second) = (eligible[first.0], eligible[second.0]);
    Some(if lighter(weight(second), weight(first)) { second } else { first })
}

fn hindrance(officer: &Officer, on_shift: bool, load: Load, pick: &Pick<'_>) -> Option<&'static str> {
    let cap = if officer.cap == 0 { pick.default_cap } else { officer.cap };
    let skilled = || officer.skills.is_empty() || pick.commodities.iter().all(|c| officer.skills.iter().any(|s| within(c, s)));
    if pick.exclude.contains(&officer.code.as_str()) {
        Some("EXCLUDED")
    } else if !on_shift {
        Some("OFF_SHIFT")
    } else if !officer.lists.is_empty() && !officer.lists.iter().any(|l| l == pick.list) {
        Some("LIST")
    } else if !skilled() {
        Some("SKILL")
    } else if officer.conflicts.iter().any(|c| c == pick.trader || c == pick.declarant) {
        Some("CONFLICT")
    } else if load.open_files >= cap {
        Some("CAP")
    } else {
        None
    }
}

/// Prefixes are a few bytes: comparing them one by one is faster than a call.
fn within(code: &str, prefix: &str) -> bool {
    prefix.len() <= code.len() && prefix.bytes().zip(code.bytes()).all(|(a, b)| a == b)
}

/// The hindrance that came nearest to being none.
fn queue_reason(left_out: &[LeftOut]) -> &'static str {
    let any = |reason: &str| left_out.iter().any(|l| l.reason == reason);
    if left_out.is_empty() {
        "NO_ROSTER"
    } else if any("CAP") {
        "ALL_AT_CAP"
    } else if any("CONFLICT") {
        "CONFLICT"
    } else if any("SKILL") || any("LIST") {
        "NO_SKILL"
    } else if any("OFF_SHIFT") {
        "NOBODY_ON_SHIFT"
    } else {
        "NOBODY_ELSE"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn officer(code: &str) -> Officer {
        Officer { code: code.to_owned(), shifts: vec![(0, 1000 * MINUTE)], ..Officer::default() }
    }

    fn pick(declaration: &str) -> Pick<'_> {
        Pick {
            declaration,
            version: 0,
            list: "import",
            commodities: vec!["27011290"],
            trader: "T",
            declarant: "D",
            exclude: vec![],
            default_cap: 10,
            month_start_us: 0,
            now_us: 500 * MINUTE,
            round: 0,
        }
    }

    fn key() -> DayKey {
        DayKey::new([5; 32])
    }

    #[test]
    fn every_officer_left_out_is_named_with_the_reason() {
        let mut officers: Vec<Officer> = ["A", "B", "C", "D", "E", "F"].iter().map(|c| officer(c)).collect();
        officers[0].shifts = vec![(0, MINUTE)];
        officers[1].lists = vec!["export".to_owned()];
        officers[2].skills = vec!["84".to_owned()];
        officers[3].conflicts = vec!["D".to_owned()];
        let load = |code: &str| Load { points: 0, open_files: if code == "E" { 10 } else { 0 } };
        let assignment = assign(&Pick { exclude: vec!["F"], ..pick("1") }, &Roster::new(officers), load, &key());
        let reasons: Vec<&str> = assignment.left_out.iter().map(|l| l.reason.as_str()).collect();
        assert_eq!(reasons, ["OFF_SHIFT", "LIST", "SKILL", "CONFLICT", "CAP", "EXCLUDED"]);
        assert_eq!(assignment.choice, Choice::Queued("ALL_AT_CAP".to_owned()));
        assert_eq!(assign(&pick("1"), &Roster::default(), load, &key()).choice, Choice::Queued("NO_ROSTER".to_owned()));
    }

    #[test]
    fn the_decision_without_a_trace_is_the_traced_one() {
        let mut officers: Vec<Officer> = (0..12).map(|n| officer(&format!("O{n:02}"))).collect();
        officers[1].lists = vec!["export".to_owned()];
        officers[2].skills = vec!["84".to_owned()];
        officers[3].conflicts = vec!["D".to_owned()];
        officers[4].shifts = vec![(0, 100 * MINUTE), (90 * MINUTE, 700 * MINUTE), (600 * MINUTE, 620 * MINUTE)];
        let roster = Roster::new(officers);
        for n in 0..400_u64 {
            let declaration = format!("{n:011}");
            // Some have one candidate, some none.
            let carried =
                |code: usize| Load { points: (n * 7 + code as u64 * 13) % 40, open_files: u32::from(n % 20 < 2 && code + n as usize % 2 > 0) * 10 };
            let pick = Pick { now_us: i64::try_from(n).unwrap() * 3 * MINUTE, round: (n % 3) as u32, exclude: vec!["O05"], ..pick(&declaration) };
            let watch = roster.watch(pick.month_start_us, pick.now_us);
            let traced = assign(&pick, &roster, |code| carried(code[1..].parse().unwrap()), &key()).choice;
            let decided = decide(&pick, &roster, &watch, carried, &key()).map(|index| Choice::Officer(roster.officers()[index].code.clone()));
            assert_eq!(decided.is_none(), matches!(traced, Choice::Queued(_)));
            assert_eq!(decided.unwrap_or(traced.clone()), traced);
        }
    }

    #[test]
    fn a_single_candidate_needs_no_draw() {
        let assignment = assign(&pick("1"), &Roster::new(vec![officer("A")]), |_| Load::default(), &key());
        assert_eq!((assignment.choice, assignment.draws.len()), (Choice::Officer("A".to_owned()), 0));
    }

    #[test]
    fn of_two_drawn_the_lighter_takes_it_and_work_stays_even() {
        let roster = Roster::new((0..10).map(|n| officer(&format!("O{n}"))).collect());
        let mut points = std::collections::BTreeMap::new();
        for n in 0..5000 {
            let declaration = format!("{n:011}");
            let chosen = assign(&pick(&declaration), &roster, |c| Load { points: points.get(c).copied().unwrap_or(0), open_files: 0 }, &key());
            let Choice::Officer(code) = chosen.choice else { panic!("nobody") };
            *points.entry(code).or_insert(0) += 15 + 5 * (n % 7);
        }
        let (least, most) = (points.values().min().unwrap(), points.values().max().unwrap());
        assert!(most - least < 300, "{points:?}");
    }

    #[test]
    fn half_the_time_on_roster_means_half_the_points() {
        let mut half = officer("H");
        half.shifts = vec![(250 * MINUTE, 1000 * MINUTE)];
        let roster = Roster::new(vec![officer("F"), half]);
        let mut points = std::collections::BTreeMap::from([("F".to_owned(), 0_u64), ("H".to_owned(), 0)]);
        for n in 0..3000 {
            let declaration = format!("{n:011}");
            let chosen = assign(&pick(&declaration), &roster, |c| Load { points: points[c], open_files: 0 }, &key());
            let Choice::Officer(code) = chosen.choice else { panic!("nobody") };
            *points.get_mut(&code).unwrap() += 15;
        }
        assert!(points["F"].abs_diff(2 * points["H"]) < 50, "{points:?}");
    }
}
