//! Journal rows as the pair monitor looks at them: who got which file, who could have, how long it took and what came of it.
use std::collections::HashMap;

use chrono::{Datelike, Timelike};
use contracts::risk::{Concluded, Reassigned, RiskEvent, TraceEvent, risk_event, trace_event};
use platform::Instant;
use prost::Message;
use risk_domain::{
    Chance, Choice, PickTrace, Trace,
    monitor::{Observed, Report, Settings, examine},
};
use values::ZONE;

/// One assignment of one version.
struct Given {
    at: Instant,
    officer: String,
    pick: PickTrace,
    chances: Vec<(String, Chance)>,
    automatic: bool,
    minutes: Option<u32>,
    found: Option<bool>,
}

/// Examines rows in the order in which they were recorded: (recorded at, payload, is a trace).
pub fn report(rows: &[(Instant, Vec<u8>, bool)]) -> Report {
    let mut given: Vec<Given> = Vec::new();
    let mut open: HashMap<(String, u32), usize> = HashMap::new();
    for (at, payload, trace) in rows {
        if *trace {
            let Some(new) = assigned(*at, payload) else { continue };
            open.insert((new.pick.declaration.clone(), new.pick.version), given.len());
            given.push(new);
        } else {
            match RiskEvent::decode(payload.as_slice()).ok().and_then(|event| event.fact) {
                Some(risk_event::Fact::Concluded(fact)) => concluded(*at, &fact, &open, &mut given),
                Some(risk_event::Fact::Reassigned(fact)) => named(*at, &fact, &open, &mut given),
                _ => {}
            }
        }
    }
    let observed: Vec<Observed<'_>> = given.iter().map(observed).collect();
    examine(&observed, &Settings::default())
}

/// A draw; a file that returned to its officer or joined its group was not drawn.
fn assigned(at: Instant, payload: &[u8]) -> Option<Given> {
    let pick = match TraceEvent::decode(payload).ok()?.fact? {
        trace_event::Fact::Traced(traced) => Trace::read(&traced.trace).ok()?.pick?,
        trace_event::Fact::PickTraced(traced) => PickTrace::read(&traced.trace).ok()?,
        _ => return None,
    };
    let Choice::Officer(officer) = pick.assignment.choice.clone() else { return None };
    if pick.assignment.candidates.is_empty() {
        return None;
    }
    let chances = pick.assignment.chances().into_iter().map(|(code, chance)| (code.to_owned(), chance)).collect();
    Some(Given { at, officer, pick, chances, automatic: true, minutes: None, found: None })
}

fn concluded(at: Instant, fact: &Concluded, open: &HashMap<(String, u32), usize>, given: &mut [Given]) {
    if let Some(file) = open.get(&(fact.key.clone(), fact.version)).and_then(|index| given.get_mut(*index)) {
        file.minutes = u32::try_from((at - file.at).num_minutes().max(0)).ok();
        file.found = Some(!fact.conform);
    }
}

/// A person named the officer: the chances stay those of the rule, so that steering by override shows.
fn named(at: Instant, fact: &Reassigned, open: &HashMap<(String, u32), usize>, given: &mut [Given]) {
    if fact.drawn {
        return;
    }
    if let Some(file) = open.get(&(fact.key.clone(), fact.version)).and_then(|index| given.get_mut(*index)) {
        file.officer.clone_from(&fact.to);
        (file.at, file.automatic) = (at, false);
    }
}

fn observed(given: &Given) -> Observed<'_> {
    let local = given.at.with_timezone(&ZONE);
    Observed {
        officer: &given.officer,
        declarant: &given.pick.declarant,
        trader: &given.pick.trader,
        hour: u8::try_from(local.hour()).unwrap_or(23),
        day: local.date_naive().num_days_from_ce(),
        candidates: given.chances.iter().map(|(code, chance)| (code.as_str(), *chance)).collect(),
        minutes_to_conclude: given.minutes,
        found: given.found,
        automatic: given.automatic,
    }
}
