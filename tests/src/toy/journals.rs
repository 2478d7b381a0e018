//! Journals of producers: none, the toy's own, and one that was restored from a backup.
use async_trait::async_trait;
use platform::{
    Failure,
    journal::{self, Row, chain},
    peers::Journals,
    protocol::heads,
};

use super::TOPIC;
use crate::Sandbox;

/// Nobody to ask: these tests must not need repair.
pub struct NoPeers;

#[async_trait]
impl Journals for NoPeers {
    async fn read(&self, _: &str, _: &str, _: i32, _: i64, _: i64) -> Result<Vec<Row>, Failure> {
        Err(Failure::Retry("no peer".to_owned()))
    }

    async fn head(&self, _: &str, _: &str, _: i32, _: i64) -> Result<heads::Source, Failure> {
        Err(Failure::Retry("no peer".to_owned()))
    }
}

/// The toy's own journal, as a reader of it would be served.
pub struct OwnJournal(pub sqlx::PgPool);

#[async_trait]
impl Journals for OwnJournal {
    async fn read(&self, _: &str, topic: &str, stream: i32, from: i64, limit: i64) -> Result<Vec<Row>, Failure> {
        journal::read(&mut *self.0.acquire().await?, topic, stream, from, limit).await
    }

    async fn head(&self, _: &str, topic: &str, stream: i32, read: i64) -> Result<heads::Source, Failure> {
        let mut conn = self.0.acquire().await?;
        let head = journal::head(&mut conn, topic, stream).await?.ok_or_else(|| Failure::Retry("no stream".to_owned()))?;
        let row = journal::read(&mut conn, topic, stream, read, 1).await?.pop().filter(|row| row.position == read);
        Ok(heads::Source { position: head.position, published: head.published, at_read: row.and_then(|row| chain::hash(&row.hash)) })
    }
}

/// What a restore from an older backup does to a producer: the last rows of a stream are gone.
pub async fn restore(sandbox: &Sandbox, stream: i32, position: i64) -> anyhow::Result<()> {
    let mut tx = sandbox.pool.begin().await?;
    sqlx::query("SET LOCAL session_replication_role = replica").execute(&mut *tx).await?;
    sqlx::query("DELETE FROM journal WHERE topic = $1 AND stream = $2 AND position > $3")
        .bind(TOPIC)
        .bind(stream)
        .bind(position)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE streams s SET position = $3, published = least(published, $3),
         hash = COALESCE((SELECT hash FROM journal WHERE topic = $1 AND stream = $2 AND position = $3), decode(repeat('00', 32), 'hex'))
         WHERE topic = $1 AND stream = $2",
    )
    .bind(TOPIC)
    .bind(stream)
    .bind(position)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}
