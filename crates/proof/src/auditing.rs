//! What an auditor sees beside the public rows: traces, taken again under the rules and the model that they name.
use std::collections::HashMap;

use contracts::risk::Traced;
use risk_domain::{DayKey, Mismatch, RuleBook, Scorer, Trace, What, retake_selection, retake_task};
use sha2::{Digest as _, Sha256};
use values::Digest;

use crate::format::Row;

/// Reads the documents that an auditor's file carries.
pub trait Documents {
    /// Rules from their canonical JSON.
    fn rules(&self, document: &[u8]) -> Result<Box<dyn RuleBook>, String>;
    /// A model from its artefact.
    fn model(&self, artefact: &[u8]) -> Result<Box<dyn Scorer>, String>;
}

/// For public files, which carry none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDocuments;

impl Documents for NoDocuments {
    fn rules(&self, _: &[u8]) -> Result<Box<dyn RuleBook>, String> {
        Err("this verifier reads no rules".to_owned())
    }

    fn model(&self, _: &[u8]) -> Result<Box<dyn Scorer>, String> {
        Err("this verifier reads no model".to_owned())
    }
}

/// Keys, rules and models by digest in hex.
#[derive(Default)]
pub struct Evidence<'a> {
    /// Mixed keys by office.
    pub keys: HashMap<&'a str, DayKey>,
    pub rules: HashMap<String, Box<dyn RuleBook>>,
    pub models: HashMap<String, Box<dyn Scorer>>,
}

/// A trace that was read and taken again as far as it stands alone.
#[derive(Debug)]
pub struct Retaken {
    pub key: String,
    pub version: u32,
    /// `SHA-256(salt ‖ trace)`.
    pub digest: Digest,
    pub outcome: Result<Outcome, String>,
}

/// What the rows around it must agree with.
#[derive(Debug)]
pub struct Outcome {
    /// Without descriptions of goods: whatever the office's course still needs.
    pub trace: Box<Trace>,
    /// Selected profiles that have a cap; all of them when the rules are not in the file.
    pub capped: Vec<String>,
    pub mismatches: Vec<Mismatch>,
    /// Rules or model that are missing.
    pub unread: Option<String>,
}

impl Retaken {
    pub fn new(traced: &Traced, row: &Row<'_>, evidence: &Evidence<'_>) -> Self {
        let digest = Sha256::new().chain_update(&traced.salt).chain_update(&traced.trace).finalize().into();
        Self { key: traced.key.clone(), version: traced.version, digest, outcome: outcome(&traced.trace, row, evidence) }
    }
}

fn outcome(bytes: &[u8], row: &Row<'_>, evidence: &Evidence<'_>) -> Result<Outcome, String> {
    let mut trace = Trace::read(bytes).map_err(|e| e.to_string())?;
    if trace.bytes() != bytes {
        return Err("the trace is not in its canonical form".to_owned());
    }
    let (mut mismatches, mut unread) = (Vec::new(), None);
    if trace.office != row.office {
        mismatches.push(Mismatch { what: What::Office, traced: trace.office.clone(), again: row.office.to_string() });
    }
    match (evidence.rules.get(&trace.rules), evidence.models.get(&trace.model), evidence.keys.get(&*row.office)) {
        (None, _, _) => unread = Some(format!("rules {} are not in the file", trace.rules)),
        (_, None, _) if !trace.model.is_empty() => unread = Some(format!("model {} is not in the file", trace.model)),
        (_, _, None) => unread = Some("the header has no key for this office".to_owned()),
        (Some(book), model, Some(key)) => {
            mismatches.extend(retake_selection(&trace, book.as_ref(), model.map(Box::as_ref), key));
            mismatches.extend(retake_task(&trace, book.as_ref()));
        }
    }
    let capped = trace.counters.hits.iter().map(|(id, _)| id.clone()).collect();
    trace.facts.lines = Vec::new();
    Ok(Outcome { trace: Box::new(trace), capped, mismatches, unread })
}
