//! Who takes a file: the officer it belongs to already, or one of two drawn; with a supervisor where goods are examined.
use values::Lane;

use crate::{
    assign::{Assignment, Choice, LeftOut, Pick, assign},
    code::Form,
    draw::{Draw, Urn},
    facts::Facts,
    hindrance::{Demand, Hindrance, conflicted, hindrance},
    ledger::Ledger,
    roster::{Officer, Roster},
    trace::{PickTrace, Preferred},
};

/// What is to be assigned.
#[derive(Debug, Clone)]
pub struct Task<'a> {
    pub facts: &'a Facts,
    pub lane: Lane,
    /// 0 for the first assignment of a version.
    pub round: u32,
    pub excluded: Vec<String>,
    pub preferred: Option<Preferred>,
    pub default_cap: u32,
    pub month_start_us: i64,
    pub now_us: i64,
}

/// Hand-picked lists: split, joint and shared files and movements under C11 go to the special list.
pub fn list(facts: &Facts) -> &'static str {
    if facts.kind == "C11" || !facts.split_first.is_empty() { "special" } else { facts.direction.as_str() }
}

/// The declarations whose branches belong together: the first of a split set (its 11-digit key); '' for one that stands alone.
pub fn group(facts: &Facts) -> &str {
    facts.split_first.get(..11).unwrap_or(&facts.split_first)
}

/// A red lane's examination is supervised.
pub fn supervised(lane: Lane) -> bool {
    lane == Lane::Red
}

/// Points of a file by the weights in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    pub declaration: u32,
    pub line: u32,
    pub documents: u32,
    pub scanner: u32,
    pub direct: u32,
    pub laboratory: u32,
}

impl Weights {
    /// Workload of a file with so many lines under a form of examination.
    pub fn points(&self, lines: usize, form: Form) -> u32 {
        let extra = match form {
            Form::None => 0,
            Form::Documents => self.documents,
            Form::Scanner => self.scanner,
            Form::Direct => self.direct,
            Form::Laboratory => self.laboratory,
        };
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        self.declaration.saturating_add(self.line.saturating_mul(lines)).saturating_add(extra)
    }
}

/// Assigns; `urn` draws under the key of the open day.
pub fn pick(task: &Task<'_>, roster: &Roster, ledger: &Ledger, urn: &Urn<'_>) -> PickTrace {
    let facts = task.facts;
    let list = list(facts);
    let commodities: Vec<&str> = facts.lines.iter().map(|l| l.commodity.as_str()).collect();
    let places = [facts.loading_place.as_str(), facts.unloading_place.as_str()];
    let exclude: Vec<&str> = task.excluded.iter().map(String::as_str).collect();
    let demand = Demand {
        list,
        commodities: &commodities,
        places: &places,
        trader: &facts.trader,
        declarant: &facts.declarant,
        exclude: &exclude,
        default_cap: task.default_cap,
        now_us: task.now_us,
    };
    let supervised = supervised(task.lane);
    let asked = Asked { demand, round: task.round, supervised, preferred: task.preferred.as_ref(), month_start_us: task.month_start_us };
    let Picked { assignment, how, supervisors, supervisor, supervisor_draw } = choose(&asked, roster, ledger, urn);
    PickTrace {
        office: facts.office.clone(),
        day: urn.day.to_string(),
        now_us: task.now_us,
        declaration: urn.declaration.to_owned(),
        version: urn.version,
        round: task.round,
        roster: hex::encode(roster.digest()),
        list: list.to_owned(),
        commodities: commodities.into_iter().map(str::to_owned).collect(),
        places: places.into_iter().map(str::to_owned).collect(),
        trader: facts.trader.clone(),
        declarant: facts.declarant.clone(),
        excluded: task.excluded.clone(),
        default_cap: task.default_cap,
        supervised,
        preferred: task.preferred.clone(),
        assignment,
        how,
        supervisors,
        supervisor,
        supervisor_draw,
    }
}

/// What a pick depends on, beside roster, ledger and draws.
pub(crate) struct Asked<'a> {
    pub demand: Demand<'a>,
    pub round: u32,
    pub supervised: bool,
    pub preferred: Option<&'a Preferred>,
    pub month_start_us: i64,
}

