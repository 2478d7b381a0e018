//! Counting: sums and percentiles over what the database function `counted` finds, and the list of it behind a cell.
use platform::Failure;
use reporting_domain::{Cell, Figure, Measure, Quantile, Scope, Tally};
use sqlx::PgConnection;
use values::Day;

/// What a cell is called among the rows that `counted` finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    name: String,
    prefix: String,
}

impl From<&Cell> for Behind {
    fn from(cell: &Cell) -> Self {
        let (name, prefix) = match cell {
            Cell::LodgedTotal => (String::new(), "lodged."),
            Cell::RefusedTotal => (String::new(), "refused."),
            Cell::AssignedShare => (String::new(), "assigned."),
            Cell::Duration { measure, .. } => (format!("span.{}", measure.as_str()), ""),
            named => (named.to_string(), ""),
        };
        Self { name, prefix: prefix.to_owned() }
    }
}

/// '' is every office.
fn office(scope: &Scope) -> &str {
    match scope {
        Scope::SubDepartment => "",
        Scope::Office(code) => code.as_str(),
    }
}

/// Live figures of a day. Percentiles by nearest rank in integers, as [`reporting_domain::percentile`].
pub async fn figures(conn: &mut PgConnection, scope: &Scope, day: Day) -> Result<Vec<Figure>, Failure> {
    let rows = sqlx::query!(
        r#"
        SELECT cell AS "cell!", LEAST(sum(number), 9223372036854775807)::bigint AS "sum!",
            (array_agg(number ORDER BY number) FILTER (WHERE starts_with(cell, 'span.')))[GREATEST((500 * count(*) + 999) / 1000, 1)] AS median,
            (array_agg(number ORDER BY number) FILTER (WHERE starts_with(cell, 'span.')))[GREATEST((900 * count(*) + 999) / 1000, 1)] AS p90
        FROM counted($1, $2) GROUP BY cell
        "#,
        office(scope),
        day
    )
    .fetch_all(conn)
    .await?;
    let mut tally = Tally::new();
    for row in rows {
        if let Some(measure) = row.cell.strip_prefix("span.").and_then(Measure::parse) {
            tally.add(Cell::Duration { measure, quantile: Quantile::Median }, row.median.unwrap_or_default());
            tally.add(Cell::Duration { measure, quantile: Quantile::P90 }, row.p90.unwrap_or_default());
            continue;
        }
        match Cell::parse(&row.cell) {
            Ok(cell) => tally.add(cell, row.sum),
            Err(error) => return Err(Failure::Deterministic(error.to_string())),
        }
    }
    Ok(tally.finish())
}

/// Things behind a cell after `after`, in order, at most `limit`.
pub async fn behind(conn: &mut PgConnection, scope: &Scope, day: Day, cell: &Behind, after: &str, limit: i64) -> Result<Vec<String>, Failure> {
    let things = sqlx::query_scalar!(
        r#"SELECT thing AS "thing!" FROM counted($1, $2)
           WHERE (cell = $3 OR ($4 <> '' AND starts_with(cell, $4))) AND thing > $5 ORDER BY thing LIMIT $6"#,
        office(scope),
        day,
        cell.name,
        cell.prefix,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(things)
}

/// How many things are behind a cell.
pub async fn size_behind(conn: &mut PgConnection, scope: &Scope, day: Day, cell: &Behind) -> Result<i64, Failure> {
    let size = sqlx::query_scalar!(
        r#"SELECT count(*) AS "size!" FROM counted($1, $2) WHERE cell = $3 OR ($4 <> '' AND starts_with(cell, $4))"#,
        office(scope),
        day,
        cell.name,
        cell.prefix
    )
    .fetch_one(conn)
    .await?;
    Ok(size)
}
