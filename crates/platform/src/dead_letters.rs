//! What could not be applied, kept whole, and the later facts of the same subject that wait behind it.
//!
//! `parked` holds one row per (topic, subject) that is blocked; reader and redrive lock it alike. The waiting facts themselves lie in
//! `dead_letters` with the code `PARKED`, in order. What cannot be decoded has no subject to rely on and parks nothing.
use std::collections::{BTreeSet, HashSet};

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

/// The facts' [`line`]s, each once, as two columns.
fn lines<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> (Vec<String>, Vec<String>) {
    facts.into_iter().map(line).collect::<BTreeSet<_>>().into_iter().unzip()
}

/// The facts' places as three columns.
fn places(facts: &[&Fact]) -> (Vec<String>, Vec<i32>, Vec<i64>) {
    let topics = facts.iter().map(|fact| fact.topic.to_string()).collect();
    (topics, facts.iter().map(|fact| fact.partition).collect(), facts.iter().map(|fact| fact.offset).collect())
}

/// Which of the facts' [`line`]s are blocked; locks those rows.
pub async fn blocked<'f>(conn: &mut PgConnection, facts: impl IntoIterator<Item = &'f Fact>) -> Result<HashSet<(String, String)>, Failure> {
    let (sources, subjects) = lines(facts);
    lock(conn, &sources, &subjects).await
}

async fn lock(conn: &mut PgConnection, sources: &[String], subjects: &[String]) -> Result<HashSet<(String, String)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT p.source, p.subject FROM UNNEST($1::text[], $2::text[]) AS w (source, subject) JOIN parked p USING (source, subject)
           ORDER BY p.source, p.subject FOR UPDATE OF p"#,
        sources,
        subjects
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

impl Letter {
    /// What cannot be decoded has no subject to rely on: nothing waits behind it.
    fn stands_alone(&self) -> bool {
        self.code == "UNDECODABLE" || self.fact.subject().is_empty()
    }

    /// What is applied in order: the letter's subject, or the letter alone.
    pub(crate) fn queue(&self) -> (String, String) {
        if self.stands_alone() { (self.fact.place(), String::new()) } else { line(&self.fact) }
    }
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

/// Of these letters the open ones, with every open letter of their subjects behind them, in the order in which the facts were told; the first `most`.
/// Whoever asks for the same letters meanwhile waits; what was applied by then is not among them.
pub async fn behind(conn: &mut PgConnection, letters: &[&Letter], most: usize) -> Result<Vec<Letter>, Failure> {
    let (alone, lined): (Vec<&Letter>, Vec<&Letter>) = letters.iter().partition(|letter| letter.stands_alone());
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let mut open = still_open(conn, &alone, limit).await?;
    open.extend(still_waiting(conn, &lined, limit).await?);
    open.truncate(most);
    Ok(open)
}

async fn still_open(conn: &mut PgConnection, letters: &[&Letter], most: i64) -> Result<Vec<Letter>, Failure> {
    if letters.is_empty() {
        return Ok(Vec::new());
    }
    let facts: Vec<&Fact> = letters.iter().map(|letter| &letter.fact).collect();
    let (topics, partitions, offsets) = places(&facts);
    let rows = sqlx::query_as!(
        LetterRow,
        r#"SELECT topic, partition, "offset", position, key, subject, headers, payload, code, reason, received_at, redriven_at
           FROM dead_letters d JOIN UNNEST($1::text[], $2::int[], $3::bigint[]) AS w (topic, partition, "offset")
           USING (topic, partition, "offset") WHERE redriven_at IS NULL ORDER BY topic, partition, "offset" LIMIT $4 FOR UPDATE OF d"#,
        &topics,
        &partitions,
        &offsets,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Letter::from).collect())
}

async fn still_waiting(conn: &mut PgConnection, letters: &[&Letter], most: i64) -> Result<Vec<Letter>, Failure> {
    if letters.is_empty() {
        return Ok(Vec::new());
    }
    let (topics, subjects) = lines(letters.iter().map(|letter| &letter.fact));
    lock(conn, &topics, &subjects).await?;
    let rows = sqlx::query_as!(
        LetterRow,
        r#"SELECT topic, partition, "offset", position, key, subject, headers, payload, code, reason, received_at, redriven_at
           FROM dead_letters d JOIN UNNEST($1::text[], $2::text[]) AS w (topic, subject) USING (topic, subject)
           WHERE redriven_at IS NULL AND code <> 'UNDECODABLE' ORDER BY topic, position, partition, "offset" LIMIT $3
           FOR UPDATE OF d"#,
        &topics,
        &subjects,
        most
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

/// Closes letters that were applied or discarded, and frees the subjects whose last ones they were.
pub async fn close(conn: &mut PgConnection, facts: &[&Fact], now: Instant) -> Result<(), Failure> {
    let (topics, partitions, offsets) = places(facts);
    sqlx::query!(
        r#"UPDATE dead_letters d SET redriven_at = $4 FROM UNNEST($1::text[], $2::int[], $3::bigint[]) AS w (topic, partition, "offset")
           WHERE d.topic = w.topic AND d.partition = w.partition AND d."offset" = w."offset""#,
        &topics,
        &partitions,
        &offsets,
        now
    )
    .execute(&mut *conn)
    .await?;
    let (sources, subjects) = lines(facts.iter().copied());
    sqlx::query!(
        r#"DELETE FROM parked p USING UNNEST($1::text[], $2::text[]) AS w (source, subject) WHERE p.source = w.source AND p.subject = w.subject
           AND NOT EXISTS (SELECT 1 FROM dead_letters d
                           WHERE d.topic = w.source AND d.subject = w.subject AND d.redriven_at IS NULL AND d.code <> 'UNDECODABLE')"#,
        &sources,
        &subjects
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
