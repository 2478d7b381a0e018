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
           FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                       $10::text[], $11::text[], $12::int[], $13::int[], $14::date[], $15::timestamptz[], $16::bytea[], $17::bytea[], $18::text[])
               AS w (key, version, office, lane, form, state, officer, supervisor, queue_reason, how, grp, points, round, selection_day, since,
                     facts, selection, trace)
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
           SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                                $10::text[], $11::text[], $12::text[], $13::int[], $14::int[], $15::date[], $16::timestamptz[], $17::bytea[],
                                $18::bytea[], $19::text[])"#,
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
