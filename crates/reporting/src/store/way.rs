//! Reading one declaration's way.
use platform::{Failure, Instant};
use sqlx::PgConnection;

/// A stage as it is kept.
#[derive(Debug, Clone)]
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

/// Stages in no order.
pub async fn way(conn: &mut PgConnection, key: &str) -> Result<Vec<Told>, Failure> {
    let rows = sqlx::query_as!(
        Told,
        r#"SELECT topic, stream, position, version, stage, at, office, person, place, lane, form, conform, amount_vnd, reason, officer, trace
           FROM stages WHERE key = $1"#,
        key
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}
