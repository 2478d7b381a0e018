//! The file of each declaration, as it is read.
use chrono::NaiveDate;
use platform::{Failure, Instant};
use sqlx::PgConnection;

/// The file of a declaration.
#[derive(Debug, Clone)]
pub struct FileRow {
    pub key: String,
    pub version: i16,
    pub office: String,
    pub class: String,
    pub lane: String,
    pub form: String,
    pub state: String,
    pub officer: String,
    pub supervisor: String,
    pub queue_reason: String,
    pub how: String,
    pub grp: String,
    pub points: i32,
    pub round: i32,
    pub selection_day: NaiveDate,
    pub since: Instant,
    pub facts: Vec<u8>,
    pub selection: Vec<u8>,
    pub trace: String,
}

/// Files of these declarations.
pub async fn files(conn: &mut PgConnection, keys: &[String]) -> Result<Vec<FileRow>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT f.key, f.version, f.office, f.class, f.lane, f.form, f.state, f.officer, f.supervisor, f.queue_reason, f.how, f.grp, f.points, f.round, f.selection_day, f.since, f.facts, f.selection, f.trace
           FROM UNNEST($1::text[]) AS w (key) JOIN files f USING (key)"#,
        keys
    )
    .fetch_all(conn)
    .await?)
}

/// Who has an open file of each group: (group, officer, key), the oldest file of each.
pub async fn grouped(conn: &mut PgConnection, groups: &[String]) -> Result<Vec<(String, String, String)>, Failure> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (w.grp) w.grp AS "grp!", f.officer, f.key FROM UNNEST($1::text[]) AS w (grp)
           JOIN files f ON f.grp = w.grp OR f.key = w.grp WHERE f.state = 'OPEN' ORDER BY w.grp, f.since, f.key"#,
        groups
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.grp, r.officer, r.key)).collect())
}

/// Queued files of an office, oldest first.
pub async fn queued(conn: &mut PgConnection, office: &str, limit: i64) -> Result<Vec<FileRow>, Failure> {
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT key, version, office, class, lane, form, state, officer, supervisor, queue_reason, how, grp, points, round, selection_day, since, facts, selection, trace
           FROM files WHERE office = $1 AND state = 'QUEUED' ORDER BY since, key LIMIT $2"#,
        office,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Open files of officers at an office, oldest first.
pub async fn held_by(conn: &mut PgConnection, office: &str, officers: &[String], limit: i64) -> Result<Vec<FileRow>, Failure> {
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT key, version, office, class, lane, form, state, officer, supervisor, queue_reason, how, grp, points, round, selection_day, since, facts, selection, trace
           FROM files WHERE office = $1 AND officer = ANY($2) AND state = 'OPEN' ORDER BY since, key LIMIT $3"#,
        office,
        officers,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Offices with the officers who have open files.
pub async fn holders(conn: &mut PgConnection) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT office, array_agg(officer ORDER BY officer) AS "officers!" FROM open_files WHERE files > 0 GROUP BY office ORDER BY office"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.office, r.officers)).collect())
}

/// Offices in which files are queued, and since when the oldest of each waits.
pub async fn queues(conn: &mut PgConnection) -> Result<Vec<(String, Instant)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT o.office, f.since FROM offices o
           JOIN LATERAL (SELECT since FROM files WHERE office = o.office AND state = 'QUEUED' ORDER BY since LIMIT 1) f ON true ORDER BY o.office"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.office, r.since)).collect())
}

/// How many files are queued; what is beyond `most` is not counted.
pub async fn queued_files(conn: &mut PgConnection, most: i64) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "files!" FROM (SELECT FROM files WHERE state = 'QUEUED' LIMIT $1) f"#, most).fetch_one(conn).await?)
}

/// Open files of an officer after (since, key), oldest first.
pub async fn worklist(conn: &mut PgConnection, office: &str, officer: &str, after: (Instant, &str), limit: i64) -> Result<Vec<FileRow>, Failure> {
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT key, version, office, class, lane, form, state, officer, supervisor, queue_reason, how, grp, points, round, selection_day, since, facts, selection, trace
           FROM files WHERE office = $1 AND officer = $2 AND state = 'OPEN' AND (since, key) > ($3, $4) ORDER BY since, key LIMIT $5"#,
        office,
        officer,
        after.0,
        after.1,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Open and queued files of an office after (since, key), oldest first.
pub async fn worklist_of_all(conn: &mut PgConnection, office: &str, after: (Instant, &str), limit: i64) -> Result<Vec<FileRow>, Failure> {
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT key, version, office, class, lane, form, state, officer, supervisor, queue_reason, how, grp, points, round, selection_day, since, facts, selection, trace
           FROM files WHERE office = $1 AND state IN ('OPEN', 'QUEUED') AND (since, key) > ($2, $3) ORDER BY since, key LIMIT $4"#,
        office,
        after.0,
        after.1,
        limit
    )
    .fetch_all(conn)
    .await?)
}
