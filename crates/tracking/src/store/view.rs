//! What gRPC reads with the pool: one visit, and the live list of a gate.
use platform::{Failure, Instant};
use sqlx::PgPool;

/// A visit, or a vehicle that a gate holds without one (then `visit` is '').
#[derive(Debug, Clone)]
pub struct Seen {
    pub visit: String,
    pub vehicle: String,
    pub plate: String,
    pub country: String,
    pub gate: String,
    pub office: String,
    pub state: String,
    pub reason: String,
    pub arrived_at: Option<Instant>,
    pub departed_at: Option<Instant>,
}

/// A declaration of a visit.
#[derive(Debug, Clone)]
pub struct Carried {
    pub visit: String,
    pub key: String,
    pub cleared: bool,
}

/// Everything at a gate, oldest first: visits that began there and have not ended, and vehicles that it holds without a visit.
pub async fn board(pool: &PgPool, gate: &str, office: &str) -> Result<Vec<Seen>, Failure> {
    Ok(sqlx::query_as!(
        Seen,
        r#"SELECT v.id AS "visit!", v.vehicle AS "vehicle!", t.plate AS "plate!", t.country AS "country!", v.gate AS "gate!", v.office AS "office!",
                  v.state AS "state!", v.reason AS "reason!", v.arrived_at AS "arrived_at?", v.departed_at AS "departed_at?"
           FROM visits v JOIN vehicles t ON t.id = v.vehicle WHERE v.gate = $1 AND v.departed_at IS NULL
           UNION ALL
           SELECT '', t.id, t.plate, t.country, t.held_gate, $2::text, 'HELD', t.held_reason, t.held_at, NULL
           FROM vehicles t WHERE t.held_gate = $1 AND $1 <> ''
           ORDER BY 9, 2"#,
        gate,
        office
    )
    .fetch_all(pool)
    .await?)
}

/// One visit.
pub async fn visit(pool: &PgPool, id: &str) -> Result<Option<Seen>, Failure> {
    Ok(sqlx::query_as!(
        Seen,
        r#"SELECT v.id AS visit, v.vehicle, t.plate, t.country, v.gate, v.office, v.state, v.reason, v.arrived_at AS "arrived_at?", v.departed_at
           FROM visits v JOIN vehicles t ON t.id = v.vehicle WHERE v.id = $1"#,
        id
    )
    .fetch_optional(pool)
    .await?)
}

/// What visits carry, by key; the current version counts.
pub async fn carried(pool: &PgPool, visits: &[String]) -> Result<Vec<Carried>, Failure> {
    Ok(sqlx::query_as!(
        Carried,
        r#"SELECT d.visit, d.declaration AS key, (c.cleared >= 0 AND c.cleared >= c.version) AS "cleared!"
           FROM visit_declarations d JOIN carried c ON c.key = d.declaration WHERE d.visit = ANY($1) ORDER BY d.visit, d.declaration"#,
        visits
    )
    .fetch_all(pool)
    .await?)
}
