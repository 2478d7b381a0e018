//! One row, read: where it stands, what it says, whether it chains.
use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contracts::risk::{RiskEvent, TraceEvent, risk_event, trace_event};
use prost::Message as _;
use risk_domain::PickTrace;
use sha2::{Digest as _, Sha256};
use values::Digest;

use crate::{
    auditing::{Evidence, Retaken},
    fault::Fault,
    format::{Row, TRACES, digest},
};

/// A row with what its payload says.
#[derive(Debug)]
pub struct Item {
    pub t: u8,
    pub s: u32,
    pub p: u64,
    pub at: i64,
    pub office: String,
    pub subject: String,
    pub hash: Digest,
    pub before: Option<Digest>,
    pub link: Link,
    /// `Decided`, `Traced`, ...: the last part of the kind; '' for kinds that no check looks at.
    pub name: &'static str,
    pub fact: Fact,
}

/// Whether the row's hash follows from the row before.
#[derive(Debug)]
pub enum Link {
    Holds,
    Broken,
    /// The row before is not at hand here.
    Pending(Box<Row<'static>>, Digest),
}

/// What a payload says.
#[derive(Debug)]
pub enum Fact {
    /// Only the header is there, or no check needs the content.
    Header,
    /// Why the payload cannot be read.
    Bad(String),
    Risk(Box<risk_event::Fact>),
    Traced(Box<Retaken>),
    Picked(Box<Picked>),
}

/// An assignment's trace.
#[derive(Debug)]
pub struct Picked {
    pub key: String,
    pub version: u32,
    pub round: u32,
    /// `SHA-256(salt ‖ trace)`.
    pub digest: Digest,
    pub trace: Result<PickTrace, String>,
}

const NAMES: [&str; 17] = [
    "Decided",
    "Assigned",
    "Reassigned",
    "AssignmentClosed",
    "Concluded",
    "Superseded",
    "DayCommitted",
    "DayOpened",
    "DayClosed",
    "DayKeyRevealed",
    "RulesInForce",
    "RosterSet",
    "LaneChanged",
    "Traced",
    "RulesPublished",
    "PickTraced",
    "RuleChanged",
];

/// The last hash of each stream, by topic and stream.
pub type Heads = HashMap<(u8, u32), Digest>;

/// Reads one line; `heads` are the rows read before it here.
pub fn read(text: &[u8], line: u64, topics: &[String], heads: &mut Heads, evidence: &Evidence<'_>) -> Result<Item, Fault> {
    let row: Row<'_> = serde_json::from_slice(text).map_err(|e| Fault::at(line, format!("not a row: {e}")))?;
    let topic = topics.get(usize::from(row.t)).ok_or_else(|| Fault::at(line, "a topic that the header does not name"))?;
    let hex = |text: &str| digest(text).ok_or_else(|| Fault::at(line, "a hash that is not 64 hex digits"));
    let hash = hex(&row.hash)?;
    let before = row.before.as_deref().map(hex).transpose()?;
    let payload = row.payload.as_deref().map(|p| STANDARD.decode(p)).transpose().map_err(|e| Fault::at(line, format!("payload: {e}")))?;
    let payload_digest: Digest = match (&payload, row.digest.as_deref()) {
        (Some(bytes), None) => Sha256::digest(bytes).into(),
        (None, Some(text)) => hex(text)?,
        _ => return Err(Fault::at(line, "a row has either a payload or a digest")),
    };
    let link = match before.or_else(|| heads.get(&(row.t, row.s)).copied()) {
        Some(previous) if row.chained(topic, &previous, &payload_digest) == hash => Link::Holds,
        Some(_) => Link::Broken,
        None => Link::Pending(Box::new(row.clone().into_owned()), payload_digest),
    };
    heads.insert((row.t, row.s), hash);
    let name = row.kind.strip_prefix("customs.risk.v1.").and_then(|n| NAMES.iter().find(|k| **k == n)).copied().unwrap_or("");
    let fact = match &payload {
        Some(bytes) if !name.is_empty() && topic == TRACES => traced(bytes, name, &row, evidence),
        Some(bytes) if !name.is_empty() => stated(bytes, name),
        _ => Fact::Header,
    };
    let (office, subject) = (row.office.into_owned(), row.subject.into_owned());
    Ok(Item { t: row.t, s: row.s, p: row.p, at: row.at, office, subject, hash, before, link, name, fact })
}

fn stated(bytes: &[u8], name: &str) -> Fact {
    match RiskEvent::decode(bytes) {
        Ok(RiskEvent { fact: Some(fact) }) if arm(&fact) == name => Fact::Risk(Box::new(fact)),
        Ok(_) => Fact::Bad("the payload is not what its kind says".to_owned()),
        Err(error) => Fact::Bad(error.to_string()),
    }
}

fn traced(bytes: &[u8], name: &str, row: &Row<'_>, evidence: &Evidence<'_>) -> Fact {
    use trace_event::Fact as Arm;
    match (TraceEvent::decode(bytes).map(|e| e.fact), name) {
        (Ok(Some(Arm::Traced(traced))), "Traced") => Fact::Traced(Box::new(Retaken::new(&traced, row, evidence))),
        (Ok(Some(Arm::PickTraced(picked))), "PickTraced") => Fact::Picked(Box::new(Picked {
            digest: Sha256::new().chain_update(&picked.salt).chain_update(&picked.trace).finalize().into(),
            trace: canonical(&picked.trace),
            key: picked.key,
            version: picked.version,
            round: picked.round,
        })),
        (Ok(Some(Arm::RulesPublished(published))), "RulesPublished") => {
            let digest: Digest = Sha256::digest(published.rules.as_bytes()).into();
            if digest.as_slice() == published.digest {
                Fact::Header
            } else {
                Fact::Bad("the rules do not have the digest that is published".to_owned())
            }
        }
        (Ok(Some(Arm::RuleChanged(_))), "RuleChanged") => Fact::Header,
        (Ok(_), _) => Fact::Bad("the payload is not what its kind says".to_owned()),
        (Err(error), _) => Fact::Bad(error.to_string()),
    }
}

fn canonical(bytes: &[u8]) -> Result<PickTrace, String> {
    let trace = PickTrace::read(bytes).map_err(|e| e.to_string())?;
    if trace.bytes() == bytes { Ok(trace) } else { Err("the trace is not in its canonical form".to_owned()) }
}

fn arm(fact: &risk_event::Fact) -> &'static str {
    use risk_event::Fact as Arm;
    match fact {
        Arm::Decided(_) => "Decided",
        Arm::Assigned(_) => "Assigned",
        Arm::Reassigned(_) => "Reassigned",
        Arm::AssignmentClosed(_) => "AssignmentClosed",
        Arm::Concluded(_) => "Concluded",
        Arm::Superseded(_) => "Superseded",
        Arm::DayCommitted(_) => "DayCommitted",
        Arm::DayOpened(_) => "DayOpened",
        Arm::DayClosed(_) => "DayClosed",
        Arm::DayKeyRevealed(_) => "DayKeyRevealed",
        Arm::RulesInForce(_) => "RulesInForce",
        Arm::RosterSet(_) => "RosterSet",
        Arm::LaneChanged(_) => "LaneChanged",
        Arm::HeadsWitnessed(_) => "HeadsWitnessed",
        Arm::DeadLetterDiscarded(_) => "DeadLetterDiscarded",
    }
}
