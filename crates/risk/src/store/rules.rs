//! Profiles, lists, settings and models with their lives.
use platform::{Failure, Instant};
use sqlx::PgConnection;

/// One version of a rule.
#[derive(Debug, Clone)]
pub struct RuleRow {
    pub kind: String,
    pub id: String,
    pub version: i32,
    pub state: String,
    /// JSON.
    pub document: String,
    pub digest: Vec<u8>,
    pub saved_by: String,
    pub saved_at: Instant,
    pub approved_by: String,
    pub approved_at: Option<Instant>,
}

/// Revision of what is in force.
pub async fn revision(conn: &mut PgConnection) -> Result<i32, Failure> {
    Ok(sqlx::query_scalar!("SELECT revision FROM regime").fetch_one(conn).await?)
}

/// Locks the regime and raises its revision; returns the new one.
pub async fn raise(conn: &mut PgConnection) -> Result<i32, Failure> {
    Ok(sqlx::query_scalar!("UPDATE regime SET revision = revision + 1 RETURNING revision").fetch_one(conn).await?)
}

/// Every rule that is approved, in the order of kind, id and version.
pub async fn approved(conn: &mut PgConnection) -> Result<Vec<RuleRow>, Failure> {
    Ok(sqlx::query_as!(
        RuleRow,
        "SELECT kind, id, version, state, document, digest, saved_by, saved_at, approved_by, approved_at FROM rules
         WHERE state = 'approved' ORDER BY kind, id, version"
    )
    .fetch_all(conn)
    .await?)
}

/// Rules of a kind and an id, '' for all; oldest version first.
pub async fn list(conn: &mut PgConnection, kind: &str, id: &str) -> Result<Vec<RuleRow>, Failure> {
    Ok(sqlx::query_as!(
        RuleRow,
        "SELECT kind, id, version, state, document, digest, saved_by, saved_at, approved_by, approved_at FROM rules
         WHERE ($1 = '' OR kind = $1) AND ($2 = '' OR id = $2) ORDER BY kind, id, version",
        kind,
        id
    )
    .fetch_all(conn)
    .await?)
}

/// A version of a rule, 0 for the newest; locked.
pub async fn latest(conn: &mut PgConnection, kind: &str, id: &str, version: i32) -> Result<Option<RuleRow>, Failure> {
    Ok(sqlx::query_as!(
        RuleRow,
        "SELECT kind, id, version, state, document, digest, saved_by, saved_at, approved_by, approved_at FROM rules
         WHERE kind = $1 AND id = $2 AND ($3 = 0 OR version = $3) ORDER BY version DESC LIMIT 1 FOR UPDATE",
        kind,
        id,
        version
    )
    .fetch_optional(conn)
    .await?)
}

/// Saves a draft.
pub async fn save_rule(conn: &mut PgConnection, row: &RuleRow) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO rules (kind, id, version, state, document, digest, saved_by, saved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        row.kind,
        row.id,
        row.version,
        row.state,
        row.document,
        row.digest,
        row.saved_by,
        row.saved_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves a version to another state; an approval names who gave it.
pub async fn step(conn: &mut PgConnection, row: &RuleRow) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE rules SET state = $4, approved_by = $5, approved_at = $6 WHERE kind = $1 AND id = $2 AND version = $3",
        row.kind,
        row.id,
        row.version,
        row.state,
        row.approved_by,
        row.approved_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the shipped rules when there is none: (kind, id, version, document, digest). Only one of several replicas does.
pub async fn seed(conn: &mut PgConnection, rules: &[(String, String, i32, String, Vec<u8>)], now: Instant) -> Result<bool, Failure> {
    let first = sqlx::query!("UPDATE regime SET revision = 1 WHERE revision = 0").execute(&mut *conn).await?.rows_affected() == 1;
    if first {
        sqlx::query!(
            r#"INSERT INTO rules (kind, id, version, state, document, digest, saved_by, saved_at, approved_by, approved_at)
               SELECT kind, id, version, 'approved', document, digest, 'shipped', $6, 'shipped', $6
               FROM UNNEST($1::text[], $2::text[], $3::int[], $4::text[], $5::bytea[]) AS w (kind, id, version, document, digest)"#,
            &rules.iter().map(|r| r.0.clone()).collect::<Vec<_>>(),
            &rules.iter().map(|r| r.1.clone()).collect::<Vec<_>>(),
            &rules.iter().map(|r| r.2).collect::<Vec<_>>(),
            &rules.iter().map(|r| r.3.clone()).collect::<Vec<_>>(),
            &rules.iter().map(|r| r.4.clone()).collect::<Vec<_>>(),
            now
        )
        .execute(conn)
        .await?;
    }
    Ok(first)
}

/// The artefact with a digest.
pub async fn model(conn: &mut PgConnection, digest: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    Ok(sqlx::query_scalar!("SELECT artefact FROM models WHERE digest = $1", digest).fetch_optional(conn).await?)
}

pub async fn put_model(conn: &mut PgConnection, digest: &[u8], artefact: &[u8], by: &str, at: Instant) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO models (digest, artefact, saved_by, saved_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        digest,
        artefact,
        by,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}
