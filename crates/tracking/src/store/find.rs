//! What a batch is about, locked and loaded.
use platform::{Failure, Instant};
use sqlx::PgConnection;

use super::{Bound, CarriedRow, Judged, NaturalKey, Span, VehicleRow, VisitRow};

/// Vehicles that these declarations concern: the one they name, and those whose open visit carries them.
pub async fn concerned(conn: &mut PgConnection, keys: &[&str]) -> Result<Vec<String>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!(
        r#"SELECT c.vehicle AS "vehicle!" FROM carried c WHERE c.key = ANY($1) AND c.vehicle <> ''
           UNION
           SELECT v.vehicle FROM visit_declarations d JOIN visits v ON v.id = d.visit WHERE d.declaration = ANY($1) AND v.departed_at IS NULL"#,
        keys as &[&str]
    )
    .fetch_all(conn)
    .await?)
}

/// Locks and loads vehicles in the order of their ids.
pub async fn lock_vehicles(conn: &mut PgConnection, ids: &[String]) -> Result<Vec<VehicleRow>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        VehicleRow,
        r#"SELECT id, plate, country, announced_gate, announced_at, announced, held_gate, held_reason, held_at
           FROM vehicles WHERE id = ANY($1) ORDER BY id FOR UPDATE"#,
        ids
    )
    .fetch_all(conn)
    .await?)
}

/// Those of the vehicles that exist.
pub async fn existing(conn: &mut PgConnection, ids: &[String]) -> Result<Vec<String>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!("SELECT id FROM vehicles WHERE id = ANY($1)", ids).fetch_all(conn).await?)
}

/// Locks and loads, in the order of their keys, these declarations, those that the vehicles' open visits carry, and the live ones that name one of
/// the vehicles `seen` at a gate.
pub async fn lock_carried(conn: &mut PgConnection, keys: &[&str], vehicles: &[String], seen: &[&str]) -> Result<Vec<CarriedRow>, Failure> {
    Ok(sqlx::query_as!(
        CarriedRow,
        r#"SELECT key, version, vehicle, direction, cleared, withdrawn, departed FROM carried
           WHERE key IN (
               SELECT UNNEST($1::text[])
               UNION
               SELECT c.key FROM carried c WHERE c.vehicle = ANY($3) AND c.vehicle <> '' AND NOT c.withdrawn AND NOT c.departed
               UNION
               SELECT d.declaration FROM visits v JOIN visit_declarations d ON d.visit = v.id WHERE v.vehicle = ANY($2) AND v.departed_at IS NULL)
           ORDER BY key FOR UPDATE"#,
        keys as &[&str],
        vehicles,
        seen as &[&str]
    )
    .fetch_all(conn)
    .await?)
}

/// Open visits of the vehicles or with any of the declarations.
pub async fn open_visits(conn: &mut PgConnection, vehicles: &[String], keys: &[&str]) -> Result<Vec<VisitRow>, Failure> {
    Ok(sqlx::query_as!(
        VisitRow,
        r#"SELECT v.id, v.vehicle, v.gate, v.office, v.state, v.reason, v.arrived_at, v.departed_at FROM visits v
           WHERE v.departed_at IS NULL AND v.id IN (
               SELECT o.id FROM visits o WHERE o.vehicle = ANY($1) AND o.departed_at IS NULL
               UNION
               SELECT d.visit FROM visit_declarations d WHERE d.declaration = ANY($2))
           ORDER BY v.id"#,
        vehicles,
        keys as &[&str]
    )
    .fetch_all(conn)
    .await?)
}

/// What visits carry.
pub async fn bound(conn: &mut PgConnection, visits: &[String]) -> Result<Vec<Bound>, Failure> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(Bound, "SELECT visit, declaration FROM visit_declarations WHERE visit = ANY($1) ORDER BY visit, declaration", visits)
        .fetch_all(conn)
        .await?)
}

/// Those of the readings that were seen before.
pub async fn seen(conn: &mut PgConnection, keys: &[NaturalKey]) -> Result<Vec<NaturalKey>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let cameras: Vec<String> = keys.iter().map(|k| k.0.clone()).collect();
    let times: Vec<Instant> = keys.iter().map(|k| k.1).collect();
    let plates: Vec<String> = keys.iter().map(|k| k.2.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT r.camera, r.observed_at, r.plate
           FROM UNNEST($1::text[], $2::timestamptz[], $3::text[]) AS w (camera, observed_at, plate) JOIN readings r USING (camera, observed_at, plate)"#,
        &cameras,
        &times,
        &plates
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.camera, r.observed_at, r.plate)).collect())
}

/// Readings within the spans that were no repeats.
pub async fn judged(conn: &mut PgConnection, spans: &[Span]) -> Result<Vec<Judged>, Failure> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let vehicles: Vec<String> = spans.iter().map(|s| s.vehicle.clone()).collect();
    let from: Vec<Instant> = spans.iter().map(|s| s.from).collect();
    let to: Vec<Instant> = spans.iter().map(|s| s.to).collect();
    Ok(sqlx::query_as!(
        Judged,
        r#"SELECT r.vehicle, r.gate, r.direction, r.observed_at, r.outcome, r.reason
           FROM UNNEST($1::text[], $2::timestamptz[], $3::timestamptz[]) AS w (vehicle, since, until)
           JOIN readings r ON r.vehicle = w.vehicle AND r.observed_at BETWEEN w.since AND w.until AND r.outcome <> 'REPEAT'"#,
        &vehicles,
        &from,
        &to
    )
    .fetch_all(conn)
    .await?)
}
