//! L1 to L4: nothing accepted is missing, each effect once, versions never go back, counts equal across services.
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Evidence, Finding, Row};
use crate::load::{Item, Ledger, Standing};

/// (key, version).
type Version = (String, i64);

pub fn verify(evidence: &Evidence, ledger: &Ledger) -> Vec<Finding> {
    let items = ledger.items();
    let accepted = registrations(evidence);
    vec![
        nothing_missing(evidence, &items, &accepted),
        nothing_invented(evidence, &items),
        each_once(evidence, &accepted),
        one_moment(evidence),
        one_assignment(evidence),
        never_back(evidence),
        counts(evidence, &accepted),
    ]
}

/// Versions that intake registered, with what the ledger's digest is made of; more than one fact of a version is told by `each_once`.
fn registrations(evidence: &Evidence) -> BTreeMap<Version, Vec<&Value>> {
    let mut all: BTreeMap<Version, Vec<&Value>> = BTreeMap::new();
    for row in evidence.rows("intake", "customs.intake.v1") {
        if let Some(declaration) = row.fact.as_ref().map(|f| &f["declaration"]).filter(|d| d.is_object()) {
            all.entry((text(&declaration["key"]), number(&declaration["version"]))).or_default().push(declaration);
        }
    }
    all
}

fn nothing_missing(evidence: &Evidence, items: &HashMap<String, Item>, accepted: &BTreeMap<Version, Vec<&Value>>) -> Finding {
    let mut finding = Finding::new("L1 nothing accepted is missing: in intake, risk, tracking and reporting, with its content");
    for (reference, item) in items.iter().filter(|(_, i)| i.standing == Standing::Accepted) {
        let Some(declaration) = evidence.declarations.get(reference) else {
            finding.hold(false, || format!("{reference} ({:?}) was accepted and is not in intake", item.channel));
            continue;
        };
        let key = &declaration.key;
        finding.hold(item.number.is_empty() || item.number.starts_with(key.as_str()), || {
            format!("{reference} was told {}, intake has {key}", item.number)
        });
        finding.hold(declaration.version >= i32::try_from(item.version).unwrap_or(0), || format!("{reference}: version {} is lost", item.version));
        for version in 0..=i64::from(declaration.version) {
            let content = accepted.get(&(key.clone(), version)).and_then(|all| all.first()).and_then(|d| d["content"].as_str());
            let sent = usize::try_from(version).ok().and_then(|v| item.digests.get(v)).map(String::as_str);
            finding.hold(content == sent, || format!("{reference} version {version} was registered with other content than was sent"));
            let row = i32::try_from(version).ok().and_then(|v| evidence.reported.get(&(key.clone(), v)));
            finding.hold(row.is_some_and(|(lane, lodged)| *lodged && !lane.is_empty()), || {
                format!("{reference} version {version} is not whole in reporting")
            });
        }
        let file = evidence.files.get(key);
        finding.hold(file.is_some_and(|f| f.version == declaration.version && f.lane == declaration.lane), || {
            format!("{reference} is {declaration:?} in intake, {file:?} in risk")
        });
        let carried = evidence.carried.get(key);
        finding.hold(carried == Some(&declaration.version), || format!("{reference} version {} is {carried:?} in tracking", declaration.version));
    }
    finding
}

fn nothing_invented(evidence: &Evidence, items: &HashMap<String, Item>) -> Finding {
    let mut finding = Finding::new("L2 nothing is there that was not sent, or was refused");
    for reference in evidence.declarations.keys() {
        finding.hold(items.get(reference).is_some_and(|i| i.standing != Standing::Refused), || format!("{reference} is in intake"));
    }
    finding
}

fn each_once(evidence: &Evidence, accepted: &BTreeMap<Version, Vec<&Value>>) -> Finding {
    let mut finding = Finding::new("L2 each effect once: one registration, one decision, one row of reports a version");
    let decisions = decisions(evidence);
    for (version, facts) in accepted {
        finding.hold(facts.len() == 1, || format!("{version:?} was registered {} times", facts.len()));
        let decided = decisions.get(version).map_or(0, Vec::len);
        finding.hold(decided == 1, || format!("{version:?} was decided {decided} times"));
    }
    for version in decisions.keys() {
        finding.hold(accepted.contains_key(version), || format!("{version:?} was decided and never registered"));
    }
    let mut references: HashMap<String, u64> = HashMap::new();
    for declaration in accepted.iter().filter(|((_, version), _)| *version == 0).flat_map(|(_, facts)| facts) {
        *references.entry(text(&declaration["reference"])).or_default() += 1;
    }
    for (reference, times) in references {
        finding.hold(times == 1, || format!("{reference} was lodged {times} times"));
    }
    let mut cleared: HashMap<(String, i64), u64> = HashMap::new();
    for fact in evidence.rows("intake", "customs.intake.v1").filter(|r| r.kind.ends_with(".Cleared")).filter_map(|r| r.fact.as_ref()) {
        *cleared.entry((text(&fact["key"]), number(&fact["version"]))).or_default() += 1;
    }
    for (version, times) in cleared {
        finding.hold(times == 1, || format!("{version:?} was cleared {times} times"));
    }
    finding
}

