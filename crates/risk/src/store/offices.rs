//! Offices with their days, keys, beacons and loads.
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use platform::{Failure, Instant};
use sqlx::PgConnection;

/// An office as it stands.
#[derive(Debug, Clone)]
pub struct OfficeRow {
    pub office: String,
    pub open_day: Option<NaiveDate>,
    pub closed_day: Option<NaiveDate>,
    pub decisions: i32,
    pub last_at: Option<Instant>,
    pub rules: Vec<u8>,
    pub model: Vec<u8>,
    pub counts: Vec<u8>,
    pub beacon_source: String,
    pub beacon_value: String,
    /// Revision of the rules in force when the office was locked.
    pub revision: i32,
    /// The transaction that wrote the row.
    pub writer: String,
}

/// Points in the month and open files of an officer: (office, officer, month, points, files).
pub type LoadRow = (String, String, NaiveDate, i64, i32);

/// Locks the offices, and those of these declarations' files, in the order of their codes, in one statement; new ones are made first.
pub async fn lock_offices(conn: &mut PgConnection, offices: &[String], keys: &[String]) -> Result<Vec<OfficeRow>, Failure> {
    let known = lock(conn, offices, keys).await?;
    let there: HashSet<&str> = known.iter().map(|row| row.office.as_str()).collect();
    let new: Vec<String> = offices.iter().filter(|office| !there.contains(office.as_str())).cloned().collect();
    if new.is_empty() {
        return Ok(known);
    }
    sqlx::query!("INSERT INTO offices (office) SELECT o FROM UNNEST($1::text[]) AS o ORDER BY o ON CONFLICT DO NOTHING", &new)
        .execute(&mut *conn)
        .await?;
    lock(conn, offices, keys).await
}

async fn lock(conn: &mut PgConnection, offices: &[String], keys: &[String]) -> Result<Vec<OfficeRow>, Failure> {
    Ok(sqlx::query_as!(
        OfficeRow,
        r#"SELECT o.office, o.open_day, o.closed_day, o.decisions, o.last_at, o.rules, o.model, o.counts, o.beacon_source, o.beacon_value,
                  (SELECT revision FROM regime) AS "revision!", o.xmin::text AS "writer!"
           FROM (SELECT UNNEST($1::text[]) UNION SELECT f.office FROM UNNEST($2::text[]) AS k (key) JOIN files f USING (key)) AS w (office)
           JOIN offices o ON o.office = w.office ORDER BY o.office FOR UPDATE OF o"#,
        offices,
        keys
    )
    .fetch_all(conn)
    .await?)
}

/// Rosters as they are; without the offices' lock only to see whether there is anything to do.
pub async fn rosters(conn: &mut PgConnection, offices: &[String]) -> Result<HashMap<String, Vec<u8>>, Failure> {
    let rows = sqlx::query!("SELECT office, roster FROM offices WHERE office = ANY($1)", offices).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|r| (r.office, r.roster)).collect())
}

/// Wrapped keys of these offices from a day on.
pub async fn day_keys(conn: &mut PgConnection, offices: &[String], from: NaiveDate) -> Result<Vec<(String, NaiveDate, Vec<u8>)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT k.office, k.day, k.key FROM UNNEST($1::text[]) AS w (office) JOIN day_keys k USING (office) WHERE k.day >= $2"#,
        offices,
        from
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.office, r.day, r.key)).collect())
}

/// Public values of the days from one on: day → (source, value).
pub async fn beacons(conn: &mut PgConnection, from: NaiveDate) -> Result<HashMap<NaiveDate, (String, String)>, Failure> {
    let rows = sqlx::query!("SELECT day, source, value FROM beacons WHERE day >= $1", from).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|r| (r.day, (r.source, r.value))).collect())
}

