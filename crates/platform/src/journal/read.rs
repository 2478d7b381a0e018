//! Reading the journal back: for repair, for the relay and for audits.
use std::borrow::Cow;

use sqlx::PgConnection;

use super::{Hash, Link, Place, chain};
use crate::{Instant, failure::Failure};

/// One row as it was written.
#[derive(Debug, Clone)]
pub struct Row {
    pub topic: Cow<'static, str>,
    pub stream: i32,
    pub position: i64,
    pub kind: Cow<'static, str>,
    pub subject: String,
    pub office: String,
    pub actor: String,
    pub cause: String,
    pub recorded_at: Instant,
    pub trace: String,
    pub headers: String,
    pub payload: Vec<u8>,
    pub hash: Vec<u8>,
}

impl Row {
    pub fn place(&self) -> Place {
        Place { stream: self.stream.unsigned_abs(), position: self.position.unsigned_abs() }
    }

    /// The fields under the hash.
    pub fn link(&self) -> Link<'_> {
        Link {
            stream: self.stream.unsigned_abs(),
            position: self.position.unsigned_abs(),
            topic: &self.topic,
            kind: &self.kind,
            subject: &self.subject,
            office: &self.office,
            actor: &self.actor,
            cause: &self.cause,
            recorded_at: self.recorded_at,
            payload: &self.payload,
        }
    }
}

/// Head of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub topic: String,
    pub stream: i32,
    pub position: i64,
    pub published: i64,
    pub hash: Hash,
}

/// Rows of one stream from a position on, in order.
pub async fn read(conn: &mut PgConnection, topic: &str, stream: i32, from: i64, limit: i64) -> Result<Vec<Row>, Failure> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT topic, stream, position, kind, subject, office, actor, cause, recorded_at, trace, headers, payload, hash
           FROM journal WHERE topic = $1 AND stream = $2 AND position >= $3 ORDER BY position LIMIT $4"#,
        topic,
        stream,
        from,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Heads of all streams.
pub async fn heads(conn: &mut PgConnection) -> Result<Vec<Head>, Failure> {
    let rows = sqlx::query!("SELECT topic, stream, position, published, hash FROM streams ORDER BY topic, stream").fetch_all(conn).await?;
    rows.into_iter()
        .map(|r| {
            let hash = chain::hash(&r.hash).ok_or_else(|| Failure::Deterministic("a head has no hash".to_owned()))?;
            Ok(Head { topic: r.topic, stream: r.stream, position: r.position, published: r.published, hash })
        })
        .collect()
}

/// Head of one stream, if there is such a stream.
pub async fn head(conn: &mut PgConnection, topic: &str, stream: i32) -> Result<Option<Head>, Failure> {
    Ok(heads(conn).await?.into_iter().find(|h| h.topic == topic && h.stream == stream))
}
