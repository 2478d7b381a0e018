//! The journal: outbox, audit log and event source in one append-only table.
//!
//! A use case collects [`Entry`]s while it works. At the end of its transaction [`append`] locks the head of every stream concerned, takes
//! the next positions and writes all rows. Positions are therefore gapless and in commit order: no sequence is involved,
//! so a reader that asks for everything after a position can never miss a slower transaction.
pub mod chain;
mod copy;
mod read;

use std::collections::HashMap;

use sqlx::PgConnection;

pub use self::chain::{GENESIS, Hash, Link};
pub use self::read::{Head, Row, head, heads, read};
use crate::{failure::Failure, protocol::chain::Tip, streams::Layout, work::Entry};

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

/// Appends the entries in their order; returns the rows that they have become.
///
/// Must not be dropped before it ends: a connection that is left within a `COPY` answers the next statements with what was meant for this one.
///
/// # Errors
/// `Deterministic` when a payload is too large or a stream does not exist.
pub async fn append(conn: &mut PgConnection, journal: Journal, entries: Vec<Entry>) -> Result<Vec<Row>, Failure> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(large) = entries.iter().find(|e| e.payload.len() > journal.largest_payload) {
        return Err(Failure::Deterministic(format!("{} has {} bytes, the topic takes {}", large.kind, large.payload.len(), journal.largest_payload)));
    }
    let streams: Vec<i32> = entries.iter().map(|e| i32::try_from(journal.layout.stream(e.class, &e.office)).unwrap_or(0)).collect();
    let mut heads = lock_heads(conn, &entries, &streams).await?;
    let rows = chained(entries, &streams, &mut heads)?;
    write(conn, &rows, &heads).await?;
    Ok(rows)
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

fn chained(entries: Vec<Entry>, streams: &[i32], heads: &mut Heads) -> Result<Vec<Row>, Failure> {
    let chain = |(entry, stream): (Entry, &i32)| {
        let head = heads.get_mut(&(entry.topic, *stream)).ok_or_else(|| Failure::Retry("head was not locked".to_owned()))?;
        head.append(|position, previous| entry.link(stream.unsigned_abs(), position).hash(previous));
        Ok(entry.into_row(*stream, head.position, &head.hash))
    };
    entries.into_iter().zip(streams).map(chain).collect()
}

/// From so many rows on, copying them costs less than its two further round trips.
const MANY: usize = 200;

async fn write(conn: &mut PgConnection, rows: &[Row], heads: &Heads) -> Result<(), Failure> {
    if rows.len() < MANY {
        return insert(conn, rows, heads).await;
    }
    copy::copy(conn, rows).await?;
    insert(conn, &[], heads).await
}

/// The rows and, in the same statement, the heads behind them.
async fn insert(conn: &mut PgConnection, rows: &[Row], heads: &Heads) -> Result<(), Failure> {
    let text = |field: fn(&Row) -> &str| rows.iter().map(field).collect::<Vec<_>>();
    let bytes = |field: fn(&Row) -> &[u8]| rows.iter().map(field).collect::<Vec<_>>();
    let streams: Vec<i32> = rows.iter().map(|r| r.stream).collect();
    let positions: Vec<i64> = rows.iter().map(|r| r.position).collect();
    let times: Vec<_> = rows.iter().map(|r| r.recorded_at).collect();
    let mut heads: Vec<_> = heads.iter().collect();
    heads.sort_unstable_by_key(|(place, _)| **place);
    sqlx::query!(
        r#"WITH moved AS (
               UPDATE streams s SET position = w.position, hash = w.hash
               FROM (SELECT UNNEST($14::text[]) AS topic, UNNEST($15::int[]) AS stream, UNNEST($16::bigint[]) AS position,
                   UNNEST($17::bytea[]) AS hash) AS w
               WHERE s.topic = w.topic AND s.stream = w.stream)
           INSERT INTO journal (topic, stream, position, kind, subject, office, actor, cause, recorded_at, trace, headers, payload, hash)
           SELECT UNNEST($1::text[]), UNNEST($2::int[]), UNNEST($3::bigint[]), UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[]),
               UNNEST($7::text[]), UNNEST($8::text[]), UNNEST($9::timestamptz[]), UNNEST($10::text[]), UNNEST($11::text[]), UNNEST($12::bytea[]),
               UNNEST($13::bytea[])"#,
        &text(|r| &r.topic) as &[&str],
        &streams,
        &positions,
        &text(|r| &r.kind) as &[&str],
        &text(|r| &r.subject) as &[&str],
        &text(|r| &r.office) as &[&str],
        &text(|r| &r.actor) as &[&str],
        &text(|r| &r.cause) as &[&str],
        &times,
        &text(|r| &r.trace) as &[&str],
        &text(|r| &r.headers) as &[&str],
        &bytes(|r| &r.payload) as &[&[u8]],
        &bytes(|r| &r.hash) as &[&[u8]],
        &heads.iter().map(|((topic, _), _)| *topic).collect::<Vec<_>>() as &[&str],
        &heads.iter().map(|((_, stream), _)| *stream).collect::<Vec<_>>(),
        &heads.iter().map(|(_, tip)| tip.position).collect::<Vec<_>>(),
        &heads.iter().map(|(_, tip)| tip.hash.to_vec()).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}