/// Sets the public value of a day that no office has opened; false when one has, or when the day has another value.
pub async fn set_beacon(conn: &mut PgConnection, day: NaiveDate, source: &str, value: &str) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "INSERT INTO beacons (day, source, value) SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM offices WHERE open_day >= $1) ON CONFLICT DO NOTHING",
        day,
        source,
        value
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// (points in the month of each office, open files) by (office, officer).
pub async fn loads(conn: &mut PgConnection, offices: &[(String, NaiveDate)]) -> Result<HashMap<(String, String), (i64, i32)>, Failure> {
    let (codes, months): (Vec<String>, Vec<NaiveDate>) = offices.iter().cloned().unzip();
    let mut loads: HashMap<(String, String), (i64, i32)> = HashMap::new();
    let points = sqlx::query!(
        r#"SELECT l.office, l.officer, l.points FROM UNNEST($1::text[], $2::date[]) AS w (office, month) JOIN loads l USING (office, month)"#,
        &codes,
        &months
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in points {
        loads.entry((row.office, row.officer)).or_default().0 = row.points;
    }
    let open = sqlx::query!(r#"SELECT f.office, f.officer, f.files FROM UNNEST($1::text[]) AS w (office) JOIN open_files f USING (office)"#, &codes)
        .fetch_all(conn)
        .await?;
    for row in open {
        loads.entry((row.office, row.officer)).or_default().1 = row.files;
    }
    Ok(loads)
}

/// Writes offices as they are now, and marks the rows with the transaction that has written them.
pub async fn save_offices(conn: &mut PgConnection, rows: &mut [OfficeRow]) -> Result<(), Failure> {
    let Some(writer) = update_offices(conn, rows).await? else { return Ok(()) };
    rows.iter_mut().for_each(|row| row.writer.clone_from(&writer));
    Ok(())
}

async fn update_offices(conn: &mut PgConnection, rows: &[OfficeRow]) -> Result<Option<String>, Failure> {
    let bytes = |pick: fn(&OfficeRow) -> &[u8]| rows.iter().map(pick).collect::<Vec<_>>();
    let texts = |pick: fn(&OfficeRow) -> &String| rows.iter().map(|r| pick(r).as_str()).collect::<Vec<_>>();
    let writers = sqlx::query_scalar!(
        r#"UPDATE offices o SET open_day = w.open_day, closed_day = w.closed_day, decisions = w.decisions, last_at = w.last_at, rules = w.rules,
               model = w.model, counts = w.counts, beacon_source = w.beacon_source, beacon_value = w.beacon_value
           FROM (SELECT UNNEST($1::text[]) AS office, UNNEST($2::date[]) AS open_day, UNNEST($3::date[]) AS closed_day,
               UNNEST($4::int[]) AS decisions, UNNEST($5::timestamptz[]) AS last_at, UNNEST($6::bytea[]) AS rules, UNNEST($7::bytea[]) AS model,
               UNNEST($8::bytea[]) AS counts, UNNEST($9::text[]) AS beacon_source, UNNEST($10::text[]) AS beacon_value) AS w
           WHERE o.office = w.office RETURNING o.xmin::text AS "writer!""#,
        &texts(|r| &r.office) as &[&str],
        &rows.iter().map(|r| r.open_day).collect::<Vec<_>>() as &[Option<NaiveDate>],
        &rows.iter().map(|r| r.closed_day).collect::<Vec<_>>() as &[Option<NaiveDate>],
        &rows.iter().map(|r| r.decisions).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.last_at).collect::<Vec<_>>() as &[Option<Instant>],
        &bytes(|r| &r.rules) as &[&[u8]],
        &bytes(|r| &r.model) as &[&[u8]],
        &bytes(|r| &r.counts) as &[&[u8]],
        &texts(|r| &r.beacon_source) as &[&str],
        &texts(|r| &r.beacon_value) as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(writers.into_iter().next())
}

/// Rosters that were set: (office, roster as JSON).
pub async fn save_rosters(conn: &mut PgConnection, rows: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    for (office, roster) in rows {
        sqlx::query!("UPDATE offices SET roster = $2 WHERE office = $1", office, roster).execute(&mut *conn).await?;
    }
    Ok(())
}

/// New keys, wrapped, and the days whose keys were revealed.
pub async fn save_keys(conn: &mut PgConnection, rows: &[(String, NaiveDate, Vec<u8>)], revealed: &[(String, NaiveDate)]) -> Result<(), Failure> {
    if !rows.is_empty() {
        sqlx::query!(
            "INSERT INTO day_keys (office, day, key) SELECT UNNEST($1::text[]), UNNEST($2::date[]), UNNEST($3::bytea[])",
            &rows.iter().map(|r| r.0.clone()).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.1).collect::<Vec<_>>(),
            &rows.iter().map(|r| r.2.clone()).collect::<Vec<_>>()
        )
        .execute(&mut *conn)
        .await?;
    }
    if !revealed.is_empty() {
        sqlx::query!(
            r#"UPDATE day_keys k SET revealed = true FROM UNNEST($1::text[], $2::date[]) AS w (office, day) WHERE k.office = w.office AND k.day = w.day"#,
            &revealed.iter().map(|r| r.0.clone()).collect::<Vec<_>>(),
            &revealed.iter().map(|r| r.1).collect::<Vec<_>>()
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Writes loads as they are now.
pub async fn save_loads(conn: &mut PgConnection, rows: &[LoadRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"WITH w AS (SELECT UNNEST($1::text[]) AS office, UNNEST($2::text[]) AS officer, UNNEST($3::date[]) AS month,
                             UNNEST($4::bigint[]) AS points, UNNEST($5::int[]) AS files),
                l AS (INSERT INTO loads (office, officer, month, points) SELECT office, officer, month, points FROM w
                      ON CONFLICT (office, officer, month) DO UPDATE SET points = EXCLUDED.points)
           INSERT INTO open_files (office, officer, files) SELECT office, officer, files FROM w
           ON CONFLICT (office, officer) DO UPDATE SET files = EXCLUDED.files"#,
        &rows.iter().map(|r| r.0.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|r| r.1.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|r| r.2).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.3).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.4).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}
