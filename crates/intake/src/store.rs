//! All SQL of intake: declarations loaded and saved in sets, never one by one.
use std::collections::HashSet;

use platform::{Failure, Instant};
use sqlx::PgConnection;

/// A declaration as it stands in the table.
#[derive(Debug, Clone)]
pub struct DeclarationRow {
    pub key: String,
    pub version: i16,
    pub state: String,
    pub lane: String,
    pub officer: String,
    pub sender: String,
    pub reference: String,
    pub class: String,
    pub office: String,
    pub wire: String,
    pub digest: Vec<u8>,
    pub body: Vec<u8>,
    pub duty_vnd: i64,
    pub paid_vnd: i64,
    pub guaranteed: bool,
    pub lodged_at: Instant,
    pub changed_at: Instant,
}

/// A version that was superseded.
#[derive(Debug, Clone)]
pub struct VersionRow {
    pub key: String,
    pub version: i16,
    pub digest: Vec<u8>,
    pub body: Vec<u8>,
    pub at: Instant,
}

/// A payment that was accepted.
#[derive(Debug, Clone)]
pub struct PaymentRow {
    pub reference: String,
    pub key: String,
    pub amount_vnd: i64,
    pub at: Instant,
}

/// Locks and loads the declarations with these keys or (sender, reference), in the order of their keys; the content of those alone that are
/// named in `whole`: everything else leaves it as it is.
pub async fn lock(
    conn: &mut PgConnection,
    keys: &[String],
    references: &[(String, String)],
    whole: &[String],
) -> Result<Vec<DeclarationRow>, Failure> {
    let (senders, names): (Vec<&str>, Vec<&str>) = references.iter().map(|(sender, name)| (sender.as_str(), name.as_str())).unzip();
    let mut found = keys.to_vec();
    if !references.is_empty() {
        let named = sqlx::query_scalar!(
            r#"SELECT d.key FROM UNNEST($1::text[], $2::text[]) AS w (sender, reference) JOIN declarations d USING (sender, reference)"#,
            &senders as &[&str],
            &names as &[&str]
        )
        .fetch_all(&mut *conn)
        .await?;
        found.extend(named);
    }
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let whole: HashSet<&String> = whole.iter().collect();
    let contents: Vec<bool> = found.iter().map(|key| whole.contains(key)).collect();
    Ok(sqlx::query_as!(
        DeclarationRow,
        r#"SELECT d.key, d.version, d.state, d.lane, d.officer, d.sender, d.reference, d.class, d.office, d.wire, d.digest,
                  CASE WHEN w.content THEN d.body ELSE ''::bytea END AS "body!",
                  d.duty_vnd, d.paid_vnd, d.guaranteed, d.lodged_at, d.changed_at
           FROM UNNEST($1::text[], $2::boolean[]) AS w (key, content) JOIN declarations d USING (key) ORDER BY d.key FOR UPDATE OF d"#,
        &found,
        &contents
    )
    .fetch_all(conn)
    .await?)
}

/// Superseded versions of these declarations.
pub async fn versions(conn: &mut PgConnection, keys: &[String]) -> Result<Vec<VersionRow>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        VersionRow,
        r#"SELECT v.key, v.version, v.digest, v.body, v.at FROM UNNEST($1::text[]) AS w (key) JOIN versions v USING (key)"#,
        keys
    )
    .fetch_all(conn)
    .await?)
}

/// Payments with these references.
pub async fn payments(conn: &mut PgConnection, references: &[String]) -> Result<Vec<PaymentRow>, Failure> {
    if references.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        PaymentRow,
        r#"SELECT p.reference, p.key, p.amount_vnd, p.at FROM UNNEST($1::text[]) AS w (reference) JOIN payments p USING (reference)"#,
        references
    )
    .fetch_all(conn)
    .await?)
}

/// Serial numbers for new declarations; those that are not used are lost, which harms nobody.
pub async fn serials(conn: &mut PgConnection, count: usize) -> Result<Vec<i64>, Failure> {
    let count = i32::try_from(count).unwrap_or(0);
    Ok(sqlx::query_scalar!(r#"SELECT nextval('declaration_serial') AS "serial!" FROM generate_series(1, $1::int)"#, count).fetch_all(conn).await?)
}

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
           SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                                $10::text[], $11::bytea[], $12::bytea[], $13::bigint[], $14::bigint[], $15::boolean[], $16::timestamptz[],
                                $17::timestamptz[])"#,
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
           FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::boolean[], $9::timestamptz[])
                AS w (key, version, state, lane, officer, duty_vnd, paid_vnd, guaranteed, changed_at)
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
           FROM UNNEST($1::text[], $2::text[], $3::bytea[], $4::bytea[]) AS w (key, office, digest, body) WHERE d.key = w.key"#,
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
           SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::bytea[], $4::bytea[], $5::timestamptz[])"#,
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
        r#"INSERT INTO payments (reference, key, amount_vnd, at) SELECT * FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])"#,
        &rows.iter().map(|r| r.reference.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|r| r.key.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|r| r.amount_vnd).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.at).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One declaration, unlocked.
pub async fn find(conn: &mut PgConnection, key: &str) -> Result<Option<DeclarationRow>, Failure> {
    Ok(sqlx::query_as!(
        DeclarationRow,
        r#"SELECT key, version, state, lane, officer, sender, reference, class, office, wire, digest, body, duty_vnd, paid_vnd, guaranteed,
                  lodged_at, changed_at
           FROM declarations WHERE key = $1"#,
        key
    )
    .fetch_optional(conn)
    .await?)
}

/// Declarations of an office after a key; any state when `state` is empty.
pub async fn list(conn: &mut PgConnection, office: &str, state: &str, after: &str, limit: i64) -> Result<Vec<DeclarationRow>, Failure> {
    Ok(sqlx::query_as!(
        DeclarationRow,
        r#"SELECT key, version, state, lane, officer, sender, reference, class, office, wire, digest, body, duty_vnd, paid_vnd, guaranteed,
                  lodged_at, changed_at
           FROM declarations WHERE office = $1 AND key > $3 AND ($2 = '' OR state = $2) ORDER BY key LIMIT $4"#,
        office,
        state,
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}
