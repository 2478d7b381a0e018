//! What could not be applied, kept whole, and the later facts of the same subject that wait behind it.
//!
//! `parked` holds one row per (topic, subject) that is blocked; reader and redrive lock it alike. The waiting facts themselves lie in
//! `dead_letters` with the code `PARKED`, in order. What cannot be decoded has no subject to rely on and parks nothing.
mod letters;

use std::collections::{BTreeSet, HashSet};

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

pub use self::letters::{FIRST, Letter, LetterId, behind, count, find, list, of_code};
use crate::{Instant, cloudevent, failure::Failure, reader::Fact};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudevent::Headers;

    #[test]
    fn a_long_subject_is_told_from_another_of_the_same_beginning() {
        let fact = |subject: String| Fact::new("t", 0, 0, 0, "", Headers::from_iter([(cloudevent::SUBJECT, subject)]), Vec::new());
        let (one, two) = (line(&fact(format!("{}1", "ä".repeat(3000)))), line(&fact(format!("{}2", "ä".repeat(3000)))));
        assert!(one != two && one.1.len() < 600);
        assert_eq!(line(&fact("short".to_owned())).1, "short");
    }
}
