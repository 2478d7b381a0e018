//! All SQL of tracking that writes or locks: sets of rows, never one by one. Locks are taken by table, then key: vehicles, then carried.
use platform::{Failure, Instant};
use sqlx::PgConnection;

/// A vehicle as it stands in the table.
#[derive(Debug, Clone)]
pub struct VehicleRow {
    pub id: String,
    pub plate: String,
    pub country: String,
    pub announced_gate: String,
    pub announced_at: Option<Instant>,
    pub announced: String,
    pub held_gate: String,
    pub held_reason: String,
    pub held_at: Option<Instant>,
}

/// A declaration as tracking knows it.
#[derive(Debug, Clone)]
pub struct CarriedRow {
    pub key: String,
    pub version: i16,
    pub vehicle: String,
    pub direction: String,
    pub cleared: i16,
    pub withdrawn: bool,
    pub departed: bool,
}

/// A visit without what it carries.
#[derive(Debug, Clone)]
pub struct VisitRow {
    pub id: String,
    pub vehicle: String,
    pub gate: String,
    pub office: String,
    pub state: String,
    pub reason: String,
    pub arrived_at: Instant,
    pub departed_at: Option<Instant>,
}

/// A declaration bound to a visit.
#[derive(Debug, Clone)]
pub struct Bound {
    pub visit: String,
    pub declaration: String,
}

/// What makes a reading unique for ever: camera, time, keyed hash of the plate.
pub type NaturalKey = (String, Instant, String);

/// A reading and what it led to.
#[derive(Debug, Clone)]
pub struct ReadingRow {
    pub camera: String,
    pub observed_at: Instant,
    pub plate: String,
    pub vehicle: String,
    pub gate: String,
    pub direction: String,
    pub confidence: i16,
    pub image: String,
    pub outcome: String,
    pub reason: String,
    pub visit: String,
}

/// An earlier reading that was no repeat.
#[derive(Debug, Clone)]
pub struct Judged {
    pub vehicle: String,
    pub gate: String,
    pub direction: String,
    pub observed_at: Instant,
    pub outcome: String,
    pub reason: String,
}

/// A vehicle whose earlier readings matter, and the span in which they do.
#[derive(Debug, Clone)]
pub struct Span {
    pub vehicle: String,
    pub from: Instant,
    pub to: Instant,
}

