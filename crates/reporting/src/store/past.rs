//! Figures of days that are over, as they were counted: looked for, announced, kept, read, doubted.
use platform::Failure;
use reporting_domain::Scope;
use sqlx::PgConnection;
use values::Day;

use super::{column, figures::office};

/// A day of an office; '' is every office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastDay {
    pub office: String,
    pub day: Day,
}

/// Figures that are kept, by day, and hold as of this statement.
pub async fn counted_between(conn: &mut PgConnection, scope: &Scope, from: Day, to: Day) -> Result<Vec<(Day, Vec<u8>)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT day, figures AS "figures!" FROM kept_figures
           WHERE office = $1 AND day BETWEEN $2 AND $3 AND figures IS NOT NULL AND NOT EXISTS (SELECT FROM kept_doubts)"#,
        office(scope),
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.figures)).collect())
}

/// From here on to the end of the transaction nobody marks, and whoever has marked is seen.
pub async fn alone(conn: &mut PgConnection) -> Result<(), Failure> {
    sqlx::query!("SELECT pg_advisory_xact_lock(1009, 0)").execute(conn).await?;
    Ok(())
}

/// Days that were announced before this transaction, newest first.
pub async fn announced(conn: &mut PgConnection) -> Result<Vec<PastDay>, Failure> {
    let sql = sqlx::query_as!(PastDay, "SELECT office, day FROM kept_figures WHERE figures IS NULL AND announced ORDER BY day DESC, office");
    Ok(sql.fetch_all(conn).await?)
}

/// Days that are to be counted, newest first.
pub async fn due(conn: &mut PgConnection, most: i64) -> Result<Vec<PastDay>, Failure> {
    let rows = sqlx::query_as!(
        PastDay,
        "SELECT office, day FROM kept_figures WHERE figures IS NULL AND NOT announced AND due_at <= now() ORDER BY day DESC, office LIMIT $1",
        most
    );
    Ok(rows.fetch_all(conn).await?)
}

/// Announces days: who changes them from now on takes that back. Only [`alone`].
pub async fn announce(conn: &mut PgConnection, days: &[PastDay]) -> Result<(), Failure> {
    sqlx::query!(
        r#"UPDATE kept_figures AS k SET announced = true FROM UNNEST($1::text[], $2::date[]) AS n (office, day)
           WHERE k.office = n.office AND k.day = n.day AND k.figures IS NULL"#,
        column!(days, d => d.office.as_str()) as &[&str],
        column!(days, d => d.day)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps what was counted after its announcement, unless that was taken back. Only [`alone`].
pub async fn keep(conn: &mut PgConnection, counted: &[(PastDay, Vec<u8>)]) -> Result<(), Failure> {
    sqlx::query!(
        r#"UPDATE kept_figures AS k SET figures = n.figures, announced = false
           FROM UNNEST($1::text[], $2::date[], $3::bytea[]) AS n (office, day, figures)
           WHERE k.office = n.office AND k.day = n.day AND k.figures IS NULL AND k.announced"#,
        column!(counted, (d, _) => d.office.as_str()) as &[&str],
        column!(counted, (d, _) => d.day),
        column!(counted, (_, figures) => figures.as_slice()) as &[&[u8]]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds days of the year before today that nobody knows of, each office's from its first declaration on, at most so many. Returns how many.
/// Looks at every office and each of its days: for once a day.
pub async fn expect(conn: &mut PgConnection, today: Day, most: i64) -> Result<u64, Failure> {
    let added = sqlx::query!(
        r#"WITH RECURSIVE offices AS (
               SELECT min(office) AS office FROM declarations
               UNION ALL SELECT (SELECT min(d.office) FROM declarations d WHERE d.office > o.office) FROM offices o WHERE o.office IS NOT NULL
           ), firsts AS (
               SELECT o.office, min((SELECT min(d.lodged_at) FROM declarations d WHERE d.office = o.office AND d.life = l.life)) AS at
               FROM offices o CROSS JOIN (VALUES (0::smallint), (1), (2), (3), (4)) AS l (life) WHERE o.office <> '' GROUP BY o.office
           ), begun AS (
               SELECT office, (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day FROM firsts
               UNION ALL SELECT '', (min(at) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date FROM firsts
           )
           INSERT INTO kept_figures (office, day, announced, due_at)
           SELECT b.office, $1::date - back, false, now()
           FROM begun b CROSS JOIN LATERAL generate_series(1, LEAST($1::date - b.day, 366)) AS back
           WHERE b.day IS NOT NULL AND NOT EXISTS (SELECT FROM kept_figures k WHERE k.office = b.office AND k.day = $1::date - back)
           ORDER BY back, b.office LIMIT $2
           ON CONFLICT DO NOTHING"#,
        today,
        most
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected())
}

/// Whether somebody wrote what counts without marking.
pub async fn doubted(conn: &mut PgConnection) -> Result<bool, Failure> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM kept_doubts) AS "doubted!""#).fetch_one(conn).await?)
}

/// Takes back what is kept and announced, at most so many days, which nobody reads while it is doubted. Returns how many.
pub async fn withdraw(conn: &mut PgConnection, most: i64) -> Result<u64, Failure> {
    let withdrawn = sqlx::query!(
        r#"UPDATE kept_figures AS k SET figures = NULL, announced = false, due_at = now()
           FROM (SELECT office, day FROM kept_figures WHERE figures IS NOT NULL OR announced ORDER BY office, day LIMIT $1 FOR UPDATE) AS m
           WHERE k.office = m.office AND k.day = m.day"#,
        most
    )
    .execute(conn)
    .await?;
    Ok(withdrawn.rows_affected())
}

/// Ends the doubt, once nothing is kept any more. Only [`alone`].
pub async fn clear_doubt(conn: &mut PgConnection) -> Result<(), Failure> {
    sqlx::query!("DELETE FROM kept_doubts").execute(conn).await?;
    Ok(())
}
