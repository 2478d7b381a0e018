//! Frozen reports, each version for ever, and the heads that were read when they were frozen.
use contracts::common::Head;
use platform::{Failure, Instant};
use reporting_domain::{Report, Scope, State};
use sqlx::PgConnection;
use values::{Day, Digest};

/// A version with its encoded figures.
#[derive(Debug, Clone)]
pub struct Kept {
    pub report: Report,
    pub figures: Vec<u8>,
}

/// What had been read of every stream.
pub type Heads = Vec<Head>;

struct Stored {
    day: Day,
    version: i32,
    state: String,
    figures: Vec<u8>,
    digest: Vec<u8>,
    live_digest: Vec<u8>,
    reason: String,
    closed_by: String,
    closed_at: Instant,
    signed_by: String,
    signed_at: Option<Instant>,
}

impl Stored {
    fn into_kept(self, scope: &Scope) -> Result<Kept, Failure> {
        let digest = |bytes: Vec<u8>| Digest::try_from(bytes).map_err(|_| Failure::Deterministic("a stored digest has not 32 bytes".to_owned()));
        let state = State::parse(&self.state).ok_or_else(|| Failure::Deterministic(format!("no report is {:?}", self.state)))?;
        let report = Report {
            scope: scope.clone(),
            day: self.day,
            state,
            version: self.version.unsigned_abs(),
            digest: digest(self.digest)?,
            live_digest: digest(self.live_digest)?,
            reason: self.reason,
            closed_by: self.closed_by,
            closed_at: Some(self.closed_at),
            signed_by: self.signed_by,
            signed_at: self.signed_at,
        };
        Ok(Kept { report, figures: self.figures })
    }
}

/// The newest version, locked. Two who close at once meet at the primary key, and the slower one tries again.
pub async fn lock_newest(conn: &mut PgConnection, scope: &Scope, day: Day) -> Result<Option<Kept>, Failure> {
    let row = sqlx::query_as!(
        Stored,
        r#"SELECT day, version, state, figures, digest, live_digest, reason, closed_by, closed_at, signed_by, signed_at
           FROM report_versions WHERE scope = $1 AND day = $2 ORDER BY version DESC LIMIT 1 FOR UPDATE"#,
        scope.as_str(),
        day
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| row.into_kept(scope)).transpose()
}

/// The newest version.
pub async fn newest(conn: &mut PgConnection, scope: &Scope, day: Day) -> Result<Option<Kept>, Failure> {
    Ok(kept_between(conn, scope, day, day).await?.pop())
}

/// One version.
pub async fn kept(conn: &mut PgConnection, scope: &Scope, day: Day, version: u32) -> Result<Option<Kept>, Failure> {
    let row = sqlx::query_as!(
        Stored,
        r#"SELECT day, version, state, figures, digest, live_digest, reason, closed_by, closed_at, signed_by, signed_at
           FROM report_versions WHERE scope = $1 AND day = $2 AND version = $3"#,
        scope.as_str(),
        day,
        i32::try_from(version).unwrap_or(i32::MAX)
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| row.into_kept(scope)).transpose()
}

/// The newest versions of days, by day.
pub async fn kept_between(conn: &mut PgConnection, scope: &Scope, from: Day, to: Day) -> Result<Vec<Kept>, Failure> {
    let rows = sqlx::query_as!(
        Stored,
        r#"SELECT DISTINCT ON (day) day, version, state, figures, digest, live_digest, reason, closed_by, closed_at, signed_by, signed_at
           FROM report_versions WHERE scope = $1 AND day BETWEEN $2 AND $3 ORDER BY day, version DESC"#,
        scope.as_str(),
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.into_kept(scope)).collect()
}

/// Keeps a new version.
pub async fn insert(conn: &mut PgConnection, report: &Report, figures: &[u8], now: Instant) -> Result<(), Failure> {
    sqlx::query!(
        r#"INSERT INTO report_versions (scope, day, version, state, figures, digest, live_digest, reason, closed_by, closed_at, signed_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '')"#,
        report.scope.as_str(),
        report.day,
        i32::try_from(report.version).unwrap_or(i32::MAX),
        report.state.as_str(),
        figures,
        &report.digest[..],
        &report.live_digest[..],
        report.reason,
        report.closed_by,
        report.closed_at.unwrap_or(now)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps a signature.
pub async fn sign(conn: &mut PgConnection, report: &Report) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE report_versions SET state = $4, signed_by = $5, signed_at = $6 WHERE scope = $1 AND day = $2 AND version = $3",
        report.scope.as_str(),
        report.day,
        i32::try_from(report.version).unwrap_or(i32::MAX),
        report.state.as_str(),
        report.signed_by,
        report.signed_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Heads of all streams as read, held until the transaction ends so that the figures are those of exactly these heads.
pub async fn heads(conn: &mut PgConnection) -> Result<Heads, Failure> {
    let rows = sqlx::query!("SELECT topic, partition, position, hash FROM consumers ORDER BY topic, partition FOR SHARE").fetch_all(conn).await?;
    let read = rows.into_iter().filter(|row| row.position > 0);
    Ok(read
        .map(|row| Head { topic: row.topic, stream: row.partition.unsigned_abs(), position: row.position.unsigned_abs(), hash: row.hash })
        .collect())
}
