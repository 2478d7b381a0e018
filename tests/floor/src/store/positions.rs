//! How far is read, told and acknowledged.
use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use sqlx::{
    PgConnection, Row as _,
    postgres::{PgBindIterExt as _, PgRow},
};

/// How far one partition is read, and what of it the table says.
pub struct Progress {
    pub topic: String,
    pub partition: i32,
    pub next_offset: i64,
    pub position: i64,
    pub stored: (i64, i64),
}

pub async fn progress(conn: &mut PgConnection) -> Result<Vec<Progress>> {
    let rows = sqlx::query("SELECT topic, partition, next_offset, position FROM consumers").fetch_all(conn).await?;
    let read = |row: &PgRow| {
        let (next_offset, position) = (row.try_get(2)?, row.try_get(3)?);
        Ok(Progress { topic: row.try_get(0)?, partition: row.try_get(1)?, next_offset, position, stored: (next_offset, position) })
    };
    rows.iter().map(read).collect()
}

/// How many of the positions were still where this process left them.
pub async fn advance(conn: &mut PgConnection, moved: &[&mut Progress]) -> Result<u64> {
    let done = sqlx::query(
        "UPDATE consumers c SET next_offset = m.next, position = m.position
         FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS m (topic, partition, next, position, was_next, was)
         WHERE c.topic = m.topic AND c.partition = m.partition AND c.next_offset = m.was_next AND c.position = m.was",
    )
    .bind(moved.iter().map(|p| p.topic.as_str()).bind_iter())
    .bind(moved.iter().map(|p| p.partition).bind_iter())
    .bind(moved.iter().map(|p| p.next_offset).bind_iter())
    .bind(moved.iter().map(|p| p.position).bind_iter())
    .bind(moved.iter().map(|p| p.stored.0).bind_iter())
    .bind(moved.iter().map(|p| p.stored.1).bind_iter())
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Locks heads by topic and stream.
pub async fn heads(conn: &mut PgConnection, topics: &[&str], streams: &[i32]) -> Result<BTreeMap<(usize, i32), (i64, [u8; 32])>> {
    let rows = sqlx::query("SELECT topic, stream, position, hash FROM streams WHERE stream = ANY($1) ORDER BY topic, stream FOR UPDATE")
        .bind(streams)
        .fetch_all(conn)
        .await?;
    let read = |row: &PgRow| {
        let name: &str = row.try_get(0)?;
        let topic = topics.iter().position(|topic| *topic == name).context("a topic that is not told")?;
        Ok(((topic, row.try_get(1)?), (row.try_get(2)?, row.try_get::<&[u8], _>(3)?.try_into()?)))
    };
    rows.iter().map(read).collect()
}

/// Moves `published`; (topic, stream, position).
pub async fn publish(conn: &mut PgConnection, reached: &[(&str, i32, i64)]) -> Result<()> {
    sqlx::query(
        "UPDATE streams s SET published = n.position FROM UNNEST($1::text[], $2::int[], $3::bigint[]) AS n (topic, stream, position)
         WHERE s.topic = n.topic AND s.stream = n.stream",
    )
    .bind(reached.iter().map(|r| r.0).bind_iter())
    .bind(reached.iter().map(|r| r.1).bind_iter())
    .bind(reached.iter().map(|r| r.2).bind_iter())
    .execute(conn)
    .await?;
    Ok(())
}
