//! Counting: what the database function `added_up` sums, and the list behind a cell that `counted` makes of the same declarations.
use platform::Failure;
use reporting_domain::{Cell, Figure, Measure, Scope, Tally};
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
pub(super) fn office(scope: &Scope) -> &str {
    match scope {
        Scope::SubDepartment => "",
        Scope::Office(code) => code.as_str(),
    }
}

/// Live figures of a day.
pub async fn figures(conn: &mut PgConnection, scope: &Scope, day: Day) -> Result<Vec<Figure>, Failure> {
    figures_of(conn, office(scope), day).await
}

/// Live figures of a day of an office. The spans come as they are, and their percentiles are taken here.
pub async fn figures_of(conn: &mut PgConnection, office: &str, day: Day) -> Result<Vec<Figure>, Failure> {
    let rows =
        sqlx::query!(r#"SELECT cell AS "cell!", COALESCE(number, 0) AS "number!", spans FROM added_up($1, $2)"#, office, day).fetch_all(conn).await?;
    let mut tally = Tally::new();
    for row in rows {
        if let Some(measure) = row.cell.strip_prefix("span.").and_then(Measure::parse) {
            row.spans.into_iter().flatten().for_each(|milliseconds| tally.span(measure, milliseconds));
            continue;
        }
        match Cell::parse(&row.cell) {
            Ok(cell) => tally.add(cell, row.number),
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
