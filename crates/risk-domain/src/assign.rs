//! Fair and unforeseeable: two drawn candidates, the lighter takes the file (the power of two choices, Mitzenmacher 2001).
use serde::{Deserialize, Serialize};

use crate::{
    draw::{Draw, Urn},
    hindrance::{Demand, hindrance_of},
    roster::Roster,
    two::{Weight, draw_one, lighter, two},
    watch::Watch,
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
    assign_on_watch(pick, roster, &roster.watch(pick.month_start_us, pick.demand.now_us), load)
}

/// As [`assign`], with this roster's watch at the demand's moment ([`Watch::covers`]) kept from an earlier decision.
pub fn assign_on_watch(pick: &Pick<'_>, roster: &Roster, watch: &Watch, load: impl Fn(&str) -> Load) -> Assignment {
    let mut candidates = Vec::with_capacity(watch.on().len());
    let mut left_out = Vec::new();
    for (index, officer) in roster.officers().iter().enumerate() {
        let load = load(&officer.code);
        match hindrance_of(officer, watch.on_shift(index), load.open_files, &pick.demand) {
            Some(reason) => left_out.push(LeftOut { code: officer.code.clone(), reason: reason.as_str().to_owned() }),
            None => candidates.push(Candidate { code: officer.code.clone(), points: load.points, minutes: watch.minutes(index, pick.demand.now_us) }),
        }
    }
    let (index, draws) = draw_one(&candidates, &pick.urn, pick.round);
    let choice = match index {
        Some(index) => Choice::Officer(candidates[index].code.clone()),
        None => Choice::Queued(queue_reason(&left_out).to_owned()),
    };
    Assignment { candidates, left_out, draws, choice }
}

/// As [`assign`], without the trace: the index in the roster of the officer who takes it, or none if nobody can.
///
/// `watch` is this roster's at the demand's moment ([`Watch::covers`]); `load` is asked by index in the roster. Costs two draws and a look at
/// each officer on shift.
pub fn decide(pick: &Pick<'_>, roster: &Roster, watch: &Watch, load: impl Fn(usize) -> Load) -> Option<usize> {
    let mut eligible = Vec::with_capacity(watch.on().len());
    for &index in watch.on() {
        if hindrance_of(&roster.officers()[index], true, load(index).open_files, &pick.demand).is_none() {
            eligible.push(index);
        }
    }
    let weight = |index: usize| Weight { points: load(index).points, minutes: watch.minutes(index, pick.demand.now_us) };
    let Some([first, second]) = two(eligible.len(), &pick.urn, pick.round) else { return eligible.first().copied() };
    let (first, second) = (eligible[first.0], eligible[second.0]);
    Some(if lighter(weight(second), weight(first)) { second } else { first })
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
    fn the_decision_without_a_trace_is_the_traced_one() {
        let mut officers: Vec<Officer> = (0..12).map(|n| officer(&format!("O{n:02}"))).collect();
        officers[1].lists = vec!["export".to_owned()];
        officers[2].skills = vec!["84".to_owned()];
        officers[3].conflicts = vec!["D".to_owned()];
        officers[4].shifts = vec![(0, 100 * MINUTE), (90 * MINUTE, 700 * MINUTE), (600 * MINUTE, 620 * MINUTE)];
        officers[6].leave = vec![(200 * MINUTE, 400 * MINUTE)];
        officers[7].suspended = true;
        let roster = Roster::new(officers, vec![]);
        for n in 0..400_u64 {
            let declaration = format!("{n:011}");
            // Some have one candidate, some none.
            let carried =
                |code: usize| Load { points: (n * 7 + code as u64 * 13) % 40, open_files: u32::from(n % 20 < 2 && code + n as usize % 2 > 0) * 10 };
            let mut pick = Pick { round: (n % 3) as u32, ..pick(&declaration) };
            (pick.demand.now_us, pick.demand.exclude) = (i64::try_from(n).unwrap() * 3 * MINUTE, &["O05"]);
            let watch = roster.watch(pick.month_start_us, pick.demand.now_us);
            let traced = assign(&pick, &roster, |code| carried(code[1..].parse().unwrap())).choice;
            let decided = decide(&pick, &roster, &watch, carried).map(|index| Choice::Officer(roster.officers()[index].code.clone()));
            assert_eq!(decided.is_none(), matches!(traced, Choice::Queued(_)));
            assert_eq!(decided.unwrap_or(traced.clone()), traced);
        }
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
