//! Fair and unforeseeable: two drawn candidates, the lighter takes the file (the power of two choices, Mitzenmacher 2001).
use serde::{Deserialize, Serialize};

use crate::{
    draw::{Draw, Urn},
    hindrance::{Demand, hindrance},
    roster::Roster,
};

/// What an officer carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Points assigned this month.
    pub points: u64,
    pub open_files: u32,
}

/// What the assignment is about.
#[derive(Debug, Clone, Copy)]
pub struct Pick<'a> {
    /// Draws of the declaration under the key of the open day.
    pub urn: Urn<'a>,
    pub demand: Demand<'a>,
    pub month_start_us: i64,
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
pub fn assign(pick: &Pick<'_>, roster: &Roster, load: impl Fn(&str) -> Load) -> Assignment {
    let mut candidates = Vec::new();
    let mut left_out = Vec::new();
    for officer in roster.officers() {
        let load = load(&officer.code);
        match hindrance(officer, load.open_files, &pick.demand) {
            Some(reason) => left_out.push(LeftOut { code: officer.code.clone(), reason: reason.as_str().to_owned() }),
            None => candidates.push(Candidate {
                code: officer.code.clone(),
                points: load.points,
                minutes: officer.minutes(pick.month_start_us, pick.demand.now_us),
            }),
        }
    }
    let (index, draws) = draw_one(&candidates, &pick.urn, pick.round);
    let choice = match index {
        Some(index) => Choice::Officer(candidates[index].code.clone()),
        None => Choice::Queued(queue_reason(&left_out).to_owned()),
    };
    Assignment { candidates, left_out, draws, choice }
}

/// Index of the chosen candidate and the draws it took.
pub(crate) fn draw_one(candidates: &[Candidate], urn: &Urn<'_>, round: u32) -> (Option<usize>, Vec<Draw>) {
    let n = candidates.len();
    if n < 2 {
        return (n.checked_sub(1), Vec::new());
    }
    let draw = |name: &str, n: usize| {
        let (index, draw) = urn.choose(&purpose(name, round), n as u64);
        (usize::try_from(index).unwrap_or(0), draw)
    };
    let (first, first_draw) = draw("assign:1", n);
    let (other, second_draw) = draw("assign:2", n - 1);
    let second = if other >= first { other + 1 } else { other };
    let chosen = if lighter(&candidates[second], &candidates[first]) { second } else { first };
    (Some(chosen), vec![first_draw, second_draw])
}

/// `name`, or `name:round` from the second assignment of a version on.
pub fn purpose(name: &str, round: u32) -> String {
    if round == 0 { name.to_owned() } else { format!("{name}:{round}") }
}

/// Points a minute, compared by cross-multiplication; a tie is not lighter.
fn lighter(a: &Candidate, b: &Candidate) -> bool {
    u128::from(a.points) * u128::from(b.minutes) < u128::from(b.points) * u128::from(a.minutes)
}

/// The hindrance that came nearest to being none.
pub(crate) fn queue_reason(left_out: &[LeftOut]) -> &'static str {
    let any = |reason: &str| left_out.iter().any(|l| l.reason == reason);
    if left_out.is_empty() {
        "NO_ROSTER"
    } else if any("CAP") {
        "ALL_AT_CAP"
    } else if any("CONFLICT") {
        "CONFLICT"
    } else if any("SKILL") || any("LIST") || any("PLACE") {
        "NO_SKILL"
    } else if any("OFF_SHIFT") || any("LEAVE") || any("SUSPENDED") {
        "NOBODY_ON_SHIFT"
    } else {
        "NOBODY_ELSE"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{draw::DayKey, roster::Officer};

    const MINUTE: i64 = 60_000_000;

    fn officer(code: &str) -> Officer {
        Officer { code: code.to_owned(), shifts: vec![(0, 1000 * MINUTE)], ..Officer::default() }
    }

    const KEY: DayKey = DayKey::new([5; 32]);

    fn pick(declaration: &str) -> Pick<'_> {
        let demand = Demand {
            list: "import",
            commodities: &["27011290"],
            places: &["LADSV", "VNLBO"],
            trader: "T",
            declarant: "D",
            exclude: &[],
            default_cap: 10,
            now_us: 500 * MINUTE,
        };
        let urn = Urn { key: &KEY, day: values::Day::default(), declaration, version: 0 };
        Pick { urn, demand, month_start_us: 0, round: 0 }
    }

    #[test]
    fn every_officer_left_out_is_named_with_the_reason() {
        let mut officers: Vec<Officer> = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"].iter().map(|c| officer(c)).collect();
        officers[0].shifts = vec![(0, MINUTE)];
        officers[1].lists = vec!["export".to_owned()];
        officers[2].skills = vec!["84".to_owned()];
        officers[3].conflicts = vec!["D".to_owned()];
        officers[6].places = vec!["VNHUE".to_owned()];
        officers[7].leave = vec![(0, 1000 * MINUTE)];
        officers[8].suspended = true;
        officers[9].learnt = vec!["T".to_owned()];
        let load = |code: &str| Load { points: 0, open_files: if code == "E" { 10 } else { 0 } };
        let mut without_f = pick("1");
        without_f.demand.exclude = &["F"];
        let assignment = assign(&without_f, &Roster::new(officers, vec![]), load);
        let reasons: Vec<&str> = assignment.left_out.iter().map(|l| l.reason.as_str()).collect();
        assert_eq!(reasons, ["OFF_SHIFT", "LIST", "SKILL", "CONFLICT", "CAP", "EXCLUDED", "PLACE", "LEAVE", "SUSPENDED", "CONFLICT"]);
        assert_eq!(assignment.choice, Choice::Queued("ALL_AT_CAP".to_owned()));
        assert_eq!(assign(&pick("1"), &Roster::default(), load).choice, Choice::Queued("NO_ROSTER".to_owned()));
    }

    #[test]
    fn a_single_candidate_needs_no_draw() {
        let assignment = assign(&pick("1"), &Roster::new(vec![officer("A")], vec![]), |_| Load::default());
        assert_eq!((assignment.choice, assignment.draws.len()), (Choice::Officer("A".to_owned()), 0));
    }

    #[test]
    fn of_two_drawn_the_lighter_takes_it_and_work_stays_even() {
        let roster = Roster::new((0..10).map(|n| officer(&format!("O{n}"))).collect(), vec![]);
        let mut points = std::collections::BTreeMap::new();
        for n in 0..5000 {
            let declaration = format!("{n:011}");
            let chosen = assign(&pick(&declaration), &roster, |c| Load { points: points.get(c).copied().unwrap_or(0), open_files: 0 });
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
        let roster = Roster::new(vec![officer("F"), half], vec![]);
        let mut points = std::collections::BTreeMap::from([("F".to_owned(), 0_u64), ("H".to_owned(), 0)]);
        for n in 0..3000 {
            let declaration = format!("{n:011}");
            let chosen = assign(&pick(&declaration), &roster, |c| Load { points: points[c], open_files: 0 });
            let Choice::Officer(code) = chosen.choice else { panic!("nobody") };
            *points.get_mut(&code).unwrap() += 15;
        }
        assert!(points["F"].abs_diff(2 * points["H"]) < 50, "{points:?}");
    }
}
