//! The journal's rows, written and read back.
use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::{
    PgConnection, Row as _,
    postgres::{PgBindIterExt as _, PgRow},
};

use crate::journal::Row;

/// From here on `COPY` is cheaper than `UNNEST`.
const COPY_FROM: usize = 500;
/// Bytes that are handed to the socket at once.
const CHUNK: usize = 1 << 18;

/// Writes rows and moves the heads.
pub async fn append(conn: &mut PgConnection, topics: &[&str], rows: &[Row<'_>]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    if rows.len() < COPY_FROM {
        insert(conn, topics, rows).await?;
    } else {
        copy(conn, topics, rows).await?;
    }
    let heads: BTreeMap<(usize, i32), &Row<'_>> = rows.iter().map(|row| ((row.topic, row.stream), row)).collect();
    sqlx::query(
        "UPDATE streams s SET position = n.position, hash = n.hash
         FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::bytea[]) AS n (topic, stream, position, hash)
         WHERE s.topic = n.topic AND s.stream = n.stream",
    )
    .bind(heads.values().map(|row| topics[row.topic]).bind_iter())
    .bind(heads.values().map(|row| row.stream).bind_iter())
    .bind(heads.values().map(|row| row.position).bind_iter())
    .bind(heads.values().map(|row| row.hash.as_slice()).bind_iter())
    .execute(conn)
    .await?;
    Ok(())
}

async fn insert(conn: &mut PgConnection, topics: &[&str], rows: &[Row<'_>]) -> Result<()> {
    sqlx::query(
        "INSERT INTO journal (topic, stream, position, kind, subject, office, cause, trace, payload, hash)
         SELECT * FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::bytea[])",
    )
    .bind(rows.iter().map(|row| topics[row.topic]).bind_iter())
    .bind(rows.iter().map(|row| row.stream).bind_iter())
    .bind(rows.iter().map(|row| row.position).bind_iter())
    .bind(rows.iter().map(|row| row.kind).bind_iter())
    .bind(rows.iter().map(|row| row.subject.as_str()).bind_iter())
    .bind(rows.iter().map(|row| row.office).bind_iter())
    .bind(rows.iter().map(|row| row.cause.as_str()).bind_iter())
    .bind(rows.iter().map(|row| row.trace).bind_iter())
    .bind(rows.iter().map(|row| row.payload.as_slice()).bind_iter())
    .bind(rows.iter().map(|row| row.hash.as_slice()).bind_iter())
    .execute(conn)
    .await?;
    Ok(())
}

async fn copy(conn: &mut PgConnection, topics: &[&str], rows: &[Row<'_>]) -> Result<()> {
    let statement = "COPY journal (topic, stream, position, kind, subject, office, cause, trace, payload, hash) FROM STDIN (FORMAT binary)";
    let mut copy = conn.copy_in_raw(statement).await?;
    let mut buffer = Vec::with_capacity(CHUNK + (CHUNK >> 2));
    buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for row in rows {
        buffer.extend_from_slice(&10_i16.to_be_bytes());
        let (stream, position) = (row.stream.to_be_bytes(), row.position.to_be_bytes());
        let (topic, kind, office, trace) = (topics[row.topic].as_bytes(), row.kind.as_bytes(), row.office.as_bytes(), row.trace.as_bytes());
        for field in [topic, &stream, &position, kind, row.subject.as_bytes(), office, row.cause.as_bytes(), trace, &row.payload, &row.hash] {
            buffer.extend_from_slice(&i32::try_from(field.len())?.to_be_bytes());
            buffer.extend_from_slice(field);
        }
        if buffer.len() >= CHUNK {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&(-1_i16).to_be_bytes());
    copy.send(buffer.as_slice()).await?;
    copy.finish().await?;
    Ok(())
}

/// A row that may not have reached its topic.
pub struct Unsent {
    pub topic: String,
    pub stream: i32,
    pub position: i64,
    pub kind: String,
    pub office: String,
    pub trace: String,
    pub payload: Vec<u8>,
}

/// What lies behind `published`, in order.
pub async fn unsent(conn: &mut PgConnection) -> Result<Vec<Unsent>> {
    let rows = sqlx::query(
        "SELECT j.topic, j.stream, j.position, j.kind, j.office, j.trace, j.payload
         FROM streams s JOIN journal j ON j.topic = s.topic AND j.stream = s.stream AND j.position > s.published
         ORDER BY j.topic, j.stream, j.position",
    )
    .fetch_all(conn)
    .await?;
    let read = |row: &PgRow| {
        let (topic, stream, position) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Unsent { topic, stream, position, kind: row.try_get(3)?, office: row.try_get(4)?, trace: row.try_get(5)?, payload: row.try_get(6)? })
    };
    rows.iter().map(read).collect()
}
