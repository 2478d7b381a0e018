//! What the database function `counted` finds for a day, on a year of declarations that were at work for minutes or for months.
use reporting::{MIGRATIONS, REPORTING};
use sqlx::PgConnection;
use system_tests::Sandbox;

const OFFICE: &str = "32BB";

/// 20,000 declarations of four offices: decided within an hour, some by a clock that goes wrong; a fifth never over, the others after minutes,
/// hours, days or months.
const YEAR: &str = r#"
    INSERT INTO declarations (key, version, office, direction, kind, class, sender, reference, currency, value, duty_vnd, paid_vnd, amended, lane, form,
        officer, queue_reason, conform, officer_position, trace, lodged_at, decided_at, cleared_at, withdrawn_at, replaced_at)
    SELECT lpad(n::text, 11, '0'), 0, '32B' || substr('BCDE', 1 + n % 4, 1), 'import', 'A11', 'cargo', 'S', 'R' || n, 'USD', 1, 0, 0, false, 'green', '', '',
        '', false, 0, '', l, l + interval '1 hour' * (1 - 3 * (n % 10 = 0)::int) * random(),
        CASE WHEN n % 5 = 1 THEN e END, CASE WHEN n % 5 = 2 THEN e END, CASE WHEN n % 5 IN (3, 4) THEN e END
    FROM (SELECT n, l, l + interval '1 minute' * 10 ^ (5.2 * random()) AS e
          FROM (SELECT n, timestamptz '2026-01-01 00:00+07' + interval '365 days' * random() AS l FROM generate_series(1, 20000) AS n) AS lodged) AS over"#;

/// By the words of the report: what is open at the end of the day, was cleared, was decided.
const BY_THE_WORDS: &str = r#"
    SELECT count(*) FILTER (WHERE lodged_at < z AND COALESCE(LEAST(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) >= z, true)),
        count(*) FILTER (WHERE cleared_at >= a AND cleared_at < z), count(*) FILTER (WHERE decided_at >= a AND decided_at < z)
    FROM declarations, (SELECT $2::date::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS a, ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS z) b
    WHERE office = $1"#;

const COUNTED: &str = r#"
    SELECT count(*) FILTER (WHERE cell = 'open'), count(*) FILTER (WHERE cell = 'cleared'), count(*) FILTER (WHERE cell = 'span.lane')
    FROM counted($1, $2::date)"#;

async fn figures(conn: &mut PgConnection, sql: &'static str, day: &str) -> anyhow::Result<(i64, i64, i64)> {
    Ok(sqlx::query_as(sql).bind(OFFICE).bind(day).fetch_one(conn).await?)
}

#[tokio::test]
async fn a_day_counts_what_its_words_say_however_long_declarations_are_at_work() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[REPORTING]).await?;
    let mut conn = sandbox.pool.acquire().await?;
    sqlx::query("SELECT setseed(0.61)").execute(&mut *conn).await?;
    sqlx::query(YEAR).execute(&mut *conn).await?;
    for day in ["2026-01-01", "2026-01-02", "2026-02-17", "2026-06-30", "2026-11-11", "2026-12-31", "2027-01-01", "2027-03-01"] {
        let found = figures(&mut conn, COUNTED, day).await?;
        assert_eq!(found, figures(&mut conn, BY_THE_WORDS, day).await?, "{day}");
        assert!(found.0 > 0, "{day}: nothing is open");
    }
    Ok(())
}

#[tokio::test]
async fn a_day_is_counted_by_the_index_and_not_by_reading_all_that_an_office_ever_had() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[REPORTING]).await?;
    let mut conn = sandbox.pool.acquire().await?;
    sqlx::query(YEAR).execute(&mut *conn).await?;
    sqlx::query("ANALYZE declarations").execute(&mut *conn).await?;
    let plan: Vec<String> = sqlx::query_scalar("EXPLAIN SELECT * FROM counted('32BB', '2026-06-30')").fetch_all(&mut *conn).await?;
    let plan = plan.join("\n");
    assert!(plan.contains("declarations_of_day") && !plan.contains("Seq Scan on declarations"), "{plan}");
    Ok(())
}