/// What came of it.
pub(crate) struct Picked {
    pub assignment: Assignment,
    pub how: String,
    pub supervisors: Vec<String>,
    pub supervisor: String,
    pub supervisor_draw: Option<Draw>,
}

/// The officer to whom the file belongs, else one of two drawn; and a supervisor.
pub(crate) fn choose(asked: &Asked<'_>, roster: &Roster, ledger: &Ledger, urn: &Urn<'_>) -> Picked {
    let kept = asked.preferred.and_then(|p| roster.officer(&p.officer)).filter(|o| keeps(o, &asked.demand));
    let (assignment, how) = match (kept, asked.preferred) {
        (Some(officer), Some(preferred)) => {
            let choice = Choice::Officer(officer.code.clone());
            (Assignment { candidates: Vec::new(), left_out: Vec::new(), draws: Vec::new(), choice }, preferred.how.clone())
        }
        _ => {
            let pick = Pick { urn: *urn, demand: asked.demand, month_start_us: asked.month_start_us, round: asked.round };
            let assignment = assign(&pick, roster, |code| ledger.load(code));
            let how = how(&assignment);
            (assignment, how.to_owned())
        }
    };
    let supervisors = if asked.supervised { supervisors(roster, &asked.demand) } else { Vec::new() };
    let (supervisor, supervisor_draw) = one_of(&supervisors, asked.round, urn);
    Picked { assignment, how, supervisors, supervisor, supervisor_draw }
}

/// Everyone left out for what the public cannot see by itself: `Assigned.left_out`, supervisors included where one was drawn.
pub fn published(pick: &PickTrace, roster: &Roster) -> Vec<LeftOut> {
    let officers = pick.assignment.left_out.iter().filter(|l| !Hindrance::is_public(&l.reason)).cloned();
    let commodities: Vec<&str> = pick.commodities.iter().map(String::as_str).collect();
    let places: Vec<&str> = pick.places.iter().map(String::as_str).collect();
    let exclude: Vec<&str> = pick.excluded.iter().map(String::as_str).collect();
    let demand = demand(pick, &commodities, &places, &exclude);
    let seated = if pick.supervised { roster.supervisors() } else { &[] };
    let supervisors = seated.iter().filter_map(|s| Some(LeftOut { code: s.code.clone(), reason: hindrance(s, 0, &demand)?.as_str().to_owned() }));
    officers.chain(supervisors.filter(|l| !Hindrance::is_public(&l.reason))).collect()
}

/// What the traced file asked of an officer.
pub(crate) fn demand<'a>(pick: &'a PickTrace, commodities: &'a [&'a str], places: &'a [&'a str], exclude: &'a [&'a str]) -> Demand<'a> {
    Demand {
        list: &pick.list,
        commodities,
        places,
        trader: &pick.trader,
        declarant: &pick.declarant,
        exclude,
        default_cap: pick.default_cap,
        now_us: pick.now_us,
    }
}

/// Whoever had the file before keeps it, off shift or at the cap, unless suspended, on leave, in conflict or excluded.
fn keeps(officer: &Officer, demand: &Demand<'_>) -> bool {
    !officer.suspended && !officer.on_leave(demand.now_us) && !conflicted(officer, demand) && !demand.exclude.contains(&officer.code.as_str())
}

fn how(assignment: &Assignment) -> &'static str {
    match (&assignment.choice, assignment.candidates.len()) {
        (Choice::Queued(_), _) => "QUEUED",
        (Choice::Officer(_), 1) => "ONLY",
        (Choice::Officer(_), _) => "DRAWN",
    }
}

fn supervisors(roster: &Roster, demand: &Demand<'_>) -> Vec<String> {
    roster.supervisors().iter().filter(|s| hindrance(s, 0, demand).is_none()).map(|s| s.code.clone()).collect()
}

/// One of them, each as likely as the others.
pub(crate) fn one_of(codes: &[String], round: u32, urn: &Urn<'_>) -> (String, Option<Draw>) {
    match codes {
        [] => (String::new(), None),
        [only] => (only.clone(), None),
        _ => {
            let (index, draw) = urn.choose(&crate::two::purpose("supervise", round), codes.len() as u64);
            (usize::try_from(index).ok().and_then(|i| codes.get(i)).cloned().unwrap_or_default(), Some(draw))
        }
    }
}
