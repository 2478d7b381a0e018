//! Facts about subjects that are not known here yet: a payment before its declaration, a lane before its lodging. Normal races between topics.
//!
//! The reader stores such a fact in the transaction that read it. When the subject arrives, in whatever way, the fact is applied in that very
//! transaction. What waits too long is listed and answered by the service's own timer ([`overdue`]).
use sqlx::PgConnection;

use crate::{
    Instant,
    cloudevent::{self, Headers},
    dead_letters::eras,
    failure::Failure,
    reader::Fact,
};

/// Stores facts until their subjects arrive.
pub async fn store(conn: &mut PgConnection, facts: &[(&Fact, &str)], now: Instant) -> Result<(), Failure> {
    for (fact, subject) in facts {
        store_one(conn, fact, subject, now).await?;
    }
    Ok(())
}

async fn store_one(conn: &mut PgConnection, fact: &Fact, subject: &str, now: Instant) -> Result<(), Failure> {
    for offset in eras(fact.offset) {
        let stored = sqlx::query!(
            r#"INSERT INTO awaiting AS a (subject, topic, partition, "offset", position, key, headers, payload, since)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (topic, partition, "offset") DO UPDATE SET subject = EXCLUDED.subject
               WHERE a.headers = EXCLUDED.headers AND a.payload = EXCLUDED.payload"#,
            subject,
            &*fact.topic,
            fact.partition,
            offset,
            fact.position,
            &*fact.key,
            cloudevent::to_text(&fact.headers),
            &*fact.payload,
            now
        )
        .execute(&mut *conn)
        .await?;
        if stored.rows_affected() == 1 {
            return Ok(());
        }
    }
    Err(Failure::Retry(format!("no place for {} to wait", fact.place())))
}

/// Takes out what waits for any of the subjects, oldest first.
pub async fn take(conn: &mut PgConnection, subjects: &[String]) -> Result<Vec<Fact>, Failure> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = sqlx::query!(
        r#"DELETE FROM awaiting a USING UNNEST($1::text[]) AS w (subject) WHERE a.subject = w.subject
           RETURNING a.topic, a.partition, a."offset", a.position, a.key, a.headers, a.payload"#,
        subjects
    )
    .fetch_all(conn)
    .await?;
    rows.sort_by(|a, b| (&a.topic, a.partition, a.position, a.offset).cmp(&(&b.topic, b.partition, b.position, b.offset)));
    Ok(rows.into_iter().map(|r| fact(r.topic, r.partition, r.offset, r.position, r.key, &r.headers, r.payload)).collect())
}

/// Facts that have waited since before a moment and were not answered yet; marks them as answered.
pub async fn overdue(conn: &mut PgConnection, before: Instant, now: Instant, limit: i64) -> Result<Vec<(String, Fact)>, Failure> {
    let rows = sqlx::query!(
        r#"UPDATE awaiting a SET told_at = $2
           FROM (SELECT topic, partition, "offset" FROM awaiting WHERE told_at IS NULL AND since < $1 ORDER BY since LIMIT $3 FOR UPDATE SKIP LOCKED) w
           WHERE a.topic = w.topic AND a.partition = w.partition AND a."offset" = w."offset"
           RETURNING a.subject, a.topic, a.partition, a."offset", a.position, a.key, a.headers, a.payload"#,
        before,
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.subject, fact(r.topic, r.partition, r.offset, r.position, r.key, &r.headers, r.payload))).collect())
}

/// How many facts wait.
pub async fn count(conn: &mut PgConnection) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM awaiting"#).fetch_one(conn).await?)
}

fn fact(topic: String, partition: i32, offset: i64, position: i64, key: String, headers: &str, payload: Vec<u8>) -> Fact {
    let headers: Headers = cloudevent::from_text(headers);
    Fact::new(topic, partition, offset, position, key, headers, payload)
}
