//! Declarations with what belongs to them, written.
use platform::{Failure, Instant};
use sqlx::PgConnection;

use super::{DeclarationRow, PaymentRow, VersionRow};

/// How declarations stand, column by column.
struct Standing<'a> {
    key: Vec<&'a str>,
    version: Vec<i16>,
    state: Vec<&'a str>,
    lane: Vec<&'a str>,
    officer: Vec<&'a str>,
    duty_vnd: Vec<i64>,
    paid_vnd: Vec<i64>,
    guaranteed: Vec<bool>,
    changed_at: Vec<Instant>,
}

impl<'a> Standing<'a> {
    fn of(rows: &[&'a DeclarationRow]) -> Self {
        Self {
            key: texts(rows, |r| &r.key),
            version: rows.iter().map(|r| r.version).collect(),
            state: texts(rows, |r| &r.state),
            lane: texts(rows, |r| &r.lane),
            officer: texts(rows, |r| &r.officer),
            duty_vnd: rows.iter().map(|r| r.duty_vnd).collect(),
            paid_vnd: rows.iter().map(|r| r.paid_vnd).collect(),
            guaranteed: rows.iter().map(|r| r.guaranteed).collect(),
            changed_at: rows.iter().map(|r| r.changed_at).collect(),
        }
    }
}

fn texts<'a>(rows: &[&'a DeclarationRow], pick: fn(&DeclarationRow) -> &String) -> Vec<&'a str> {
    rows.iter().map(|r| pick(r).as_str()).collect()
}

/// Inserts new declarations.
pub async fn insert(conn: &mut PgConnection, rows: &[&DeclarationRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let standing = Standing::of(rows);
    let digests: Vec<&[u8]> = rows.iter().map(|r| r.digest.as_slice()).collect();
    let bodies: Vec<&[u8]> = rows.iter().map(|r| r.body.as_slice()).collect();
    sqlx::query!(
        r#"INSERT INTO declarations (key, version, state, lane, officer, sender, reference, class, office, wire, digest, body,
                                     duty_vnd, paid_vnd, guaranteed, lodged_at, changed_at)
           SELECT UNNEST($1::text[]), UNNEST($2::smallint[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[]),
               UNNEST($7::text[]), UNNEST($8::text[]), UNNEST($9::text[]), UNNEST($10::text[]), UNNEST($11::bytea[]), UNNEST($12::bytea[]),
               UNNEST($13::bigint[]), UNNEST($14::bigint[]), UNNEST($15::boolean[]), UNNEST($16::timestamptz[]), UNNEST($17::timestamptz[])"#,
        &standing.key as &[&str],
        &standing.version,
        &standing.state as &[&str],
        &standing.lane as &[&str],
        &standing.officer as &[&str],
        &texts(rows, |r| &r.sender) as &[&str],
        &texts(rows, |r| &r.reference) as &[&str],
        &texts(rows, |r| &r.class) as &[&str],
        &texts(rows, |r| &r.office) as &[&str],
        &texts(rows, |r| &r.wire) as &[&str],
        &digests as &[&[u8]],
        &bodies as &[&[u8]],
        &standing.duty_vnd,
        &standing.paid_vnd,
        &standing.guaranteed,
        &rows.iter().map(|r| r.lodged_at).collect::<Vec<_>>(),
        &standing.changed_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes how declarations stand.
pub async fn update(conn: &mut PgConnection, rows: &[&DeclarationRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let standing = Standing::of(rows);
    sqlx::query!(
        r#"UPDATE declarations d
           SET version = w.version, state = w.state, lane = w.lane, officer = w.officer,
               duty_vnd = w.duty_vnd, paid_vnd = w.paid_vnd, guaranteed = w.guaranteed, changed_at = w.changed_at
           FROM (SELECT UNNEST($1::text[]) AS key, UNNEST($2::smallint[]) AS version, UNNEST($3::text[]) AS state, UNNEST($4::text[]) AS lane,
               UNNEST($5::text[]) AS officer, UNNEST($6::bigint[]) AS duty_vnd, UNNEST($7::bigint[]) AS paid_vnd, UNNEST($8::boolean[]) AS guaranteed,
               UNNEST($9::timestamptz[]) AS changed_at) AS w
           WHERE d.key = w.key"#,
        &standing.key as &[&str],
        &standing.version,
        &standing.state as &[&str],
        &standing.lane as &[&str],
        &standing.officer as &[&str],
        &standing.duty_vnd,
        &standing.paid_vnd,
        &standing.guaranteed,
        &standing.changed_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what amended declarations say.
pub async fn replace(conn: &mut PgConnection, rows: &[&DeclarationRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"UPDATE declarations d SET office = w.office, digest = w.digest, body = w.body
           FROM (SELECT UNNEST($1::text[]) AS key, UNNEST($2::text[]) AS office, UNNEST($3::bytea[]) AS digest, UNNEST($4::bytea[]) AS body) AS w
           WHERE d.key = w.key"#,
        &texts(rows, |r| &r.key) as &[&str],
        &texts(rows, |r| &r.office) as &[&str],
        &rows.iter().map(|r| r.digest.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &rows.iter().map(|r| r.body.as_slice()).collect::<Vec<_>>() as &[&[u8]]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps superseded versions.
pub async fn keep_versions(conn: &mut PgConnection, rows: &[VersionRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let digests: Vec<&[u8]> = rows.iter().map(|r| r.digest.as_slice()).collect();
    let bodies: Vec<&[u8]> = rows.iter().map(|r| r.body.as_slice()).collect();
    sqlx::query!(
        r#"INSERT INTO versions (key, version, digest, body, at)
           SELECT UNNEST($1::text[]), UNNEST($2::smallint[]), UNNEST($3::bytea[]), UNNEST($4::bytea[]), UNNEST($5::timestamptz[])"#,
        &rows.iter().map(|r| r.key.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|r| r.version).collect::<Vec<_>>(),
        &digests as &[&[u8]],
        &bodies as &[&[u8]],
        &rows.iter().map(|r| r.at).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps accepted payments.
pub async fn keep_payments(conn: &mut PgConnection, rows: &[PaymentRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"INSERT INTO payments (reference, key, amount_vnd, at)
           SELECT UNNEST($1::text[]), UNNEST($2::text[]), UNNEST($3::bigint[]), UNNEST($4::timestamptz[])"#,
        &rows.iter().map(|r| r.reference.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|r| r.key.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|r| r.amount_vnd).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.at).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}
