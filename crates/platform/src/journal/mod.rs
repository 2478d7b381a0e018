//! The journal: outbox, audit log and event source in one append-only table.
//!
//! A use case collects [`Entry`]s while it works. At the end of its transaction [`append`] locks the head of every stream concerned, takes
//! the next positions and writes all rows in one statement. Positions are therefore gapless and in commit order: no sequence is involved,
//! so a reader that asks for everything after a position can never miss a slower transaction.
pub mod chain;
mod read;

use std::collections::HashMap;

use sqlx::PgConnection;

pub use self::chain::{GENESIS, Hash, Link};
pub use self::read::{Head, Row, head, heads, read};
use crate::{
    cloudevent::{self, ANSWER},
    failure::Failure,
    protocol::chain::Tip,
    streams::Layout,
    work::Entry,
};

/// Where appended rows may go and how large they may be.
#[derive(Debug, Clone, Copy)]
pub struct Journal {
    pub layout: Layout,
    /// Bytes; the broker would refuse more.
    pub largest_payload: usize,
}

/// Place of an appended row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub stream: u32,
    pub position: u64,
}

impl std::fmt::Display for Place {
    /// `<stream>-<position>`, the CloudEvents id.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.stream, self.position)
    }
}

/// Appends the entries in their order; returns the place of each.
///
/// # Errors
/// `Deterministic` when a payload is too large or a stream does not exist.
pub async fn append(conn: &mut PgConnection, journal: Journal, entries: &[Entry]) -> Result<Vec<Place>, Failure> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(large) = entries.iter().find(|e| e.payload.len() > journal.largest_payload) {
        return Err(Failure::Deterministic(format!("{} has {} bytes, the topic takes {}", large.kind, large.payload.len(), journal.largest_payload)));
    }
    let streams: Vec<i32> = entries.iter().map(|e| i32::try_from(journal.layout.stream(e.class, &e.office)).unwrap_or(0)).collect();
    let mut heads = lock_heads(conn, entries, &streams).await?;
    let rows = chained(entries, &streams, &mut heads)?;
    insert(conn, entries, &streams, &rows).await?;
    advance(conn, &heads).await?;
    Ok(streams.iter().zip(&rows.positions).map(|(s, p)| Place { stream: s.unsigned_abs(), position: p.unsigned_abs() }).collect())
}

type Heads = HashMap<(&'static str, i32), Tip>;

async fn lock_heads(conn: &mut PgConnection, entries: &[Entry], streams: &[i32]) -> Result<Heads, Failure> {
    let mut wanted: Vec<(&'static str, i32)> = entries.iter().map(|e| e.topic).zip(streams.iter().copied()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let topics: Vec<String> = wanted.iter().map(|(t, _)| (*t).to_owned()).collect();
    let numbers: Vec<i32> = wanted.iter().map(|(_, s)| *s).collect();
    let rows = sqlx::query!(
        r#"SELECT s.topic, s.stream, s.position, s.hash
           FROM UNNEST($1::text[], $2::int[]) AS w (topic, stream) JOIN streams s USING (topic, stream)
           ORDER BY s.topic, s.stream FOR UPDATE OF s"#,
        &topics,
        &numbers
    )
    .fetch_all(conn)
    .await?;
    let names: HashMap<&str, &'static str> = wanted.iter().map(|(t, _)| (*t, *t)).collect();
    let mut heads = Heads::new();
    for row in rows {
        let (Some(topic), Some(hash)) = (names.get(row.topic.as_str()), chain::hash(&row.hash)) else { continue };
        heads.insert((topic, row.stream), Tip { position: row.position, hash });
    }
    match wanted.iter().find(|place| !heads.contains_key(place)) {
        Some((topic, stream)) => Err(Failure::Deterministic(format!("stream {topic}/{stream} does not exist: run migrate"))),
        None => Ok(heads),
    }
}

struct Chained {
    positions: Vec<i64>,
    hashes: Vec<Hash>,
}

fn chained(entries: &[Entry], streams: &[i32], heads: &mut Heads) -> Result<Chained, Failure> {
    let mut rows = Chained { positions: Vec::with_capacity(entries.len()), hashes: Vec::with_capacity(entries.len()) };
    for (entry, stream) in entries.iter().zip(streams) {
        let head = heads.get_mut(&(entry.topic, *stream)).ok_or_else(|| Failure::Retry("head was not locked".to_owned()))?;
        head.append(|position, previous| entry.link(stream.unsigned_abs(), position).hash(previous));
        rows.positions.push(head.position);
        rows.hashes.push(head.hash);
    }
    Ok(rows)
}

async fn insert(conn: &mut PgConnection, entries: &[Entry], streams: &[i32], rows: &Chained) -> Result<(), Failure> {
    let text = |field: fn(&Entry) -> &str| entries.iter().map(field).collect::<Vec<_>>();
    let headers: Vec<String> = entries.iter().zip(streams).zip(&rows.positions).map(|((e, s), p)| headers(e, *s, *p)).collect();
    let times: Vec<_> = entries.iter().map(|e| e.recorded_at).collect();
    let payloads: Vec<&[u8]> = entries.iter().map(|e| e.payload.as_slice()).collect();
    let hashes: Vec<&[u8]> = rows.hashes.iter().map(Hash::as_slice).collect();
    sqlx::query!(
        r#"INSERT INTO journal (topic, stream, position, kind, subject, office, actor, cause, recorded_at, trace, headers, payload, hash)
           SELECT * FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                                $9::timestamptz[], $10::text[], $11::text[], $12::bytea[], $13::bytea[])"#,
        &text(|e| e.topic) as &[&str],
        streams,
        &rows.positions,
        &text(|e| &e.kind) as &[&str],
        &text(|e| &e.subject) as &[&str],
        &text(|e| &e.office) as &[&str],
        &text(|e| &e.actor) as &[&str],
        &text(|e| &e.cause) as &[&str],
        &times,
        &text(|e| &e.trace) as &[&str],
        &headers,
        &payloads as &[&[u8]],
        &hashes as &[&[u8]]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An answer names itself as `ce_answer`, unless it repeats an earlier one.
fn headers(entry: &Entry, stream: i32, position: i64) -> String {
    let mut text = cloudevent::to_text(&entry.headers);
    if entry.answer && entry.headers.get(ANSWER).is_empty() {
        text.push_str(&format!("{ANSWER}={stream}-{position}\n"));
    }
    text
}

async fn advance(conn: &mut PgConnection, heads: &Heads) -> Result<(), Failure> {
    let mut places: Vec<_> = heads.iter().collect();
    places.sort_unstable_by_key(|(place, _)| **place);
    let topics: Vec<String> = places.iter().map(|((t, _), _)| (*t).to_owned()).collect();
    let streams: Vec<i32> = places.iter().map(|((_, s), _)| *s).collect();
    let positions: Vec<i64> = places.iter().map(|(_, h)| h.position).collect();
    let hashes: Vec<Vec<u8>> = places.iter().map(|(_, h)| h.hash.to_vec()).collect();
    sqlx::query!(
        r#"UPDATE streams s SET position = w.position, hash = w.hash
           FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::bytea[]) AS w (topic, stream, position, hash)
           WHERE s.topic = w.topic AND s.stream = w.stream"#,
        &topics,
        &streams,
        &positions,
        &hashes
    )
    .execute(conn)
    .await?;
    Ok(())
}
