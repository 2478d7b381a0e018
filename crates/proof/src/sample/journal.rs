//! Puts the steps of all offices into streams and chains them.
use std::collections::HashMap;

use contracts::{Event as _, risk};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use values::{Day, Digest};

use crate::{
    format::{FACTS, Row, TRACES, Witness},
    write::JournalRow,
};

/// What one use case of one office writes.
#[derive(Debug, Clone)]
pub struct Step {
    pub at: i64,
    pub rows: Vec<Draft>,
}

/// A row before it has its place.
#[derive(Debug, Clone)]
pub struct Draft {
    pub traces: bool,
    pub stream: u32,
    pub kind: &'static str,
    pub subject: String,
    pub office: String,
    pub actor: String,
    pub payload: Vec<u8>,
}

impl Draft {
    pub fn fact(stream: u32, office: &str, subject: &str, actor: &str, fact: impl Into<risk::RiskEvent>) -> Self {
        let event = fact.into();
        let (kind, payload) = (event.kind(), event.encode_to_vec());
        Self { traces: false, stream, kind, subject: subject.to_owned(), office: office.to_owned(), actor: actor.to_owned(), payload }
    }

    pub fn trace(stream: u32, office: &str, subject: &str, fact: impl Into<risk::TraceEvent>) -> Self {
        let event = fact.into();
        let (kind, payload) = (event.kind(), event.encode_to_vec());
        Self { traces: true, stream, kind, subject: subject.to_owned(), office: office.to_owned(), actor: "risk".to_owned(), payload }
    }
}

/// Rows with positions and hashes, in the order of a file.
pub fn rows(steps: Vec<Step>) -> Vec<JournalRow> {
    let mut rows: Vec<JournalRow> = steps
        .into_iter()
        .flat_map(|step| step.rows.into_iter().map(move |draft| (step.at, draft)))
        .map(|(at, draft)| JournalRow {
            topic: if draft.traces { TRACES } else { FACTS }.to_owned(),
            stream: draft.stream,
            position: 0,
            cause: format!("customs.intake.v1/{}/{}", draft.stream, at % 100_000),
            kind: draft.kind.to_owned(),
            subject: draft.subject,
            office: draft.office,
            actor: draft.actor,
            at,
            hash: Digest::default(),
            payload: draft.payload,
        })
        .collect();
    chain(&mut rows);
    rows
}

/// Gives every row the next position of its stream and its hash: also what a tamperer does who owns the database.
pub fn chain(rows: &mut [JournalRow]) {
    let mut heads: HashMap<(String, u32), (u64, Digest)> = HashMap::new();
    for row in rows {
        let head = heads.entry((row.topic.clone(), row.stream)).or_default();
        row.position = head.0 + 1;
        row.hash = hash(row, &head.1);
        *head = (row.position, row.hash);
    }
}

fn hash(row: &JournalRow, previous: &Digest) -> Digest {
    let link = Row {
        t: 0,
        s: row.stream,
        p: row.position,
        kind: row.kind.as_str().into(),
        subject: row.subject.as_str().into(),
        office: row.office.as_str().into(),
        actor: row.actor.as_str().into(),
        cause: row.cause.as_str().into(),
        at: row.at,
        hash: "".into(),
        before: None,
        payload: None,
        digest: None,
    };
    link.chained(&row.topic, previous, &Sha256::digest(&row.payload).into())
}

/// What two readers saw: one in the middle of each stream, both its end.
pub fn witnesses(rows: &[JournalRow], day: Day) -> Vec<Witness> {
    let mut streams: HashMap<(&str, u32), Vec<&JournalRow>> = HashMap::new();
    for row in rows {
        streams.entry((&row.topic, row.stream)).or_default().push(row);
    }
    let mut streams: Vec<_> = streams.into_iter().collect();
    streams.sort_by_key(|(stream, _)| *stream);
    let seen = |by: &str, day: Day, row: &JournalRow| Witness {
        by: by.to_owned(),
        date: day.to_string(),
        topic: row.topic.clone(),
        stream: row.stream,
        position: row.position,
        hash: hex::encode(row.hash),
    };
    streams
        .iter()
        .flat_map(|(_, rows)| [seen("intake", day, rows[rows.len() / 2]), seen("reporting", day.succ_opt().unwrap_or(day), rows[rows.len() - 1])])
        .collect()
}
