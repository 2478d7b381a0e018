//! Reading one declaration's way.
use platform::{Failure, Instant};
use sqlx::PgConnection;

use super::kept;

/// A stage as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub topic: String,
    pub stream: i32,
    pub position: i64,
    pub version: i16,
    pub stage: String,
    pub at: Instant,
    pub office: String,
    pub person: String,
    pub place: String,
    pub lane: String,
    pub form: String,
    pub conform: String,
    pub amount_vnd: i64,
    pub reason: String,
    pub officer: String,
    pub trace: String,
}

impl Told {
    /// Topic, stream, position.
    fn place(&self) -> (&str, i32, i64) {
        (&self.topic, self.stream, self.position)
    }
}

/// Key of the declaration that a sender lodged under a reference.
pub async fn key_of(conn: &mut PgConnection, sender: &str, reference: &str) -> Result<Option<String>, Failure> {
    Ok(sqlx::query_scalar!("SELECT key FROM declarations WHERE reference = $2 AND sender = $1 LIMIT 1", sender, reference)
        .fetch_optional(conn)
        .await?)
}

/// Offices that have had the declaration.
pub async fn offices(conn: &mut PgConnection, key: &str) -> Result<Vec<String>, Failure> {
    Ok(sqlx::query_scalar!("SELECT DISTINCT office FROM declarations WHERE key = $1", key).fetch_all(conn).await?)
}

/// Each stage once, by topic and place: those on the rows of the declaration's versions, and those in a row of their own.
pub async fn way(conn: &mut PgConnection, key: &str) -> Result<Vec<Told>, Failure> {
    let mut told = sqlx::query_as!(
        Told,
        r#"SELECT topic, stream, position, version, stage, at, office, person, place, lane, form, conform, amount_vnd, reason, officer, trace
           FROM stages WHERE key = $1"#,
        key
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in sqlx::query!("SELECT version, stages FROM declarations WHERE key = $1", key).fetch_all(conn).await? {
        told.append(&mut kept::decoded(row.version, &row.stages)?);
    }
    Ok(once(told))
}

/// A fact tells one stage of a declaration, wherever and however often that is kept.
pub(super) fn once(mut told: Vec<Told>) -> Vec<Told> {
    told.sort_by(|a, b| a.place().cmp(&b.place()));
    told.dedup_by(|a, b| a.place() == b.place());
    told
}
