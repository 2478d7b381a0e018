//! What a key was answered with: the table `commands`.
use std::collections::HashMap;

use sqlx::PgConnection;

use super::Call;
use crate::{Instant, failure::Failure, serving::Refusal};

pub(super) type Key = (String, String, String);
pub(super) type Stored = HashMap<Key, (Vec<u8>, Vec<u8>)>;

pub(super) fn key<C>(call: &Call<C>) -> Key {
    (call.caller.subject.clone(), call.method.to_owned(), call.key.clone())
}

pub(super) fn repeat<C>(stored: &Stored, call: &Call<C>) -> Option<Result<Vec<u8>, Refusal>> {
    let (digest, answer) = stored.get(&key(call))?;
    let same = *digest == call.digest;
    Some(if same { Ok(answer.clone()) } else { Err(Refusal::conflict("KEY_REUSED", "this idempotency key was used with other content")) })
}

fn columns<C>(calls: &[&Call<C>]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let column = |pick: fn(&Call<C>) -> &str| calls.iter().map(|c| pick(c).to_owned()).collect();
    (column(|c| &c.caller.subject), column(|c| c.method), column(|c| &c.key))
}

pub(super) async fn stored<C>(conn: &mut PgConnection, calls: &[Call<C>]) -> Result<Stored, Failure> {
    let (callers, methods, keys) = columns(&calls.iter().collect::<Vec<_>>());
    let rows = sqlx::query!(
        r#"SELECT c.caller, c.method, c.key, c.digest, c.answer
           FROM UNNEST($1::text[], $2::text[], $3::text[]) AS w (caller, method, key) JOIN commands c USING (caller, method, key)"#,
        &callers,
        &methods,
        &keys
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| ((r.caller, r.method, r.key), (r.digest, r.answer))).collect())
}

/// A key that another replica has just used is a `Retry`: loading again sees its answer.
pub(super) async fn remember<C>(
    conn: &mut PgConnection,
    calls: &[Call<C>],
    decisions: &[Result<Vec<u8>, Refusal>],
    now: Instant,
) -> Result<(), Failure> {
    let mut granted: Vec<(&Call<C>, &Vec<u8>)> = calls.iter().zip(decisions).filter_map(|(c, d)| d.as_ref().ok().map(|a| (c, a))).collect();
    if granted.is_empty() {
        return Ok(());
    }
    granted.sort_by_key(|(call, _)| key(call));
    let (callers, methods, keys) = columns(&granted.iter().map(|(c, _)| *c).collect::<Vec<_>>());
    let digests: Vec<Vec<u8>> = granted.iter().map(|(c, _)| c.digest.clone()).collect();
    let answers: Vec<Vec<u8>> = granted.iter().map(|(_, a)| (*a).clone()).collect();
    sqlx::query!(
        r#"INSERT INTO commands (caller, method, key, digest, answer, at)
           SELECT UNNEST($1::text[]), UNNEST($2::text[]), UNNEST($3::text[]), UNNEST($4::bytea[]), UNNEST($5::bytea[]), $6"#,
        &callers,
        &methods,
        &keys,
        &digests,
        &answers,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
