//! What a batch changed, written.
use platform::{Failure, Instant};
use sqlx::PgConnection;

use super::{Bound, CarriedRow, ReadingRow, VehicleRow, VisitRow};

/// Writes vehicles. One that another transaction has just made is a unique violation, hence a `Retry` that sees it.
pub async fn save_vehicles(conn: &mut PgConnection, rows: &[&VehicleRow], new: bool) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let column = |pick: fn(&VehicleRow) -> &String| rows.iter().map(|r| pick(r).as_str()).collect::<Vec<_>>();
    let moments = |pick: fn(&VehicleRow) -> Option<Instant>| rows.iter().map(|r| pick(r)).collect::<Vec<_>>();
    let (ids, plates, countries) = (column(|r| &r.id), column(|r| &r.plate), column(|r| &r.country));
    let (gates, announced_at, announced) = (column(|r| &r.announced_gate), moments(|r| r.announced_at), column(|r| &r.announced));
    let (held_gates, held_reasons, held_at) = (column(|r| &r.held_gate), column(|r| &r.held_reason), moments(|r| r.held_at));
    let write = if new {
        sqlx::query!(
            r#"INSERT INTO vehicles (id, plate, country, announced_gate, announced_at, announced, held_gate, held_reason, held_at)
               SELECT UNNEST($1::text[]), UNNEST($2::text[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::timestamptz[]), UNNEST($6::text[]),
                   UNNEST($7::text[]), UNNEST($8::text[]), UNNEST($9::timestamptz[])"#,
            &ids as &[&str],
            &plates as &[&str],
            &countries as &[&str],
            &gates as &[&str],
            &announced_at as &[Option<Instant>],
            &announced as &[&str],
            &held_gates as &[&str],
            &held_reasons as &[&str],
            &held_at as &[Option<Instant>]
        )
    } else {
        sqlx::query!(
            r#"UPDATE vehicles v SET plate = w.plate, announced_gate = w.announced_gate, announced_at = w.announced_at, announced = w.announced,
                      held_gate = w.held_gate, held_reason = w.held_reason, held_at = w.held_at
               FROM (SELECT UNNEST($1::text[]) AS id, UNNEST($2::text[]) AS plate, UNNEST($3::text[]) AS announced_gate,
                   UNNEST($4::timestamptz[]) AS announced_at, UNNEST($5::text[]) AS announced, UNNEST($6::text[]) AS held_gate,
                   UNNEST($7::text[]) AS held_reason, UNNEST($8::timestamptz[]) AS held_at) AS w
               WHERE v.id = w.id"#,
            &ids as &[&str],
            &plates as &[&str],
            &gates as &[&str],
            &announced_at as &[Option<Instant>],
            &announced as &[&str],
            &held_gates as &[&str],
            &held_reasons as &[&str],
            &held_at as &[Option<Instant>]
        )
    };
    write.execute(conn).await?;
    Ok(())
}

/// Writes declarations; a new one that another transaction has just made is a `Retry`.
pub async fn save_carried(conn: &mut PgConnection, rows: &[&CarriedRow], new: bool) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = rows.iter().map(|r| r.key.as_str()).collect();
    let versions: Vec<i16> = rows.iter().map(|r| r.version).collect();
    let vehicles: Vec<&str> = rows.iter().map(|r| r.vehicle.as_str()).collect();
    let directions: Vec<&str> = rows.iter().map(|r| r.direction.as_str()).collect();
    let cleared: Vec<i16> = rows.iter().map(|r| r.cleared).collect();
    let withdrawn: Vec<bool> = rows.iter().map(|r| r.withdrawn).collect();
    let departed: Vec<bool> = rows.iter().map(|r| r.departed).collect();
    let write = if new {
        sqlx::query!(
            r#"INSERT INTO carried (key, version, vehicle, direction, cleared, withdrawn, departed)
               SELECT UNNEST($1::text[]), UNNEST($2::smallint[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::smallint[]),
                   UNNEST($6::boolean[]), UNNEST($7::boolean[])"#,
            &keys as &[&str],
            &versions,
            &vehicles as &[&str],
            &directions as &[&str],
            &cleared,
            &withdrawn,
            &departed
        )
    } else {
        sqlx::query!(
            r#"UPDATE carried c SET version = w.version, vehicle = w.vehicle, direction = w.direction, cleared = w.cleared,
                      withdrawn = w.withdrawn, departed = w.departed
               FROM (SELECT UNNEST($1::text[]) AS key, UNNEST($2::smallint[]) AS version, UNNEST($3::text[]) AS vehicle,
                   UNNEST($4::text[]) AS direction, UNNEST($5::smallint[]) AS cleared, UNNEST($6::boolean[]) AS withdrawn,
                   UNNEST($7::boolean[]) AS departed) AS w
               WHERE c.key = w.key"#,
            &keys as &[&str],
            &versions,
            &vehicles as &[&str],
            &directions as &[&str],
            &cleared,
            &withdrawn,
            &departed
        )
    };
    write.execute(conn).await?;
    Ok(())
}