fn decisions(evidence: &Evidence) -> BTreeMap<Version, Vec<&Value>> {
    let mut all: BTreeMap<Version, Vec<&Value>> = BTreeMap::new();
    for fact in evidence.rows("risk", "customs.risk.v1").filter(|r| r.kind.ends_with(".Decided")).filter_map(|r| r.fact.as_ref()) {
        all.entry((text(&fact["key"]), number(&fact["version"]))).or_default().push(fact);
    }
    all
}

/// Whatever a service writes because of one message is written at one moment: a message that is applied twice shows here, whatever absorbs it.
fn one_moment(evidence: &Evidence) -> Finding {
    let mut finding = Finding::new("L2 each message is applied once: all that it caused was written at one moment");
    for (service, books) in &evidence.books {
        let mut moments: HashMap<&str, i64> = HashMap::new();
        for row in books.journal.values().flatten().filter(|r| is_message(&r.cause)) {
            let first = *moments.entry(&row.cause).or_insert(row.recorded_us);
            finding.hold(first == row.recorded_us, || format!("{service} applied {} again: {} of {}", row.cause, row.kind, row.subject));
        }
    }
    finding
}

/// `topic/partition/position` or `topic/partition@offset`; calls, timers and redrives have other causes.
fn is_message(cause: &str) -> bool {
    cause.contains('/') && !["grpc:", "timer:", "redrive:"].iter().any(|other| cause.starts_with(other))
}

/// Folds risk's facts in the order of their time at the office; what is live must be what the tables say.
fn one_assignment(evidence: &Evidence) -> Finding {
    let mut finding = Finding::new("L2 one live assignment a file, and officers' open files counted right");
    let mut rows: Vec<&Row> = evidence.rows("risk", "customs.risk.v1").filter(|r| r.fact.is_some()).collect();
    rows.sort_by_key(|r| r.recorded_us);
    let mut live: HashMap<String, String> = HashMap::new();
    let mut rounds: HashMap<(String, i64, i64), u64> = HashMap::new();
    for row in rows {
        let Some(fact) = &row.fact else { continue };
        let key = text(&fact["key"]);
        match row.kind.rsplit('.').next().unwrap_or_default() {
            "Assigned" => {
                *rounds.entry((key.clone(), number(&fact["version"]), number(&fact["round"]))).or_default() += 1;
                live.insert(key, text(&fact["officer"]));
            }
            "Reassigned" => {
                live.insert(key, text(&fact["to"]));
            }
            "AssignmentClosed" | "Concluded" => {
                live.remove(&key);
            }
            _ => {}
        }
    }
    for (round, times) in rounds {
        finding.hold(times == 1, || format!("{round:?} was assigned {times} times"));
    }
    let mut counted: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (key, file) in evidence.files.iter().filter(|(_, f)| f.state == "OPEN") {
        *counted.entry((file.office.clone(), file.officer.clone())).or_default() += 1;
        finding.hold(live.get(key) == Some(&file.officer), || format!("{key} is with {}, its facts say {:?}", file.officer, live.get(key)));
    }
    for (who, open) in &evidence.open_files {
        let expected = counted.get(who).copied().unwrap_or(0);
        finding.hold(*open == expected, || format!("{who:?} has {expected} open files, {open} are counted"));
    }
    finding
}

fn never_back(evidence: &Evidence) -> Finding {
    let mut finding = Finding::new("L3 versions of one key never go back");
    for (service, topic) in [("intake", "customs.intake.v1"), ("risk", "customs.risk.v1")] {
        let mut latest: HashMap<String, i64> = HashMap::new();
        for row in evidence.rows(service, topic).filter(|r| [".Lodged", ".Amended", ".Decided"].iter().any(|k| r.kind.ends_with(k))) {
            let Some(fact) = &row.fact else { continue };
            let named = if fact["declaration"].is_object() { &fact["declaration"] } else { fact };
            let (key, version) = (text(&named["key"]), number(&named["version"]));
            let before = latest.insert(key, version);
            finding.hold(before.is_none_or(|b| b < version), || format!("{topic}: {} went from version {before:?} to {version}", row.subject));
        }
    }
    finding
}

fn counts(evidence: &Evidence, accepted: &BTreeMap<Version, Vec<&Value>>) -> Finding {
    let mut finding = Finding::new("L4 counts are equal across services");
    let registered = accepted.len();
    let reported = evidence.reported.values().filter(|(_, lodged)| *lodged).count();
    finding.hold(reported == registered, || format!("intake registered {registered} versions, reporting shows {reported}"));
    let (declarations, files, carried) = (evidence.declarations.len(), evidence.files.len(), evidence.carried.len());
    finding.hold(declarations == files, || format!("intake has {declarations} declarations, risk {files}"));
    finding.hold(declarations == carried, || format!("intake has {declarations} declarations, tracking {carried}"));
    for (version, facts) in decisions(evidence) {
        let lane = facts.first().map(|f| text(&f["lane"]).trim_start_matches("LANE_").to_lowercase()).unwrap_or_default();
        let row = i32::try_from(version.1).ok().and_then(|v| evidence.reported.get(&(version.0.clone(), v)));
        finding.hold(row.is_some_and(|(shown, _)| *shown == lane), || format!("{version:?} is {lane} in risk, {row:?} in reporting"));
    }
    finding
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}