/// Vehicles that these declarations concern: the one they name, and those whose open visit carries them.
pub async fn concerned(conn: &mut PgConnection, keys: &[String]) -> Result<Vec<String>, Failure> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!(
        r#"SELECT c.vehicle AS "vehicle!" FROM carried c WHERE c.key = ANY($1) AND c.vehicle <> ''
           UNION
           SELECT v.vehicle FROM visit_declarations d JOIN visits v ON v.id = d.visit WHERE d.declaration = ANY($1) AND v.departed_at IS NULL"#,
        keys
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

/// Locks and loads, in the order of their keys, these declarations, the live ones that name the vehicles, and those that their open visits carry.
pub async fn lock_carried(conn: &mut PgConnection, keys: &[String], vehicles: &[String]) -> Result<Vec<CarriedRow>, Failure> {
    Ok(sqlx::query_as!(
        CarriedRow,
        r#"SELECT key, version, vehicle, direction, cleared, withdrawn, departed FROM carried
           WHERE key IN (
               SELECT UNNEST($1::text[])
               UNION
               SELECT c.key FROM carried c WHERE c.vehicle = ANY($2) AND c.vehicle <> '' AND NOT c.withdrawn AND NOT c.departed
               UNION
               SELECT d.declaration FROM visits v JOIN visit_declarations d ON d.visit = v.id WHERE v.vehicle = ANY($2) AND v.departed_at IS NULL)
           ORDER BY key FOR UPDATE"#,
        keys,
        vehicles
    )
    .fetch_all(conn)
    .await?)
}

/// Open visits of the vehicles or with any of the declarations.
pub async fn open_visits(conn: &mut PgConnection, vehicles: &[String], keys: &[String]) -> Result<Vec<VisitRow>, Failure> {
    Ok(sqlx::query_as!(
        VisitRow,
        r#"SELECT v.id, v.vehicle, v.gate, v.office, v.state, v.reason, v.arrived_at, v.departed_at FROM visits v
           WHERE v.departed_at IS NULL AND v.id IN (
               SELECT o.id FROM visits o WHERE o.vehicle = ANY($1) AND o.departed_at IS NULL
               UNION
               SELECT d.visit FROM visit_declarations d WHERE d.declaration = ANY($2))
           ORDER BY v.id"#,
        vehicles,
        keys
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

/// Writes vehicles. One that another transaction has just made is a unique violation, hence a `Retry` that sees it.
pub async fn save_vehicles(conn: &mut PgConnection, rows: &[VehicleRow], new: bool) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let column = |pick: fn(&VehicleRow) -> &String| rows.iter().map(|r| pick(r).clone()).collect::<Vec<_>>();
    let moments = |pick: fn(&VehicleRow) -> Option<Instant>| rows.iter().map(pick).collect::<Vec<_>>();
    let (ids, plates, countries) = (column(|r| &r.id), column(|r| &r.plate), column(|r| &r.country));
    let (gates, announced_at, announced) = (column(|r| &r.announced_gate), moments(|r| r.announced_at), column(|r| &r.announced));
    let (held_gates, held_reasons, held_at) = (column(|r| &r.held_gate), column(|r| &r.held_reason), moments(|r| r.held_at));
    if new {
        sqlx::query!(
            r#"INSERT INTO vehicles (id, plate, country, announced_gate, announced_at, announced, held_gate, held_reason, held_at)
               SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::timestamptz[])"#,
            &ids,
            &plates,
            &countries,
            &gates,
            &announced_at as &[Option<Instant>],
            &announced,
            &held_gates,
            &held_reasons,
            &held_at as &[Option<Instant>]
        )
        .execute(conn)
        .await?;
    } else {
        sqlx::query!(
            r#"UPDATE vehicles v SET plate = w.plate, announced_gate = w.announced_gate, announced_at = w.announced_at, announced = w.announced,
                      held_gate = w.held_gate, held_reason = w.held_reason, held_at = w.held_at
               FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
                    AS w (id, plate, announced_gate, announced_at, announced, held_gate, held_reason, held_at)
               WHERE v.id = w.id"#,
            &ids,
            &plates,
            &gates,
            &announced_at as &[Option<Instant>],
            &announced,
            &held_gates,
            &held_reasons,
            &held_at as &[Option<Instant>]
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Writes declarations; a new one that another transaction has just made is a `Retry`.
pub async fn save_carried(conn: &mut PgConnection, rows: &[CarriedRow], new: bool) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = rows.iter().map(|r| r.key.clone()).collect();
    let versions: Vec<i16> = rows.iter().map(|r| r.version).collect();
    let vehicles: Vec<String> = rows.iter().map(|r| r.vehicle.clone()).collect();
    let directions: Vec<String> = rows.iter().map(|r| r.direction.clone()).collect();
    let cleared: Vec<i16> = rows.iter().map(|r| r.cleared).collect();
    let withdrawn: Vec<bool> = rows.iter().map(|r| r.withdrawn).collect();
    let departed: Vec<bool> = rows.iter().map(|r| r.departed).collect();
    if new {
        sqlx::query!(
            r#"INSERT INTO carried (key, version, vehicle, direction, cleared, withdrawn, departed)
               SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::smallint[], $6::boolean[], $7::boolean[])"#,
            &keys,
            &versions,
            &vehicles,
            &directions,
            &cleared,
            &withdrawn,
            &departed
        )
        .execute(conn)
        .await?;
    } else {
        sqlx::query!(
            r#"UPDATE carried c SET version = w.version, vehicle = w.vehicle, direction = w.direction, cleared = w.cleared,
                      withdrawn = w.withdrawn, departed = w.departed
               FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::text[], $5::smallint[], $6::boolean[], $7::boolean[])
                    AS w (key, version, vehicle, direction, cleared, withdrawn, departed)
               WHERE c.key = w.key"#,
            &keys,
            &versions,
            &vehicles,
            &directions,
            &cleared,
            &withdrawn,
            &departed
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Writes visits, those that began and those that changed; one row for each id.
pub async fn save_visits(conn: &mut PgConnection, rows: &[VisitRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let column = |pick: fn(&VisitRow) -> &String| rows.iter().map(|r| pick(r).clone()).collect::<Vec<_>>();
    let arrived: Vec<Instant> = rows.iter().map(|r| r.arrived_at).collect();
    let departed: Vec<Option<Instant>> = rows.iter().map(|r| r.departed_at).collect();
    sqlx::query!(
        r#"INSERT INTO visits (id, vehicle, gate, office, state, reason, arrived_at, departed_at)
           SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
           ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, reason = EXCLUDED.reason, departed_at = EXCLUDED.departed_at"#,
        &column(|r| &r.id),
        &column(|r| &r.vehicle),
        &column(|r| &r.gate),
        &column(|r| &r.office),
        &column(|r| &r.state),
        &column(|r| &r.reason),
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
    let visits: Vec<String> = rows.iter().map(|r| r.visit.clone()).collect();
    let declarations: Vec<String> = rows.iter().map(|r| r.declaration.clone()).collect();
    sqlx::query!(
        "INSERT INTO visit_declarations (visit, declaration) SELECT * FROM UNNEST($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
        &visits,
        &declarations
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
    let column = |pick: fn(&ReadingRow) -> &String| rows.iter().map(|r| pick(r).clone()).collect::<Vec<_>>();
    let times: Vec<Instant> = rows.iter().map(|r| r.observed_at).collect();
    let confidences: Vec<i16> = rows.iter().map(|r| r.confidence).collect();
    sqlx::query!(
        r#"INSERT INTO readings (camera, observed_at, plate, vehicle, gate, direction, confidence, image, outcome, reason, visit, seen_at)
           SELECT w.*, $12::timestamptz
           FROM UNNEST($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::text[], $9::text[], $10::text[], $11::text[]) AS w"#,
        &column(|r| &r.camera),
        &times,
        &column(|r| &r.plate),
        &column(|r| &r.vehicle),
        &column(|r| &r.gate),
        &column(|r| &r.direction),
        &confidences,
        &column(|r| &r.image),
        &column(|r| &r.outcome),
        &column(|r| &r.reason),
        &column(|r| &r.visit),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
