//! Counts for history: what happened to whom on which day. A transaction appends what it counted, a timer folds that into the counts.
use chrono::NaiveDate;
use platform::Failure;
use risk_domain::Past;
use sqlx::PgConnection;

/// Counts before a day, of the last 30, 90 and 365 days, where there are any: (kind, code, counts). What is not folded yet counts too.
pub async fn counts(conn: &mut PgConnection, wanted: &[(&str, &str)], day: NaiveDate) -> Result<Vec<(String, String, Past)>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (kinds, codes): (Vec<&str>, Vec<&str>) = wanted.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT c.kind AS "kind!", c.code AS "code!",
                  coalesce(sum(c.events) FILTER (WHERE c.day >= $3::date - 30), 0)::bigint AS "seen_30d!",
                  coalesce(sum(c.events) FILTER (WHERE c.day >= $3::date - 90), 0)::bigint AS "seen_90d!",
                  coalesce(sum(c.events), 0)::bigint AS "seen_365d!",
                  coalesce(sum(c.nonconform) FILTER (WHERE c.day >= $3::date - 30), 0)::bigint AS "found_30d!",
                  coalesce(sum(c.nonconform) FILTER (WHERE c.day >= $3::date - 90), 0)::bigint AS "found_90d!",
                  coalesce(sum(c.nonconform), 0)::bigint AS "found_365d!"
           FROM (SELECT kind, code, day, events, nonconform
                 FROM UNNEST($1::text[], $2::text[]) AS w (kind, code) JOIN counts USING (kind, code)
                 WHERE day < $3 AND day >= $3::date - 365
                 UNION ALL
                 SELECT kind, code, day, events, findings
                 FROM UNNEST($1::text[], $2::text[]) AS w (kind, code) JOIN
                      (SELECT day, UNNEST(kinds) AS kind, UNNEST(codes) AS code, UNNEST(events) AS events, UNNEST(findings) AS findings
                       FROM counted WHERE day < $3 AND day >= $3::date - 365) AS unfolded USING (kind, code)) AS c
           GROUP BY c.kind, c.code"#,
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

/// Appends what a transaction counted on a day, as one row: (kind, code, (events, findings)).
pub async fn add_counted(conn: &mut PgConnection, rows: &[(&str, &str, (i32, i32))], day: NaiveDate) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO counted (day, kinds, codes, events, findings) VALUES ($1, $2, $3, $4, $5)",
        day,
        &rows.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|(_, code, _)| *code).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|(.., count)| count.0).collect::<Vec<_>>(),
        &rows.iter().map(|(.., count)| count.1).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Folds the oldest `most` rows of what was counted into the counts. They go with the transaction that folds them, so that none counts twice.
pub async fn fold_counted(conn: &mut PgConnection, most: i64) -> Result<(), Failure> {
    // By byte order of the codes, as the version before sorts what it adds, so that no two transactions wait for each other.
    sqlx::query!(
        r#"WITH taken AS (
               DELETE FROM counted WHERE (day, id) IN (SELECT day, id FROM counted ORDER BY day, id LIMIT $1)
               RETURNING day, kinds, codes, events, findings
           ), unfolded AS (
               SELECT UNNEST(kinds) COLLATE "C" AS kind, UNNEST(codes) COLLATE "C" AS code, day,
                      UNNEST(events) AS events, UNNEST(findings) AS findings FROM taken
           )
           INSERT INTO counts AS c (kind, code, day, events, nonconform)
           SELECT kind, code, day, sum(events), sum(findings) FROM unfolded GROUP BY kind, code, day ORDER BY kind, code, day
           ON CONFLICT (kind, code, day) DO UPDATE SET events = c.events + EXCLUDED.events, nonconform = c.nonconform + EXCLUDED.nonconform"#,
        most
    )
    .execute(conn)
    .await?;
    Ok(())
}
