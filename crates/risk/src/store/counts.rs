//! Counts for history: what happened to whom on which day.
use chrono::NaiveDate;
use platform::Failure;
use risk_domain::Past;
use sqlx::PgConnection;

use crate::by_code::ByCode;

/// (events, findings) of one day.
pub type Counted = ByCode<(i32, i32)>;

/// Counts before a day, of the last 30, 90 and 365 days, where there are any: (kind, code, counts).
pub async fn counts(conn: &mut PgConnection, wanted: &[(&str, &str)], day: NaiveDate) -> Result<Vec<(String, String, Past)>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (kinds, codes): (Vec<&str>, Vec<&str>) = wanted.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT c.kind, c.code,
                  coalesce(sum(c.events) FILTER (WHERE c.day >= $3::date - 30), 0)::bigint AS "seen_30d!",
                  coalesce(sum(c.events) FILTER (WHERE c.day >= $3::date - 90), 0)::bigint AS "seen_90d!",
                  coalesce(sum(c.events), 0)::bigint AS "seen_365d!",
                  coalesce(sum(c.nonconform) FILTER (WHERE c.day >= $3::date - 30), 0)::bigint AS "found_30d!",
                  coalesce(sum(c.nonconform) FILTER (WHERE c.day >= $3::date - 90), 0)::bigint AS "found_90d!",
                  coalesce(sum(c.nonconform), 0)::bigint AS "found_365d!"
           FROM UNNEST($1::text[], $2::text[]) AS w (kind, code) JOIN counts c USING (kind, code)
           WHERE c.day < $3 AND c.day >= $3::date - 365 GROUP BY c.kind, c.code"#,
        &kinds as &[&str],
        &codes as &[&str],
        day
    )
    .fetch_all(conn)
    .await?;
    let past = rows.into_iter().map(|r| {
        let past = Past {
            seen_30d: r.seen_30d,
            seen_90d: r.seen_90d,
            seen_365d: r.seen_365d,
            found_30d: r.found_30d,
            found_90d: r.found_90d,
            found_365d: r.found_365d,
        };
        (r.kind, r.code, past)
    });
    Ok(past.collect())
}

/// Adds to the counts of a day.
pub async fn add_counts(conn: &mut PgConnection, rows: &Counted, day: NaiveDate) -> Result<(), Failure> {
    let mut sorted: Vec<(&str, &str, &(i32, i32))> = rows.iter().collect();
    if sorted.is_empty() {
        return Ok(());
    }
    // In one order everywhere, so that no two transactions wait for each other.
    sorted.sort_unstable();
    sqlx::query!(
        r#"INSERT INTO counts AS c (kind, code, day, events, nonconform)
           SELECT UNNEST($1::text[]), UNNEST($2::text[]), $5, UNNEST($3::int[]), UNNEST($4::int[])
           ON CONFLICT (kind, code, day) DO UPDATE SET events = c.events + EXCLUDED.events, nonconform = c.nonconform + EXCLUDED.nonconform"#,
        &sorted.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>() as &[&str],
        &sorted.iter().map(|(_, code, _)| *code).collect::<Vec<_>>() as &[&str],
        &sorted.iter().map(|(.., count)| count.0).collect::<Vec<_>>(),
        &sorted.iter().map(|(.., count)| count.1).collect::<Vec<_>>(),
        day
    )
    .execute(conn)
    .await?;
    Ok(())
}
