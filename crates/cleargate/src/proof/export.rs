//! Writes the rows of a day with their witnesses, and for auditors the rules and models they name.
use std::{cmp::Reverse, collections::BTreeMap, io::Write};

use anyhow::{Context, Result, bail};
use contracts::{
    common::JournalRow,
    risk::{GetModelRequest, TraceEvent, trace_event},
};
use proof::{FACTS, FORMAT, Header, Kind, TRACES, Writer};
use prost::Message;

use super::{cursor::Cursor, made_at, span::Span};
use crate::client::{Clients, explain};

/// Writes the proof; returns how many rows.
pub async fn write(clients: &Clients, span: &Span, kind: Kind, out: &mut impl Write) -> Result<u64> {
    let topics = vec![FACTS.to_owned(), TRACES.to_owned()];
    let header = Header { format: FORMAT.to_owned(), kind, day: span.day.clone(), made_at: made_at(), topics, keys: span.keys.clone() };
    let mut writer = Writer::new(&header, out)?;
    for witness in &span.witnesses {
        writer.witness(witness)?;
    }
    if kind == Kind::Auditor {
        for (digest, text) in rules(clients, span).await? {
            if span.rules.contains(&digest) {
                writer.document("rules", text.as_bytes())?;
            }
        }
        for digest in &span.models {
            writer.document("model", &model(clients, digest).await?)?;
        }
    }
    let mut lanes: Vec<Lane<'_>> = Vec::new();
    for (topic, stream, ranges) in &span.ranges {
        lanes.push(Lane { topic, stream: *stream, ranges: ranges.iter().rev().copied().collect(), cursor: None, before: [0; 32], clients });
    }
    let mut rows = 0;
    while let Some(lane) = earliest(&mut lanes).await? {
        let before = lane.before;
        let row = lane.take().await?;
        writer.row(&proof_row(row)?, &before)?;
        rows += 1;
    }
    writer.finish()?;
    Ok(rows)
}

/// One stream being read.
struct Lane<'c> {
    topic: &'static str,
    stream: u32,
    /// Still to come, the next one last.
    ranges: Vec<(u64, u64)>,
    cursor: Option<Cursor<'c>>,
    /// Hash of the row before the next one.
    before: [u8; 32],
    clients: &'c Clients,
}

impl Lane<'_> {
    /// When the next row was recorded.
    async fn next(&mut self) -> Result<Option<i64>> {
        loop {
            if let Some(cursor) = &mut self.cursor
                && let Some(row) = cursor.peek().await?
            {
                return Ok(Some(row.recorded_at_us));
            }
            let Some((from, last)) = self.ranges.pop() else { return Ok(None) };
            // The row before a range is read for its hash alone.
            let mut cursor = Cursor::new(self.clients, self.topic, self.stream, from.saturating_sub(1).max(1), last);
            self.before = [0; 32];
            if from > 1 {
                self.before = hash(&cursor.take().await?.context("a stream ended early")?)?;
            }
            self.cursor = Some(cursor);
        }
    }

    async fn take(&mut self) -> Result<JournalRow> {
        let cursor = self.cursor.as_mut().context("nothing is being read")?;
        let row = cursor.take().await?.context("a stream ended early")?;
        self.before = hash(&row)?;
        Ok(row)
    }
}

/// The stream whose next row was recorded first; facts before traces.
async fn earliest<'l, 'c>(lanes: &'l mut [Lane<'c>]) -> Result<Option<&'l mut Lane<'c>>> {
    let mut first: Option<(Reverse<i64>, usize)> = None;
    for (place, lane) in lanes.iter_mut().enumerate() {
        if let Some(at) = lane.next().await?
            && first.is_none_or(|(best, _)| Reverse(at) > best)
        {
            first = Some((Reverse(at), place));
        }
    }
    Ok(first.map(|(_, place)| &mut lanes[place]))
}

fn hash(row: &JournalRow) -> Result<[u8; 32]> {
    row.hash.as_slice().try_into().with_context(|| format!("{}/{}/{} has no hash", row.topic, row.stream, row.position))
}

fn proof_row(row: JournalRow) -> Result<proof::JournalRow> {
    let hash = hash(&row)?;
    Ok(proof::JournalRow {
        topic: row.topic,
        stream: row.stream,
        position: row.position,
        kind: row.kind,
        subject: row.subject,
        office: row.office,
        actor: row.actor,
        cause: row.cause,
        at: row.recorded_at_us,
        hash,
        payload: row.payload.to_vec(),
    })
}

/// Rules by digest, as they were published.
async fn rules(clients: &Clients, span: &Span) -> Result<BTreeMap<Vec<u8>, String>> {
    let mut known = BTreeMap::new();
    for (_, stream, ranges) in span.ranges.iter().filter(|(topic, _, _)| *topic == TRACES) {
        let last = ranges.iter().map(|(_, last)| *last).max().unwrap_or(0);
        let mut cursor = Cursor::new(clients, TRACES, *stream, 1, last);
        while let Some(row) = cursor.take().await? {
            if row.kind.ends_with(".RulesPublished")
                && let Some(trace_event::Fact::RulesPublished(published)) = TraceEvent::decode(row.payload.as_ref())?.fact
            {
                known.insert(published.digest, published.rules);
            }
        }
    }
    if let Some(missing) = span.rules.iter().find(|digest| !known.contains_key(*digest)) {
        bail!("the rules {} that the day names were never published", hex::encode(missing));
    }
    Ok(known)
}

async fn model(clients: &Clients, digest: &[u8]) -> Result<Vec<u8>> {
    let request = clients.request("auditor", "auditor", GetModelRequest { digest: digest.to_vec() })?;
    Ok(clients.risk().get_model(request).await.map_err(|s| explain(&s))?.into_inner().artefact)
}
