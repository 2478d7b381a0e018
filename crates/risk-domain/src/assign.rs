//! Fair and unforeseeable: two drawn candidates, the lighter takes the file (the power of two choices, Mitzenmacher 2001).
use serde::{Deserialize, Serialize};

use crate::{
    draw::{DayKey, Draw, choose},
    roster::{Officer, Roster},
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
    let mut candidates = Vec::new();
    let mut left_out = Vec::new();
    for officer in roster.officers() {
        let load = load(&officer.code);
        match hindrance(officer, load, pick) {
            Some(reason) => left_out.push(LeftOut { code: officer.code.clone(), reason: reason.to_owned() }),
            None => candidates.push(Candidate {
                code: officer.code.clone(),
                points: load.points,
                minutes: officer.minutes(pick.month_start_us, pick.now_us),
            }),
        }
    }
    let (index, draws) = draw_one(&candidates, pick, key);
    let choice = match index {
        Some(index) => Choice::Officer(candidates[index].code.clone()),
        None => Choice::Queued(queue_reason(&left_out).to_owned()),
    };
    Assignment { candidates, left_out, draws, choice }
}

/// Index of the chosen candidate and the draws it took.
pub(crate) fn draw_one(candidates: &[Candidate], pick: &Pick<'_>, key: &DayKey) -> (Option<usize>, Vec<Draw>) {
    let n = candidates.len();
    if n < 2 {
        return (n.checked_sub(1), Vec::new());
    }
    let draw = |purpose: &str, n: usize| {
        let purpose = if pick.round == 0 { purpose.to_owned() } else { format!("{purpose}:{}", pick.round) };
        let (index, draw) = choose(key, pick.declaration, &purpose, pick.version, n as u64);
        (usize::try_from(index).unwrap_or(0), draw)
    };
    let (first, first_draw) = draw("assign:1", n);
    let (other, second_draw) = draw("assign:2", n - 1);
    let second = if other >= first { other + 1 } else { other };
    let chosen = if lighter(&candidates[second], &candidates[first]) { second } else { first };
    (Some(chosen), vec![first_draw, second_draw])
}

/// Points a minute, compared by cross-multiplication; a tie is not lighter.
fn lighter(a: &Candidate, b: &Candidate) -> bool {
    u128::from(a.points) * u128::from(b.minutes) < u128::from(b.points) * u128::from(a.minutes)
}

fn hindrance(officer: &Officer, load: Load, pick: &Pick<'_>) -> Option<&'static str> {
    let cap = if officer.cap == 0 { pick.default_cap } else { officer.cap };
    let skilled = officer.skills.is_empty() || pick.commodities.iter().all(|c| officer.skills.iter().any(|s| c.starts_with(s.as_str())));
    if pick.exclude.contains(&officer.code.as_str()) {
        Some("EXCLUDED")
    } else if !officer.on_shift(pick.now_us) {
        Some("OFF_SHIFT")
    } else if !officer.lists.is_empty() && !officer.lists.iter().any(|l| l == pick.list) {
        Some("LIST")
    } else if !skilled {
        Some("SKILL")
    } else if officer.conflicts.iter().any(|c| c == pick.trader || c == pick.declarant) {
        Some("CONFLICT")
    } else if load.open_files >= cap {
        Some("CAP")
    } else {
        None
    }
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
