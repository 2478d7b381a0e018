//! All SQL of risk: an office and what it needs loaded in sets, saved in sets.
use std::collections::HashMap;

use chrono::NaiveDate;
use platform::{Failure, Instant};
use sqlx::PgConnection;

/// An office as it stands.
#[derive(Debug, Clone)]
pub struct OfficeRow {
    pub office: String,
    pub open_day: Option<NaiveDate>,
    pub decisions: i32,
    pub last_at: Option<Instant>,
    pub rules: Vec<u8>,
    pub roster: Vec<u8>,
}

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
    pub queue_reason: String,
    pub points: i32,
    pub round: i32,
    pub selection_day: NaiveDate,
    pub since: Instant,
    pub facts: Vec<u8>,
    pub trace: String,
}

/// Makes sure the offices exist and locks them in the order of their codes: one statement each.
pub async fn lock_offices(conn: &mut PgConnection, offices: &[String]) -> Result<Vec<OfficeRow>, Failure> {
    sqlx::query!("INSERT INTO offices (office) SELECT o FROM UNNEST($1::text[]) AS o ORDER BY o ON CONFLICT DO NOTHING", offices)
        .execute(&mut *conn)
        .await?;
    Ok(sqlx::query_as!(
        OfficeRow,
        r#"SELECT o.office, o.open_day, o.decisions, o.last_at, o.rules, o.roster
           FROM UNNEST($1::text[]) AS w (office) JOIN offices o USING (office) ORDER BY o.office FOR UPDATE OF o"#,
        offices
    )
    .fetch_all(conn)
    .await?)
}

/// Keys of these offices from a day on, and of the selection days named.
pub async fn day_keys(
    conn: &mut PgConnection,
    offices: &[String],
    from: NaiveDate,
    selection_days: &[NaiveDate],
) -> Result<Vec<(String, NaiveDate, Vec<u8>)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT k.office, k.day, k.key FROM UNNEST($1::text[]) AS w (office) JOIN day_keys k USING (office)
           WHERE k.day >= $2 OR k.day = ANY($3)"#,
        offices,
        from,
        selection_days
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.office, r.day, r.key)).collect())
}

/// Files of these declarations.
pub async fn files(conn: &mut PgConnection, keys: &[String]) -> Result<Vec<FileRow>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT f.key, f.version, f.office, f.class, f.lane, f.form, f.state, f.officer, f.queue_reason, f.points, f.round, f.selection_day,
                  f.since, f.facts, f.trace
           FROM UNNEST($1::text[]) AS w (key) JOIN files f USING (key)"#,
        keys
    )
    .fetch_all(conn)
    .await?)
}

