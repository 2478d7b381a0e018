//! What an auditor sees beside the public rows: traces, taken again under the rules and the model that they name.
use std::collections::HashMap;

use contracts::risk::Traced;
use risk_domain::{Counters, DayKey, Draw, Mismatch, PickTrace, RuleBook, Scorer, Selection, Trace, What, retake_selection, retake_task};
use sha2::{Digest as _, Sha256};
use values::{Digest, Direction, Lane};

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

/// What the rows around it must agree with: no more of the trace than that, so that little travels between threads.
#[derive(Debug)]
pub struct Outcome {
    pub declaration: String,
    pub version: u32,
    pub day: String,
    pub now_us: i64,
    pub direction: Direction,
    pub group: String,
    pub earlier_lane: Option<Lane>,
    /// Digests in hex.
    pub rules: String,
    pub model: String,
    pub counters: Counters,
    /// Without its draws.
    pub selection: Selection,
    pub points: u32,
    pub pick: Option<PickTrace>,
    /// Marks of the draws of earlier versions, and of all.
    pub earlier: Vec<Mark>,
    pub drawn: Vec<Mark>,
    pub mismatches: Vec<Mismatch>,
    /// Rules or model that are missing.
    pub unread: Option<String>,
}

/// 128 bits of a draw's SHA-256: enough to know it again.
pub type Mark = [u8; 16];

fn mark(draw: &Draw) -> Mark {
    let mut hash = Sha256::new();
    for text in [&draw.purpose, &draw.value, &draw.day] {
        values::lp(&mut hash, text.as_bytes());
    }
    hash.update(draw.version.to_be_bytes());
    hash.update(draw.counter.to_be_bytes());
    let digest: Digest = hash.finalize().into();
    std::array::from_fn(|i| digest[i])
}

impl Retaken {
    pub fn new(traced: &Traced, row: &Row<'_>, evidence: &Evidence<'_>) -> Self {
        let digest = Sha256::new().chain_update(&traced.salt).chain_update(&traced.trace).finalize().into();
        Self { key: traced.key.clone(), version: traced.version, digest, outcome: outcome(&traced.trace, row, evidence) }
    }
}

fn outcome(bytes: &[u8], row: &Row<'_>, evidence: &Evidence<'_>) -> Result<Outcome, String> {
    let trace = Trace::read(bytes).map_err(|e| e.to_string())?;
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
    let earlier: Vec<Mark> = trace.earlier.iter().map(mark).collect();
    let fresh: Vec<Mark> = trace.selection.draws.iter().map(mark).filter(|m| !earlier.contains(m)).collect();
    Ok(Outcome {
        direction: trace.facts.direction,
        group: risk_domain::group(&trace.facts).to_owned(),
        earlier_lane: trace.facts.history.earlier_lane,
        drawn: earlier.iter().copied().chain(fresh).collect(),
        earlier,
        selection: Selection { draws: Vec::new(), ..trace.selection },
        declaration: trace.declaration,
        version: trace.version,
        day: trace.day,
        now_us: trace.now_us,
        rules: trace.rules,
        model: trace.model,
        counters: trace.counters,
        points: trace.points,
        pick: trace.pick,
        mismatches,
        unread,
    })
}
