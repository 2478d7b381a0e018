//! Every message of the single window has its answer, once; every declaration learns its lane, once.
use std::collections::{HashMap, HashSet};

use super::{
    Evidence, Finding,
    effects::{number, text},
};
use crate::load::{Channel, Ledger, Standing};

pub fn verify(evidence: &Evidence, ledger: &Ledger) -> Finding {
    let mut finding = Finding::new("L2 every sender has every answer, once");
    // One answer id may lie in the journal again when a message was sent again; it is the same answer.
    let mut accepted: HashMap<String, HashSet<String>> = HashMap::new();
    let mut lanes: HashMap<(String, i64), HashSet<String>> = HashMap::new();
    for row in evidence.rows("intake", "nsw.responses.v1") {
        let Some(fact) = &row.fact else { continue };
        let answer = if row.answer.is_empty() { format!("{}-{}", row.subject, row.position) } else { row.answer.clone() };
        if text(&fact["function"]) == "01" {
            accepted.entry(text(&fact["inReplyTo"])).or_default().insert(answer.clone());
        }
        if !text(&fact["lane"]).is_empty() && ["05", "06", "09", "13"].contains(&text(&fact["function"]).as_str()) {
            lanes.entry((text(&fact["number"]), number(&fact["version"]))).or_default().insert(format!("{} {answer}", text(&fact["function"])));
        }
    }
    let items = ledger.items();
    for (reference, item) in items.iter().filter(|(_, i)| i.standing == Standing::Accepted) {
        if item.channel == Channel::Topic {
            let answers = accepted.get(&item.id).map_or(0, HashSet::len);
            finding.hold(answers == 1, || format!("{reference} has {answers} answers 01"));
        }
        let Some(declaration) = evidence.declarations.get(reference) else { continue };
        let number = format!("{}{}", declaration.key, declaration.version);
        let told = lanes.get(&(number.clone(), i64::from(declaration.version)));
        finding.hold(told.is_some(), || format!("{number} was never told its lane"));
        if let Some(told) = told {
            let mut functions: Vec<&str> = told.iter().filter_map(|t| t.split(' ').next()).collect();
            functions.sort_unstable();
            let all = functions.len();
            functions.dedup();
            finding.hold(functions.len() == all, || format!("{number} was told the same twice: {told:?}"));
        }
    }
    finding
}