/// Queued files of an office, oldest first.
pub async fn queued(conn: &mut PgConnection, office: &str, limit: i64) -> Result<Vec<FileRow>, Failure> {
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT key, version, office, class, lane, form, state, officer, queue_reason, points, round, selection_day, since, facts, trace
           FROM files WHERE office = $1 AND state = 'QUEUED' AND state IN ('OPEN', 'QUEUED') ORDER BY since, key LIMIT $2"#,
        office,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Offices in which files are queued.
pub async fn offices_with_queue(conn: &mut PgConnection) -> Result<Vec<String>, Failure> {
    Ok(sqlx::query_scalar!(r#"SELECT DISTINCT office FROM files WHERE state = 'QUEUED' AND state IN ('OPEN', 'QUEUED') ORDER BY office"#)
        .fetch_all(conn)
        .await?)
}

/// Open and queued files of an office after (since, key), of one officer or of all when `officer` is empty.
pub async fn worklist(conn: &mut PgConnection, office: &str, officer: &str, after: (Instant, &str), limit: i64) -> Result<Vec<FileRow>, Failure> {
    Ok(sqlx::query_as!(
        FileRow,
        r#"SELECT key, version, office, class, lane, form, state, officer, queue_reason, points, round, selection_day, since, facts, trace
           FROM files
           WHERE office = $1 AND state IN ('OPEN', 'QUEUED') AND ($2 = '' OR officer = $2) AND (since, key) > ($3, $4)
           ORDER BY since, key LIMIT $5"#,
        office,
        officer,
        after.0,
        after.1,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// (points this month, open files) by (office, officer).
pub async fn loads(conn: &mut PgConnection, offices: &[String], month: NaiveDate) -> Result<HashMap<(String, String), (i64, i32)>, Failure> {
    let mut loads: HashMap<(String, String), (i64, i32)> = HashMap::new();
    let points = sqlx::query!(
        r#"SELECT l.office, l.officer, l.points FROM UNNEST($1::text[]) AS w (office) JOIN loads l USING (office) WHERE l.month = $2"#,
        offices,
        month
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in points {
        loads.entry((row.office, row.officer)).or_default().0 = row.points;
    }
    let open = sqlx::query!(r#"SELECT f.office, f.officer, f.files FROM UNNEST($1::text[]) AS w (office) JOIN open_files f USING (office)"#, offices)
        .fetch_all(conn)
        .await?;
    for row in open {
        loads.entry((row.office, row.officer)).or_default().1 = row.files;
    }
    Ok(loads)
}

/// Counts before a day: (kind, code) → events in 30, 90, 365 days, findings in 365 days.
pub async fn counts(conn: &mut PgConnection, wanted: &[(String, String)], day: NaiveDate) -> Result<HashMap<(String, String), [i64; 4]>, Failure> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let (kinds, codes): (Vec<String>, Vec<String>) = wanted.iter().cloned().unzip();
    let rows = sqlx::query!(
        r#"SELECT c.kind, c.code,
                  coalesce(sum(c.events) FILTER (WHERE c.day >= $3::date - 30), 0)::bigint AS "m1!",
                  coalesce(sum(c.events) FILTER (WHERE c.day >= $3::date - 90), 0)::bigint AS "m3!",
                  coalesce(sum(c.events), 0)::bigint AS "y1!",
                  coalesce(sum(c.nonconform), 0)::bigint AS "bad!"
           FROM UNNEST($1::text[], $2::text[]) AS w (kind, code) JOIN counts c USING (kind, code)
           WHERE c.day < $3 AND c.day >= $3::date - 365 GROUP BY c.kind, c.code"#,
        &kinds,
        &codes,
        day
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| ((r.kind, r.code), [r.m1, r.m3, r.y1, r.bad])).collect())
}

pub async fn save_offices(conn: &mut PgConnection, rows: &[OfficeRow]) -> Result<(), Failure> {
    sqlx::query!(
        r#"UPDATE offices o SET open_day = w.open_day, decisions = w.decisions, last_at = w.last_at, rules = w.rules, roster = w.roster
           FROM UNNEST($1::text[], $2::date[], $3::int[], $4::timestamptz[], $5::bytea[], $6::bytea[])
                AS w (office, open_day, decisions, last_at, rules, roster)
           WHERE o.office = w.office"#,
        &rows.iter().map(|r| r.office.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.open_day).collect::<Vec<_>>() as &[Option<NaiveDate>],
        &rows.iter().map(|r| r.decisions).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.last_at).collect::<Vec<_>>() as &[Option<Instant>],
        &rows.iter().map(|r| r.rules.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &rows.iter().map(|r| r.roster.as_slice()).collect::<Vec<_>>() as &[&[u8]]
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn save_keys(conn: &mut PgConnection, rows: &[(String, NaiveDate, Vec<u8>)], revealed: &[(String, NaiveDate)]) -> Result<(), Failure> {
    if !rows.is_empty() {
        sqlx::query!(
            "INSERT INTO day_keys (office, day, key) SELECT * FROM UNNEST($1::text[], $2::date[], $3::bytea[])",
            &rows.iter().map(|r| r.0.clone()).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.1).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.2.as_slice()).collect::<Vec<_>>() as &[&[u8]]
        )
        .execute(&mut *conn)
        .await?;
    }
    if !revealed.is_empty() {
        sqlx::query!(
            r#"UPDATE day_keys k SET revealed = true FROM UNNEST($1::text[], $2::date[]) AS w (office, day) WHERE k.office = w.office AND k.day = w.day"#,
            &revealed.iter().map(|r| r.0.clone()).collect::<Vec<_>>(),
            &revealed.iter().map(|r| r.1).collect::<Vec<_>>()
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

pub async fn save_files(conn: &mut PgConnection, rows: &[&FileRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let text = |pick: fn(&FileRow) -> &String| rows.iter().map(|r| pick(r).clone()).collect::<Vec<_>>();
    sqlx::query!(
        r#"INSERT INTO files (key, version, office, class, lane, form, state, officer, queue_reason, points, round, selection_day, since, facts, trace)
           SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                                $10::int[], $11::int[], $12::date[], $13::timestamptz[], $14::bytea[], $15::text[])
           ON CONFLICT (key) DO UPDATE SET version = EXCLUDED.version, office = EXCLUDED.office, lane = EXCLUDED.lane, form = EXCLUDED.form,
               state = EXCLUDED.state, officer = EXCLUDED.officer, queue_reason = EXCLUDED.queue_reason, points = EXCLUDED.points,
               round = EXCLUDED.round, since = EXCLUDED.since, facts = EXCLUDED.facts, trace = EXCLUDED.trace"#,
        &text(|r| &r.key),
        &rows.iter().map(|r| r.version).collect::<Vec<_>>(),
        &text(|r| &r.office),
        &text(|r| &r.class),
        &text(|r| &r.lane),
        &text(|r| &r.form),
        &text(|r| &r.state),
        &text(|r| &r.officer),
        &text(|r| &r.queue_reason),
        &rows.iter().map(|r| r.points).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.round).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.selection_day).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.since).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.facts.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &text(|r| &r.trace)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the loads as they are now: (office, officer, points this month, open files).
pub async fn save_loads(conn: &mut PgConnection, rows: &[(String, String, i64, i32)], month: NaiveDate) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let offices: Vec<String> = rows.iter().map(|r| r.0.clone()).collect();
    let officers: Vec<String> = rows.iter().map(|r| r.1.clone()).collect();
    sqlx::query!(
        r#"INSERT INTO loads (office, officer, month, points)
           SELECT w.office, w.officer, $4, w.points FROM UNNEST($1::text[], $2::text[], $3::bigint[]) AS w (office, officer, points)
           ON CONFLICT (office, officer, month) DO UPDATE SET points = EXCLUDED.points"#,
        &offices,
        &officers,
        &rows.iter().map(|r| r.2).collect::<Vec<_>>(),
        month
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"INSERT INTO open_files (office, officer, files) SELECT * FROM UNNEST($1::text[], $2::text[], $3::int[])
           ON CONFLICT (office, officer) DO UPDATE SET files = EXCLUDED.files"#,
        &offices,
        &officers,
        &rows.iter().map(|r| r.3).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds to the counts of a day: (kind, code) → (events, findings).
pub async fn add_counts(conn: &mut PgConnection, rows: &HashMap<(String, String), (i32, i32)>, day: NaiveDate) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_unstable();
    sqlx::query!(
        r#"INSERT INTO counts AS c (kind, code, day, events, nonconform)
           SELECT w.kind, w.code, $5, w.events, w.nonconform FROM UNNEST($1::text[], $2::text[], $3::int[], $4::int[]) AS w (kind, code, events, nonconform)
           ON CONFLICT (kind, code, day) DO UPDATE SET events = c.events + EXCLUDED.events, nonconform = c.nonconform + EXCLUDED.nonconform"#,
        &sorted.iter().map(|(k, _)| k.0.clone()).collect::<Vec<_>>(),
        &sorted.iter().map(|(k, _)| k.1.clone()).collect::<Vec<_>>(),
        &sorted.iter().map(|(_, v)| v.0).collect::<Vec<_>>(),
        &sorted.iter().map(|(_, v)| v.1).collect::<Vec<_>>(),
        day
    )
    .execute(conn)
    .await?;
    Ok(())
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