/// Writes visits, those that began and those that changed; one row for each id.
pub async fn save_visits(conn: &mut PgConnection, rows: &[&VisitRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let column = |pick: fn(&VisitRow) -> &String| rows.iter().map(|r| pick(r).as_str()).collect::<Vec<_>>();
    let arrived: Vec<Instant> = rows.iter().map(|r| r.arrived_at).collect();
    let departed: Vec<Option<Instant>> = rows.iter().map(|r| r.departed_at).collect();
    sqlx::query!(
        r#"INSERT INTO visits (id, vehicle, gate, office, state, reason, arrived_at, departed_at)
           SELECT UNNEST($1::text[]), UNNEST($2::text[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[]),
               UNNEST($7::timestamptz[]), UNNEST($8::timestamptz[])
           ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, reason = EXCLUDED.reason, departed_at = EXCLUDED.departed_at"#,
        &column(|r| &r.id) as &[&str],
        &column(|r| &r.vehicle) as &[&str],
        &column(|r| &r.gate) as &[&str],
        &column(|r| &r.office) as &[&str],
        &column(|r| &r.state) as &[&str],
        &column(|r| &r.reason) as &[&str],
        &arrived,
        &departed as &[Option<Instant>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Binds declarations to visits.
pub async fn bind(conn: &mut PgConnection, rows: &[Bound]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let visits: Vec<&str> = rows.iter().map(|r| r.visit.as_str()).collect();
    let declarations: Vec<&str> = rows.iter().map(|r| r.declaration.as_str()).collect();
    sqlx::query!(
        "INSERT INTO visit_declarations (visit, declaration) SELECT UNNEST($1::text[]), UNNEST($2::text[]) ON CONFLICT DO NOTHING",
        &visits as &[&str],
        &declarations as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps readings for ever; one that another transaction has just kept is a `Retry`.
pub async fn keep(conn: &mut PgConnection, rows: &[ReadingRow], now: Instant) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let column = |pick: fn(&ReadingRow) -> &String| rows.iter().map(|r| pick(r).as_str()).collect::<Vec<_>>();
    let times: Vec<Instant> = rows.iter().map(|r| r.observed_at).collect();
    let confidences: Vec<i16> = rows.iter().map(|r| r.confidence).collect();
    sqlx::query!(
        r#"INSERT INTO readings (camera, observed_at, plate, vehicle, gate, direction, confidence, image, outcome, reason, visit, seen_at)
           SELECT UNNEST($1::text[]), UNNEST($2::timestamptz[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[]),
               UNNEST($7::smallint[]), UNNEST($8::text[]), UNNEST($9::text[]), UNNEST($10::text[]), UNNEST($11::text[]), $12::timestamptz"#,
        &column(|r| &r.camera) as &[&str],
        &times,
        &column(|r| &r.plate) as &[&str],
        &column(|r| &r.vehicle) as &[&str],
        &column(|r| &r.gate) as &[&str],
        &column(|r| &r.direction) as &[&str],
        &confidences,
        &column(|r| &r.image) as &[&str],
        &column(|r| &r.outcome) as &[&str],
        &column(|r| &r.reason) as &[&str],
        &column(|r| &r.visit) as &[&str],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
