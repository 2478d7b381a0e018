//! Upserts of declarations and visits. Every column but the stages keeps its first or last fact by time, so that any order of topics gives the same rows.
//! Each statement says, by a setting, that its transaction marks the days it changes: see migration 1009.
use std::collections::BTreeMap;

use platform::{Failure, Instant};
use sqlx::PgConnection;
use values::{DeclarationKey, Version};

use super::{column, kept};
use crate::book::{Patch, VisitPatch};

/// What of a row is known once it is written: the office and time of a decision of an earlier day, if that precedes the registration; the key, if a
/// payment may count on an earlier day.
#[derive(Debug)]
pub struct Written {
    pub office: Option<String>,
    pub decided_at: Option<Instant>,
    pub paid: Option<String>,
}

/// One upsert for all versions of a batch. `LEAST` and `GREATEST` pass over what is null; stages are appended, and [`way`](super::way) puts them in order.
pub async fn declarations(
    conn: &mut PgConnection,
    rows: &BTreeMap<(DeclarationKey, Version), Patch<'_>>,
    now: Instant,
    midnight: Instant,
) -> Result<Vec<Written>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let patches: Vec<&Patch<'_>> = rows.values().collect();
    let written = sqlx::query_as!(
        Written,
        r#"
        WITH written AS (INSERT INTO declarations AS d (
            key, version, office, direction, kind, class, sender, reference, currency, value, duty_vnd, paid_vnd, amended, lane, form, officer,
            queue_reason, conform, lodged_at, replaced_at, withdrawn_at, decided_at, assigned_at, officer_at, officer_position, reassigned_at,
            assignment_closed_at, concluded_at, tax_due_at, cleared_at, clearance_refused_at, trace, stages, reported_at)
        SELECT n.*, CASE WHEN n.lodged_at IS NOT NULL AND n.decided_at IS NOT NULL AND (n.lane = 'green' OR n.officer <> '' OR n.queue_reason <> '')
            THEN $34::timestamptz END
        FROM (SELECT UNNEST($1::text[]) AS key, UNNEST($2::smallint[]) AS version, UNNEST($3::text[]) AS office, UNNEST($4::text[]) AS direction,
            UNNEST($5::text[]) AS kind, UNNEST($6::text[]) AS class, UNNEST($7::text[]) AS sender, UNNEST($8::text[]) AS reference,
            UNNEST($9::text[]) AS currency, UNNEST($10::bigint[]) AS value, UNNEST($11::bigint[]) AS duty_vnd, UNNEST($12::bigint[]) AS paid_vnd,
            UNNEST($13::boolean[]) AS amended, UNNEST($14::text[]) AS lane, UNNEST($15::text[]) AS form, UNNEST($16::text[]) AS officer,
            UNNEST($17::text[]) AS queue_reason, UNNEST($18::boolean[]) AS conform, UNNEST($19::timestamptz[]) AS lodged_at,
            UNNEST($20::timestamptz[]) AS replaced_at, UNNEST($21::timestamptz[]) AS withdrawn_at, UNNEST($22::timestamptz[]) AS decided_at,
            UNNEST($23::timestamptz[]) AS assigned_at, UNNEST($24::timestamptz[]) AS officer_at, UNNEST($25::bigint[]) AS officer_position,
            UNNEST($26::timestamptz[]) AS reassigned_at, UNNEST($27::timestamptz[]) AS assignment_closed_at,
            UNNEST($28::timestamptz[]) AS concluded_at, UNNEST($29::timestamptz[]) AS tax_due_at, UNNEST($30::timestamptz[]) AS cleared_at,
            UNNEST($31::timestamptz[]) AS clearance_refused_at, UNNEST($32::text[]) AS trace, UNNEST($33::bytea[]) AS stages) AS n
        WHERE (SELECT set_config('reporting.marks', 'on', true)) = 'on'
        ON CONFLICT (key, version) DO UPDATE SET
            office = CASE WHEN d.lodged_at IS NULL AND (EXCLUDED.lodged_at IS NOT NULL OR d.office = '') THEN EXCLUDED.office ELSE d.office END,
            direction = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.direction ELSE d.direction END,
            kind = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.kind ELSE d.kind END,
            class = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.class ELSE d.class END,
            sender = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.sender ELSE d.sender END,
            reference = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.reference ELSE d.reference END,
            currency = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.currency ELSE d.currency END,
            value = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.value ELSE d.value END,
            duty_vnd = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.duty_vnd ELSE d.duty_vnd END,
            amended = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.amended ELSE d.amended END,
            trace = CASE WHEN d.lodged_at IS NULL THEN EXCLUDED.trace ELSE d.trace END,
            stages = d.stages || EXCLUDED.stages,
            lodged_at = LEAST(d.lodged_at, EXCLUDED.lodged_at),
            paid_vnd = GREATEST(d.paid_vnd, EXCLUDED.paid_vnd),
            lane = CASE WHEN d.decided_at IS NULL THEN EXCLUDED.lane ELSE d.lane END,
            form = CASE WHEN d.decided_at IS NULL THEN EXCLUDED.form ELSE d.form END,
            queue_reason = CASE WHEN d.decided_at IS NULL THEN EXCLUDED.queue_reason ELSE d.queue_reason END,
            decided_at = LEAST(d.decided_at, EXCLUDED.decided_at),
            officer = CASE WHEN d.officer_at IS NULL OR (EXCLUDED.officer_at, EXCLUDED.officer_position) > (d.officer_at, d.officer_position)
                THEN EXCLUDED.officer ELSE d.officer END,
            officer_position = CASE WHEN d.officer_at IS NULL OR (EXCLUDED.officer_at, EXCLUDED.officer_position) > (d.officer_at, d.officer_position)
                THEN EXCLUDED.officer_position ELSE d.officer_position END,
            officer_at = GREATEST(d.officer_at, EXCLUDED.officer_at),
            conform = CASE WHEN d.concluded_at IS NULL THEN EXCLUDED.conform ELSE d.conform END,
            concluded_at = LEAST(d.concluded_at, EXCLUDED.concluded_at),
            replaced_at = LEAST(d.replaced_at, EXCLUDED.replaced_at),
            withdrawn_at = LEAST(d.withdrawn_at, EXCLUDED.withdrawn_at),
            assigned_at = LEAST(d.assigned_at, EXCLUDED.assigned_at),
            reassigned_at = LEAST(d.reassigned_at, EXCLUDED.reassigned_at),
            assignment_closed_at = LEAST(d.assignment_closed_at, EXCLUDED.assignment_closed_at),
            tax_due_at = LEAST(d.tax_due_at, EXCLUDED.tax_due_at),
            cleared_at = LEAST(d.cleared_at, EXCLUDED.cleared_at),
            clearance_refused_at = LEAST(d.clearance_refused_at, EXCLUDED.clearance_refused_at),
            reported_at = COALESCE(d.reported_at, CASE
                WHEN COALESCE(d.lodged_at, EXCLUDED.lodged_at) IS NOT NULL AND COALESCE(d.decided_at, EXCLUDED.decided_at) IS NOT NULL
                    AND ('green' IN (d.lane, EXCLUDED.lane) OR d.officer || EXCLUDED.officer || d.queue_reason || EXCLUDED.queue_reason <> '')
                THEN $34::timestamptz END)
        RETURNING CASE WHEN d.decided_at < d.lodged_at AND d.decided_at < $35 THEN d.office END AS office, d.decided_at,
            CASE WHEN d.paid_vnd > 0 AND (d.cleared_at < $35 OR d.version > 0 OR d.replaced_at IS NOT NULL) THEN d.key END AS paid)
        SELECT office, decided_at, paid FROM written WHERE office IS NOT NULL OR paid IS NOT NULL
        "#,
        column!(patches, p => p.row.key.as_str()) as &[&str],
        column!(patches, p => i16::from(p.row.version.count())),
        column!(patches, p => &*p.office) as &[&str],
        column!(patches, p => p.row.registered.as_ref().map_or("", |r| r.value.direction.as_str())) as &[&str],
        column!(patches, p => p.row.registered.as_ref().map_or("", |r| r.value.kind.as_str())) as &[&str],
        column!(patches, p => p.class) as &[&str],
        column!(patches, p => p.sender.as_str()) as &[&str],
        column!(patches, p => p.reference.as_str()) as &[&str],
        column!(patches, p => p.row.registered.as_ref().map_or("", |r| r.value.currency.as_str())) as &[&str],
        column!(patches, p => p.row.registered.as_ref().map_or(0, |r| r.value.value)),
        column!(patches, p => p.row.registered.as_ref().map_or(0, |r| r.value.duty_vnd)),
        column!(patches, p => p.row.paid_vnd),
        column!(patches, p => p.row.registered.as_ref().is_some_and(|r| r.value.amended)),
        column!(patches, p => p.row.decided.as_ref().map_or("", |d| d.value.lane.as_str())) as &[&str],
        column!(patches, p => p.form) as &[&str],
        column!(patches, p => p.row.officer.as_ref().map_or("", |o| o.value.as_str())) as &[&str],
        column!(patches, p => p.row.decided.as_ref().and_then(|d| d.value.queue_reason.as_ref()).map_or("", |r| r.as_str())) as &[&str],
        column!(patches, p => p.row.concluded.as_ref().is_some_and(|c| c.value)),
        column!(patches, p => p.row.registered.as_ref().map(|r| r.stamp.at)) as &[Option<Instant>],
        column!(patches, p => p.row.replaced_at) as &[Option<Instant>],
        column!(patches, p => p.row.withdrawn_at) as &[Option<Instant>],
        column!(patches, p => p.row.decided.as_ref().map(|d| d.stamp.at)) as &[Option<Instant>],
        column!(patches, p => p.row.assigned_at) as &[Option<Instant>],
        column!(patches, p => p.row.officer.as_ref().map(|o| o.stamp.at)) as &[Option<Instant>],
        column!(patches, p => p.row.officer.as_ref().map_or(0, |o| o.stamp.position.cast_signed())),
        column!(patches, p => p.row.reassigned_at) as &[Option<Instant>],
        column!(patches, p => p.row.assignment_closed_at) as &[Option<Instant>],
        column!(patches, p => p.row.concluded.as_ref().map(|c| c.stamp.at)) as &[Option<Instant>],
        column!(patches, p => p.row.tax_due_at) as &[Option<Instant>],
        column!(patches, p => p.row.cleared_at) as &[Option<Instant>],
        column!(patches, p => p.row.clearance_refused_at) as &[Option<Instant>],
        column!(patches, p => p.trace) as &[&str],
        column!(patches, p => kept::encoded(&p.stages)),
        now,
        midnight
    )
    .fetch_all(conn)
    .await?;
    Ok(written)
}

