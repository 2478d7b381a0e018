//! Declarations with what belongs to them, read: locked for a decision, or as they stand for a list.
use std::collections::HashSet;

use platform::Failure;
use sqlx::PgConnection;

use super::{DeclarationRow, PaymentRow, VersionRow};

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
