//! The file of each declaration, as it is written.
use chrono::NaiveDate;
use platform::{Failure, Instant};
use sqlx::PgConnection;

use super::FileRow;

/// The columns of some files, borrowed: what is known already and what is new are written by two statements.
struct Columns<'r> {
    key: Vec<&'r str>,
    version: Vec<i16>,
    office: Vec<&'r str>,
    class: Vec<&'r str>,
    lane: Vec<&'r str>,
    form: Vec<&'r str>,
    state: Vec<&'r str>,
    officer: Vec<&'r str>,
    supervisor: Vec<&'r str>,
    queue_reason: Vec<&'r str>,
    how: Vec<&'r str>,
    grp: Vec<&'r str>,
    points: Vec<i32>,
    round: Vec<i32>,
    selection_day: Vec<NaiveDate>,
    since: Vec<Instant>,
    facts: Vec<&'r [u8]>,
    selection: Vec<&'r [u8]>,
    trace: Vec<&'r str>,
}

impl<'r> Columns<'r> {
    fn of(rows: &'r [&'r FileRow]) -> Self {
        let text = |pick: fn(&FileRow) -> &String| rows.iter().map(|r| pick(r).as_str()).collect::<Vec<_>>();
        let bytes = |pick: fn(&FileRow) -> &[u8]| rows.iter().map(|r| pick(r)).collect::<Vec<_>>();
        Self {
            key: text(|r| &r.key),
            version: rows.iter().map(|r| r.version).collect(),
            office: text(|r| &r.office),
            class: text(|r| &r.class),
            lane: text(|r| &r.lane),
            form: text(|r| &r.form),
            state: text(|r| &r.state),
            officer: text(|r| &r.officer),
            supervisor: text(|r| &r.supervisor),
            queue_reason: text(|r| &r.queue_reason),
            how: text(|r| &r.how),
            grp: text(|r| &r.grp),
            points: rows.iter().map(|r| r.points).collect(),
            round: rows.iter().map(|r| r.round).collect(),
            selection_day: rows.iter().map(|r| r.selection_day).collect(),
            since: rows.iter().map(|r| r.since).collect(),
            facts: bytes(|r| &r.facts),
            selection: bytes(|r| &r.selection),
            trace: text(|r| &r.trace),
        }
    }
}

/// Writes files that are known already.
pub async fn save_files(conn: &mut PgConnection, rows: &[&FileRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let w = Columns::of(rows);
    sqlx::query!(
        r#"UPDATE files f SET version = w.version, office = w.office, lane = w.lane, form = w.form, state = w.state, officer = w.officer,
               supervisor = w.supervisor, queue_reason = w.queue_reason, how = w.how, grp = w.grp, points = w.points, round = w.round,
               selection_day = w.selection_day, since = w.since, facts = w.facts, selection = w.selection, trace = w.trace
           FROM (SELECT UNNEST($1::text[]) AS key, UNNEST($2::smallint[]) AS version, UNNEST($3::text[]) AS office, UNNEST($4::text[]) AS lane,
               UNNEST($5::text[]) AS form, UNNEST($6::text[]) AS state, UNNEST($7::text[]) AS officer, UNNEST($8::text[]) AS supervisor,
               UNNEST($9::text[]) AS queue_reason, UNNEST($10::text[]) AS how, UNNEST($11::text[]) AS grp, UNNEST($12::int[]) AS points,
               UNNEST($13::int[]) AS round, UNNEST($14::date[]) AS selection_day, UNNEST($15::timestamptz[]) AS since, UNNEST($16::bytea[]) AS facts,
               UNNEST($17::bytea[]) AS selection, UNNEST($18::text[]) AS trace) AS w
           WHERE f.key = w.key"#,
        &w.key as &[&str],
        &w.version,
        &w.office as &[&str],
        &w.lane as &[&str],
        &w.form as &[&str],
        &w.state as &[&str],
        &w.officer as &[&str],
        &w.supervisor as &[&str],
        &w.queue_reason as &[&str],
        &w.how as &[&str],
        &w.grp as &[&str],
        &w.points,
        &w.round,
        &w.selection_day,
        &w.since,
        &w.facts as &[&[u8]],
        &w.selection as &[&[u8]],
        &w.trace as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds files of declarations that were not known.
pub async fn add_files(conn: &mut PgConnection, rows: &[&FileRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let w = Columns::of(rows);
    sqlx::query!(
        r#"INSERT INTO files (key, version, office, class, lane, form, state, officer, supervisor, queue_reason, how, grp, points, round, selection_day, since, facts, selection, trace)
           SELECT UNNEST($1::text[]), UNNEST($2::smallint[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[]),
               UNNEST($7::text[]), UNNEST($8::text[]), UNNEST($9::text[]), UNNEST($10::text[]), UNNEST($11::text[]), UNNEST($12::text[]),
               UNNEST($13::int[]), UNNEST($14::int[]), UNNEST($15::date[]), UNNEST($16::timestamptz[]), UNNEST($17::bytea[]), UNNEST($18::bytea[]),
               UNNEST($19::text[])"#,
        &w.key as &[&str],
        &w.version,
        &w.office as &[&str],
        &w.class as &[&str],
        &w.lane as &[&str],
        &w.form as &[&str],
        &w.state as &[&str],
        &w.officer as &[&str],
        &w.supervisor as &[&str],
        &w.queue_reason as &[&str],
        &w.how as &[&str],
        &w.grp as &[&str],
        &w.points,
        &w.round,
        &w.selection_day,
        &w.since,
        &w.facts as &[&[u8]],
        &w.selection as &[&[u8]],
        &w.trace as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}