/// First occurrences with their offices.
pub async fn visits(conn: &mut PgConnection, visits: &BTreeMap<String, VisitPatch<'_>>) -> Result<(), Failure> {
    if visits.is_empty() {
        return Ok(());
    }
    let patches: Vec<&VisitPatch<'_>> = visits.values().collect();
    sqlx::query!(
        r#"
        INSERT INTO visits AS v (id, arrived_at, arrived_office, held_at, held_office, departed_at, departed_office)
        SELECT UNNEST($1::text[]), UNNEST($2::timestamptz[]), UNNEST($3::text[]), UNNEST($4::timestamptz[]), UNNEST($5::text[]),
            UNNEST($6::timestamptz[]), UNNEST($7::text[])
        WHERE (SELECT set_config('reporting.marks', 'on', true)) = 'on'
        ON CONFLICT (id) DO UPDATE SET
            arrived_office = CASE WHEN v.arrived_at IS NULL OR EXCLUDED.arrived_at < v.arrived_at THEN EXCLUDED.arrived_office ELSE v.arrived_office END,
            arrived_at = LEAST(v.arrived_at, EXCLUDED.arrived_at),
            held_office = CASE WHEN v.held_at IS NULL OR EXCLUDED.held_at < v.held_at THEN EXCLUDED.held_office ELSE v.held_office END,
            held_at = LEAST(v.held_at, EXCLUDED.held_at),
            departed_office = CASE WHEN v.departed_at IS NULL OR EXCLUDED.departed_at < v.departed_at
                THEN EXCLUDED.departed_office ELSE v.departed_office END,
            departed_at = LEAST(v.departed_at, EXCLUDED.departed_at)
        "#,
        column!(patches, p => p.row.id.as_str()) as &[&str],
        column!(patches, p => p.row.arrived_at) as &[Option<Instant>],
        column!(patches, p => p.arrived_office) as &[&str],
        column!(patches, p => p.row.held_at) as &[Option<Instant>],
        column!(patches, p => p.held_office) as &[&str],
        column!(patches, p => p.row.departed_at) as &[Option<Instant>],
        column!(patches, p => p.departed_office) as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}
