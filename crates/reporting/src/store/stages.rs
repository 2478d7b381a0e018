//! Inserts of what is only ever added: stages and refusals. A fact that is applied again adds nothing.
use platform::Failure;
use sqlx::PgConnection;

use super::column;
use crate::book::{RefusalRow, StageRow};

/// Stages of a batch that have no row to grow on.
pub async fn stages(conn: &mut PgConnection, rows: &[StageRow<'_>]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        INSERT INTO stages (key, topic, stream, position, version, stage, at, office, person, place, lane, form, conform, amount_vnd, reason, officer, trace)
        SELECT UNNEST($1::text[]), UNNEST($2::text[]), UNNEST($3::int[]), UNNEST($4::bigint[]), UNNEST($5::smallint[]), UNNEST($6::text[]),
            UNNEST($7::timestamptz[]), UNNEST($8::text[]), UNNEST($9::text[]), UNNEST($10::text[]), UNNEST($11::text[]), UNNEST($12::text[]),
            UNNEST($13::text[]), UNNEST($14::bigint[]), UNNEST($15::text[]), UNNEST($16::text[]), UNNEST($17::text[])
        ON CONFLICT DO NOTHING
        "#,
        column!(rows, r => r.key.as_str()) as &[&str],
        column!(rows, r => r.stage.place.topic) as &[&str],
        column!(rows, r => r.stage.place.stream),
        column!(rows, r => r.stage.place.position),
        column!(rows, r => i16::from(r.version.count())),
        column!(rows, r => r.stage.kind.as_str()) as &[&str],
        column!(rows, r => r.stage.place.at),
        column!(rows, r => r.stage.place.office) as &[&str],
        column!(rows, r => r.stage.person) as &[&str],
        column!(rows, r => r.stage.gate.as_str()) as &[&str],
        column!(rows, r => r.stage.lane) as &[&str],
        column!(rows, r => r.stage.form) as &[&str],
        column!(rows, r => r.stage.conform) as &[&str],
        column!(rows, r => r.stage.amount_vnd),
        column!(rows, r => r.stage.reason.as_str()) as &[&str],
        column!(rows, r => r.stage.officer.as_str()) as &[&str],
        column!(rows, r => r.stage.place.trace) as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Refusals of a batch, which say that their days are marked, as rows do.
pub async fn refusals(conn: &mut PgConnection, rows: &[RefusalRow<'_>]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        INSERT INTO refusals (topic, stream, position, attempt, office, direction, kind, code, sender, reference, at)
        SELECT UNNEST($1::text[]), UNNEST($2::int[]), UNNEST($3::bigint[]), UNNEST($4::text[]), UNNEST($5::text[]), UNNEST($6::text[]),
            UNNEST($7::text[]), UNNEST($8::text[]), UNNEST($9::text[]), UNNEST($10::text[]), UNNEST($11::timestamptz[])
        WHERE (SELECT set_config('reporting.marks', 'on', true)) = 'on'
        ON CONFLICT DO NOTHING
        "#,
        column!(rows, r => r.place.topic) as &[&str],
        column!(rows, r => r.place.stream),
        column!(rows, r => r.place.position),
        column!(rows, r => r.attempt) as &[&str],
        column!(rows, r => r.place.office) as &[&str],
        column!(rows, r => r.direction) as &[&str],
        column!(rows, r => r.kind.as_str()) as &[&str],
        column!(rows, r => r.code.as_str()) as &[&str],
        column!(rows, r => r.sender.as_str()) as &[&str],
        column!(rows, r => r.reference.as_str()) as &[&str],
        column!(rows, r => r.place.at)
    )
    .execute(conn)
    .await?;
    Ok(())
}
