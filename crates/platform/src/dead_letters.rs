//! What could not be applied, kept whole, and the later facts of the same subject that wait behind it.
//!
//! `parked` holds one row per (topic, subject) that is blocked; reader and redrive lock it alike. The waiting facts themselves lie in
//! `dead_letters` with the code `PARKED`, in order. What cannot be decoded has no subject to rely on and parks nothing.
use std::collections::HashSet;

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::{
    Instant,
    cloudevent::{self, Headers},
    failure::Failure,
    reader::Fact,
};

/// Code of a fact that waits behind a dead letter.
pub const PARKED: &str = "PARKED";

/// Buries a rejected fact and blocks its subject. A fact that is redriven lies there already: only its reason is renewed.
pub async fn bury(conn: &mut PgConnection, fact: &Fact, code: &str, reason: &str, now: Instant) -> Result<(), Failure> {
    store(conn, fact, code, reason, now).await?;
    let (topic, subject) = line(fact);
    if !matches!(code, "UNDECODABLE" | "TOO_LARGE") && !subject.is_empty() {
        sqlx::query!("INSERT INTO parked (source, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING", topic, subject).execute(conn).await?;
    }
    Ok(())
}

/// Puts a fact behind the dead letter that blocks its subject.
pub async fn park(conn: &mut PgConnection, fact: &Fact, now: Instant) -> Result<(), Failure> {
    store(conn, fact, PARKED, "waits behind an earlier dead letter of its subject", now).await
}

async fn store(conn: &mut PgConnection, fact: &Fact, code: &str, reason: &str, now: Instant) -> Result<(), Failure> {
    let (topic, subject) = line(fact);
    for offset in eras(fact.offset) {
        let stored = sqlx::query!(
            r#"INSERT INTO dead_letters AS d (topic, partition, "offset", position, key, subject, headers, payload, code, reason, received_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               ON CONFLICT (topic, partition, "offset") DO UPDATE SET code = EXCLUDED.code, reason = EXCLUDED.reason
               WHERE d.headers = EXCLUDED.headers AND d.payload = EXCLUDED.payload"#,
            topic,
            fact.partition,
            offset,
            fact.position,
            &*fact.key,
            subject,
            cloudevent::to_text(&fact.headers),
            &*fact.payload,
            code,
            reason,
            now
        )
        .execute(&mut *conn)
        .await?;
        if stored.rows_affected() == 1 {
            return Ok(());
        }
    }
    Err(Failure::Retry(format!("no place among the dead letters for {}", fact.place())))
}

/// Offsets under which a fact may be kept. A topic that was created anew counts from 0 again, so its offset may be that of another fact of
/// the topic before; then the fact is kept 2^48 higher, and so comes after it.
pub(crate) fn eras(offset: i64) -> impl Iterator<Item = i64> {
    (0..1000).map(move |era| offset + (era << 48))
}

/// What waits together: topic and subject, the subject short enough for an index.
pub(crate) fn line(fact: &Fact) -> (String, String) {
    let subject = fact.subject();
    let short = match subject.char_indices().nth(200) {
        Some((end, _)) => format!("{} {}", &subject[..end], hex::encode(Sha256::digest(subject))),
        None => subject.to_owned(),
    };
    (fact.topic.to_string(), short)
}

/// Which of the facts' [`line`]s are blocked; locks those rows.
pub async fn blocked(conn: &mut PgConnection, facts: &[Fact]) -> Result<HashSet<(String, String)>, Failure> {
    let mut wanted: Vec<(String, String)> = facts.iter().map(line).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let (sources, subjects): (Vec<String>, Vec<String>) = wanted.into_iter().unzip();
    let rows = sqlx::query!(
        r#"SELECT p.source, p.subject FROM UNNEST($1::text[], $2::text[]) AS w (source, subject) JOIN parked p USING (source, subject)
           ORDER BY p.source, p.subject FOR UPDATE OF p"#,
        &sources,
        &subjects
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.source, r.subject)).collect())
}

/// A dead letter with its fact.
#[derive(Debug, Clone)]
pub struct Letter {
    pub fact: Fact,
    pub code: String,
    pub reason: String,
    pub received_at: Instant,
    pub redriven_at: Option<Instant>,
}

/// (topic, partition, offset).
pub type LetterId = (String, i32, i64);

/// Before every dead letter.
pub const FIRST: LetterId = (String::new(), 0, i64::MIN);

/// One dead letter.
pub async fn find(conn: &mut PgConnection, id: &LetterId) -> Result<Option<Letter>, Failure> {
    let row = sqlx::query_as!(
        LetterRow,
        r#"SELECT topic, partition, "offset", position, key, subject, headers, payload, code, reason, received_at, redriven_at
           FROM dead_letters WHERE topic = $1 AND partition = $2 AND "offset" = $3"#,
        id.0,
        id.1,
        id.2
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Letter::from))
}

