//! An assignment taken again from roster, ledger and draws.
use values::Day;

use super::{Differences, Mismatch, RuleBook, What};
use crate::{
    days::month_start_us,
    draw::{DayKey, Urn},
    ledger::Ledger,
    pick::{Asked, choose, demand, list, supervised},
    roster::Roster,
    trace::{PickTrace, Trace},
};

/// What the first pick of a version asked for, against the facts of its decision.
pub fn retake_task(trace: &Trace, book: &dyn RuleBook) -> Vec<Mismatch> {
    let mut found = Differences::default();
    let checked = trace.selection.lane > values::Lane::Green;
    let Some(pick) = &trace.pick else {
        if checked {
            found.compare(What::PickMissing, "none", "an assignment");
        }
        return found.0;
    };
    if !checked {
        found.compare(What::PickNeedless, "an assignment", "none");
    }
    let facts = &trace.facts;
    found.compare(What::Office, &pick.office, &trace.office);
    found.compare(What::Day, &(&pick.day, pick.now_us), &(&trace.day, trace.now_us));
    found.compare(What::Declaration, &pick.declaration, &trace.declaration);
    found.compare(What::Version, &pick.version, &trace.version);
    found.compare(What::Round, &pick.round, &0);
    found.compare(What::List, pick.list.as_str(), list(facts));
    let commodities: Vec<&str> = facts.lines.iter().map(|l| l.commodity.as_str()).collect();
    found.compare(What::Demand, &pick.commodities.iter().map(String::as_str).collect::<Vec<_>>(), &commodities);
    found.compare(What::Demand, pick.places.as_slice(), &[facts.loading_place.clone(), facts.unloading_place.clone()][..]);
    found.compare(What::Demand, &(&pick.trader, &pick.declarant), &(&facts.trader, &facts.declarant));
    found.compare(What::Supervised, &pick.supervised, &supervised(trace.selection.lane));
    found.compare(What::DefaultCap, &pick.default_cap, &book.default_cap());
    found.0
}

/// Picks again with the loads of the `ledger` and the (mixed) key of the day; who has the file already is taken as traced.
pub fn retake_pick(pick: &PickTrace, roster: &Roster, ledger: &Ledger, key: &DayKey) -> Vec<Mismatch> {
    let mut found = Differences::default();
    let Ok(day) = pick.day.parse::<Day>() else {
        found.compare(What::Day, pick.day.as_str(), "YYYY-MM-DD");
        return found.0;
    };
    let commodities: Vec<&str> = pick.commodities.iter().map(String::as_str).collect();
    let places: Vec<&str> = pick.places.iter().map(String::as_str).collect();
    let exclude: Vec<&str> = pick.excluded.iter().map(String::as_str).collect();
    let asked = Asked {
        demand: demand(pick, &commodities, &places, &exclude),
        round: pick.round,
        supervised: pick.supervised,
        preferred: pick.preferred.as_ref(),
        month_start_us: month_start_us(day),
    };
    let urn = Urn { key, day, declaration: &pick.declaration, version: pick.version };
    let again = choose(&asked, roster, ledger, &urn);
    let traced = &pick.assignment;
    found.compare(What::Candidates, &traced.candidates, &again.assignment.candidates);
    found.compare(What::LeftOut, &traced.left_out, &again.assignment.left_out);
    found.compare(What::AssignmentDraws, &traced.draws, &again.assignment.draws);
    found.compare(What::Officer, &traced.choice, &again.assignment.choice);
    found.compare(What::How, &pick.how, &again.how);
    found.compare(What::Supervisors, &pick.supervisors, &again.supervisors);
    found.compare(What::Supervisor, &pick.supervisor, &again.supervisor);
    found.compare(What::SupervisorDraw, &pick.supervisor_draw, &again.supervisor_draw);
    found.0
}
