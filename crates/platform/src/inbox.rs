//! Ids from publishers outside, who have no positions: the same message again gets the stored answer, the same id with other content is refused.
use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::{Instant, failure::Failure, timers::Timer, work::Work};

/// (`ce_source`, `ce_id`): unique by CloudEvents.
pub type MessageId = (String, String);

/// What is remembered of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub digest: Vec<u8>,
    /// Place of the answer in `nsw.responses.v1`; '' when there was none.
    pub answer_id: String,
}

/// Digest of type and content.
pub fn digest(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(u32::try_from(kind.len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.update(kind.as_bytes());
    hash.update(payload);
    hash.finalize().to_vec()
}

/// Those of the ids that were seen before.
pub async fn seen(conn: &mut PgConnection, ids: &[MessageId]) -> Result<HashMap<MessageId, Seen>, Failure> {
    let (sources, names): (Vec<&str>, Vec<&str>) = ids.iter().map(|(source, id)| (source.as_str(), id.as_str())).unzip();
    let rows = sqlx::query!(
        r#"SELECT i.source, i.id, i.digest, i.answer_id FROM UNNEST($1::text[], $2::text[]) AS w (source, id) JOIN inbox i USING (source, id)"#,
        &sources as &[&str],
        &names as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| ((r.source, r.id), Seen { digest: r.digest, answer_id: r.answer_id })).collect())
}

/// Remembers messages. An id that another transaction has just remembered is a `Retry`: loading again sees it.
pub async fn remember(conn: &mut PgConnection, mut messages: Vec<(MessageId, Seen)>, now: Instant) -> Result<(), Failure> {
    if messages.is_empty() {
        return Ok(());
    }
    messages.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let sources: Vec<&str> = messages.iter().map(|((s, _), _)| s.as_str()).collect();
    let ids: Vec<&str> = messages.iter().map(|((_, i), _)| i.as_str()).collect();
    let digests: Vec<&[u8]> = messages.iter().map(|(_, s)| s.digest.as_slice()).collect();
    let answers: Vec<&str> = messages.iter().map(|(_, s)| s.answer_id.as_str()).collect();
    sqlx::query!(
        r#"INSERT INTO inbox (source, id, digest, answer_id, seen_at)
           SELECT UNNEST($1::text[]), UNNEST($2::text[]), UNNEST($3::bytea[]), UNNEST($4::text[]), $5"#,
        &sources as &[&str],
        &ids as &[&str],
        &digests as &[&[u8]],
        &answers as &[&str],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Prunes the inbox by age.
pub struct Pruning {
    pub days: u32,
}

#[async_trait]
impl Timer for Pruning {
    fn name(&self) -> &'static str {
        "inbox"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let forgotten = prune(work.conn, work.now - TimeDelta::days(i64::from(self.days))).await?;
        if forgotten > 0 {
            tracing::info!(forgotten, "old message ids were forgotten");
        }
        Ok(())
    }
}

/// Forgets what was seen before a moment; natural keys go on guarding against those.
pub async fn prune(conn: &mut PgConnection, before: Instant) -> Result<u64, Failure> {
    Ok(sqlx::query!("DELETE FROM inbox WHERE seen_at < $1", before).execute(conn).await?.rows_affected())
}