/// Dead letters after an id, open ones alone unless `with_applied`.
pub async fn list(conn: &mut PgConnection, after: &LetterId, limit: i64, with_applied: bool) -> Result<Vec<Letter>, Failure> {
    let rows = sqlx::query_as!(
        LetterRow,
        r#"SELECT topic, partition, "offset", position, key, subject, headers, payload, code, reason, received_at, redriven_at
           FROM dead_letters WHERE (topic, partition, "offset") > ($1, $2, $3) AND ($5 OR redriven_at IS NULL)
           ORDER BY topic, partition, "offset" LIMIT $4"#,
        after.0,
        after.1,
        after.2,
        limit,
        with_applied
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Letter::from).collect())
}

/// How many are open.
pub async fn count(conn: &mut PgConnection) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM dead_letters WHERE redriven_at IS NULL"#).fetch_one(conn).await?)
}

/// The letter itself and, when its subject is blocked, every open letter of the subject, in the order in which the facts were told. Whoever
/// asks for the same letters meanwhile waits; what was applied by then is not among them.
pub async fn behind(conn: &mut PgConnection, letter: &Letter) -> Result<Vec<Letter>, Failure> {
    let fact = &letter.fact;
    let (topic, subject) = line(fact);
    if subject.is_empty() || letter.code == "UNDECODABLE" {
        let open = sqlx::query!(
            r#"SELECT partition FROM dead_letters WHERE topic = $1 AND partition = $2 AND "offset" = $3 AND redriven_at IS NULL FOR UPDATE"#,
            topic,
            fact.partition,
            fact.offset
        )
        .fetch_optional(conn)
        .await?;
        return Ok(open.map(|_| letter.clone()).into_iter().collect());
    }
    sqlx::query!("SELECT subject FROM parked WHERE source = $1 AND subject = $2 FOR UPDATE", topic, subject).fetch_optional(&mut *conn).await?;
    let rows = sqlx::query_as!(
        LetterRow,
        r#"SELECT topic, partition, "offset", position, key, subject, headers, payload, code, reason, received_at, redriven_at
           FROM dead_letters WHERE topic = $1 AND subject = $2 AND redriven_at IS NULL AND code <> 'UNDECODABLE'
           ORDER BY position, partition, "offset""#,
        topic,
        subject
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Letter::from).collect())
}

/// Open letters of a code after an id.
pub async fn of_code(conn: &mut PgConnection, code: &str, after: &LetterId, limit: i64) -> Result<Vec<Letter>, Failure> {
    let rows = sqlx::query_as!(
        LetterRow,
        r#"SELECT topic, partition, "offset", position, key, subject, headers, payload, code, reason, received_at, redriven_at
           FROM dead_letters WHERE (topic, partition, "offset") > ($1, $2, $3) AND code = $5 AND redriven_at IS NULL
           ORDER BY topic, partition, "offset" LIMIT $4"#,
        after.0,
        after.1,
        after.2,
        limit,
        code
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Letter::from).collect())
}

/// Closes a letter that was applied or discarded, and frees its subject when it was the last.
pub async fn close(conn: &mut PgConnection, fact: &Fact, now: Instant) -> Result<(), Failure> {
    let (topic, subject) = line(fact);
    sqlx::query!(
        r#"UPDATE dead_letters SET redriven_at = $4 WHERE topic = $1 AND partition = $2 AND "offset" = $3"#,
        &*fact.topic,
        fact.partition,
        fact.offset,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"DELETE FROM parked WHERE source = $1 AND subject = $2
           AND NOT EXISTS (SELECT 1 FROM dead_letters d WHERE d.topic = $1 AND d.subject = $2 AND d.redriven_at IS NULL AND d.code <> 'UNDECODABLE')"#,
        topic,
        subject
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct LetterRow {
    topic: String,
    partition: i32,
    offset: i64,
    position: i64,
    key: String,
    #[expect(dead_code, reason = "the subject is read from the headers")]
    subject: String,
    headers: String,
    payload: Vec<u8>,
    code: String,
    reason: String,
    received_at: Instant,
    redriven_at: Option<Instant>,
}

impl From<LetterRow> for Letter {
    fn from(row: LetterRow) -> Self {
        let headers: Headers = cloudevent::from_text(&row.headers);
        let mut fact = Fact::new(row.topic, row.partition, row.offset, row.position, row.key, headers, row.payload);
        fact.redriven = true;
        Self { fact, code: row.code, reason: row.reason, received_at: row.received_at, redriven_at: row.redriven_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_subject_is_told_from_another_of_the_same_beginning() {
        let fact = |subject: String| Fact::new("t", 0, 0, 0, "", Headers::from_iter([(cloudevent::SUBJECT, subject)]), Vec::new());
        let (one, two) = (line(&fact(format!("{}1", "ä".repeat(3000)))), line(&fact(format!("{}2", "ä".repeat(3000)))));
        assert!(one != two && one.1.len() < 600);
        assert_eq!(line(&fact("short".to_owned())).1, "short");
    }
}
