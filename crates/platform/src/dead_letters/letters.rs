//! Dead letters as they are read: one, a page of them, those that go together.
use sqlx::PgConnection;

use super::{line, lines, lock, places};
use crate::{
    Instant,
    cloudevent::{self, Headers},
    failure::Failure,
    reader::Fact,
};

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
