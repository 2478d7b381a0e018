//! What is looked at afterwards: outcomes, overrides, notes, traces.
use chrono::NaiveDate;
use platform::{Failure, Instant};
use sqlx::PgConnection;

/// What became of a selected version.
#[derive(Debug, Clone)]
pub struct OutcomeRow {
    pub key: String,
    pub version: i16,
    pub office: String,
    pub day: NaiveDate,
    /// JSON.
    pub outcome: Vec<u8>,
}

/// A decision of a person against the course of things.
#[derive(Debug, Clone)]
pub struct OverrideRow {
    pub at: Instant,
    pub office: String,
    pub number: String,
    /// reassigned or lane_changed.
    pub what: String,
    pub source: String,
    pub target: String,
    pub reason: String,
    pub actor: String,
    pub second_person: String,
}

pub async fn add_outcomes(conn: &mut PgConnection, rows: &[OutcomeRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO outcomes (key, version, office, day, outcome)
         SELECT UNNEST($1::text[]), UNNEST($2::smallint[]), UNNEST($3::text[]), UNNEST($4::date[]), UNNEST($5::bytea[]) ON CONFLICT DO NOTHING",
        &rows.iter().map(|r| r.key.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.version).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.office.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.day).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.outcome.clone()).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn add_overrides(conn: &mut PgConnection, rows: &[OverrideRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let text = |pick: fn(&OverrideRow) -> &String| rows.iter().map(|r| pick(r).as_str()).collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO overrides (at, office, number, what, source, target, reason, actor, second_person)
         SELECT UNNEST($1::timestamptz[]), UNNEST($2::text[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[]),
             UNNEST($7::text[]), UNNEST($8::text[]), UNNEST($9::text[])",
        &rows.iter().map(|r| r.at).collect::<Vec<_>>(),
        &text(|r| &r.office) as &[&str],
        &text(|r| &r.number) as &[&str],
        &text(|r| &r.what) as &[&str],
        &text(|r| &r.source) as &[&str],
        &text(|r| &r.target) as &[&str],
        &text(|r| &r.reason) as &[&str],
        &text(|r| &r.actor) as &[&str],
        &text(|r| &r.second_person) as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Outcomes of a period at these offices, by day: (key and version, day, JSON).
pub async fn outcomes(conn: &mut PgConnection, offices: &[String], from: NaiveDate, to: NaiveDate) -> Result<Vec<OutcomeRow>, Failure> {
    Ok(sqlx::query_as!(
        OutcomeRow,
        "SELECT key, version, office, day, outcome FROM outcomes WHERE day BETWEEN $2 AND $3 AND (cardinality($1::text[]) = 0 OR office = ANY($1))
         ORDER BY day, key, version",
        offices,
        from,
        to
    )
    .fetch_all(conn)
    .await?)
}

/// Selections of a period that no check has concluded, green ones included: (day, JSON).
pub async fn unconcluded(conn: &mut PgConnection, offices: &[String], from: NaiveDate, to: NaiveDate) -> Result<Vec<(NaiveDate, Vec<u8>)>, Failure> {
    let rows = sqlx::query!(
        "SELECT selection_day, selection FROM files
         WHERE selection_day BETWEEN $2 AND $3 AND state IN ('NONE', 'OPEN', 'QUEUED') AND selection <> ''
           AND (cardinality($1::text[]) = 0 OR office = ANY($1))",
        offices,
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.selection_day, r.selection)).collect())
}

/// The register of a period, oldest first.
pub async fn overrides(conn: &mut PgConnection, offices: &[String], from: Instant, to: Instant) -> Result<Vec<OverrideRow>, Failure> {
    Ok(sqlx::query_as!(
        OverrideRow,
        "SELECT at, office, number, what, source, target, reason, actor, second_person FROM overrides
         WHERE at >= $2 AND at < $3 AND (cardinality($1::text[]) = 0 OR office = ANY($1)) ORDER BY at, office, number LIMIT 10000",
        offices,
        from,
        to
    )
    .fetch_all(conn)
    .await?)
}

/// Files off the green lane by lane and by how they came to their officer: (lane, how, files).
pub async fn shares(conn: &mut PgConnection, offices: &[String], from: NaiveDate, to: NaiveDate) -> Result<Vec<(String, String, i64)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT lane, how, count(*) AS "files!" FROM files
           WHERE selection_day BETWEEN $2 AND $3 AND lane <> 'green' AND (cardinality($1::text[]) = 0 OR office = ANY($1))
           GROUP BY lane, how ORDER BY lane, how"#,
        offices,
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.lane, r.how, r.files)).collect())
}

pub async fn save_note(conn: &mut PgConnection, key: &str, version: i16, officer: &str, note: &str, at: Instant) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO notes (key, version, officer, note, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        key,
        version,
        officer,
        note,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Payloads of the trace rows of a declaration, oldest first.
pub async fn traces(conn: &mut PgConnection, key: &str) -> Result<Vec<Vec<u8>>, Failure> {
    Ok(sqlx::query_scalar!("SELECT payload FROM journal WHERE topic = 'customs.risk.traces.v1' AND subject = $1 ORDER BY stream, position", key)
        .fetch_all(conn)
        .await?)
}

/// Rows of decisions, assignments and conclusions of a period, in the order in which they were recorded: (recorded at, payload, is a trace).
pub async fn picks(conn: &mut PgConnection, offices: &[String], from: Instant, to: Instant) -> Result<Vec<(Instant, Vec<u8>, bool)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT recorded_at, payload, topic = 'customs.risk.traces.v1' AS "trace!" FROM journal
           WHERE recorded_at >= $2 AND recorded_at < $3 AND (cardinality($1::text[]) = 0 OR office = ANY($1))
             AND kind IN ('customs.risk.v1.Traced', 'customs.risk.v1.PickTraced', 'customs.risk.v1.Reassigned', 'customs.risk.v1.Concluded')
           ORDER BY recorded_at, topic, stream, position"#,
        offices,
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.recorded_at, r.payload, r.trace)).collect())
}
