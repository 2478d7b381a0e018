//! The one table of state that each service has, and the inbox.
use std::{borrow::Cow, collections::HashMap};

use anyhow::Result;
use sqlx::{PgConnection, postgres::PgBindIterExt as _};

use crate::{reading::Fact, wire::Decided};

/// A declaration as it was received.
pub struct Lodging<'m> {
    pub source: &'m str,
    pub id: &'m str,
    pub number: String,
    pub sender: String,
    pub reference: String,
    pub office: String,
    pub lines: usize,
    pub body: Vec<u8>,
}

/// How many of the messages came for the first time.
pub async fn receive(conn: &mut PgConnection, lodgings: &[Lodging<'_>]) -> Result<u64> {
    let done = sqlx::query(
        "INSERT INTO inbox (source, id, digest) SELECT source, id, decode(repeat('00', 32), 'hex') FROM UNNEST($1::text[], $2::text[]) AS n (source, id)
         ON CONFLICT DO NOTHING",
    )
    .bind(lodgings.iter().map(|l| l.source).bind_iter())
    .bind(lodgings.iter().map(|l| l.id).bind_iter())
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

pub async fn lodge(conn: &mut PgConnection, lodgings: &[Lodging<'_>]) -> Result<()> {
    sqlx::query(
        "INSERT INTO declarations (number, state, sender, reference, office, lines, body)
         SELECT number, 'LODGED', sender, reference, office, lines, body
         FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bytea[]) AS n (number, sender, reference, office, lines, body)",
    )
    .bind(lodgings.iter().map(|l| l.number.as_str()).bind_iter())
    .bind(lodgings.iter().map(|l| l.sender.as_str()).bind_iter())
    .bind(lodgings.iter().map(|l| l.reference.as_str()).bind_iter())
    .bind(lodgings.iter().map(|l| l.office.as_str()).bind_iter())
    .bind(lodgings.iter().map(|l| i32::try_from(l.lines).unwrap_or(i32::MAX)).bind_iter())
    .bind(lodgings.iter().map(|l| l.body.as_slice()).bind_iter())
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes lanes; (place from 1, sender, reference) of each declaration.
pub async fn clear(conn: &mut PgConnection, decided: &[Decided<'_>]) -> Result<Vec<(i64, String, String)>> {
    let rows = sqlx::query_as(
        "UPDATE declarations d SET state = 'CLEARED', lane = n.lane, changed_at = now()
         FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS n (number, lane, place) WHERE d.number = n.number
         RETURNING n.place, d.sender, d.reference",
    )
    .bind(decided.iter().map(|d| &*d.number).bind_iter())
    .bind(decided.iter().map(|d| &*d.lane).bind_iter())
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

pub struct File<'m> {
    pub number: Cow<'m, str>,
    pub office: &'m str,
    pub facts: &'m str,
}

pub async fn file(conn: &mut PgConnection, files: &[File<'_>]) -> Result<()> {
    sqlx::query(
        "INSERT INTO files (number, office, lane, state, facts)
         SELECT number, office, 'green', 'NONE', facts FROM UNNEST($1::text[], $2::text[], $3::bytea[]) AS n (number, office, facts)",
    )
    .bind(files.iter().map(|f| &*f.number).bind_iter())
    .bind(files.iter().map(|f| f.office).bind_iter())
    .bind(files.iter().map(|f| f.facts.as_bytes()).bind_iter())
    .execute(conn)
    .await?;
    Ok(())
}

pub struct Carried<'m> {
    pub number: Cow<'m, str>,
    pub vehicle: Cow<'m, str>,
    pub direction: Cow<'m, str>,
}

pub async fn carry(conn: &mut PgConnection, carried: &[Carried<'_>]) -> Result<()> {
    sqlx::query("INSERT INTO carried (number, vehicle, direction) SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[])")
        .bind(carried.iter().map(|c| &*c.number).bind_iter())
        .bind(carried.iter().map(|c| &*c.vehicle).bind_iter())
        .bind(carried.iter().map(|c| &*c.direction).bind_iter())
        .execute(conn)
        .await?;
    Ok(())
}

/// What one batch says of a declaration.
#[derive(Default)]
pub struct Reported<'m> {
    pub office: &'m str,
    pub sender: Cow<'m, str>,
    pub lodged: bool,
    /// Empty until it is decided.
    pub lane: Cow<'m, str>,
}

/// The topics come in any order.
pub async fn report(conn: &mut PgConnection, reported: &HashMap<Cow<'_, str>, Reported<'_>>) -> Result<()> {
    sqlx::query(
        "INSERT INTO declarations AS d (number, office, sender, lane, lodged_at, decided_at, reported_at)
         SELECT number, office, sender, lane, CASE WHEN lodged THEN now() END, CASE WHEN lane <> '' THEN now() END,
                CASE WHEN lodged AND lane <> '' THEN now() END
         FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[]) AS n (number, office, sender, lane, lodged)
         ON CONFLICT (number) DO UPDATE SET
             sender = GREATEST(d.sender, excluded.sender), lane = GREATEST(d.lane, excluded.lane),
             lodged_at = COALESCE(d.lodged_at, excluded.lodged_at), decided_at = COALESCE(d.decided_at, excluded.decided_at),
             reported_at = CASE WHEN COALESCE(d.lodged_at, excluded.lodged_at) IS NOT NULL
                                 AND COALESCE(d.decided_at, excluded.decided_at) IS NOT NULL THEN now() END",
    )
    .bind(reported.keys().map(|number| &**number).bind_iter())
    .bind(reported.values().map(|r| r.office).bind_iter())
    .bind(reported.values().map(|r| &*r.sender).bind_iter())
    .bind(reported.values().map(|r| &*r.lane).bind_iter())
    .bind(reported.values().map(|r| r.lodged).bind_iter())
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn stage(conn: &mut PgConnection, stages: &[(Cow<'_, str>, &Fact<'_>)]) -> Result<()> {
    sqlx::query(
        "INSERT INTO stages (number, topic, stream, position, stage, office)
         SELECT number, topic, stream, position, CASE topic WHEN 'customs.intake.v1' THEN 'LODGED' ELSE 'DECIDED' END, office
         FROM UNNEST($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[]) AS n (number, topic, stream, position, office)",
    )
    .bind(stages.iter().map(|s| &*s.0).bind_iter())
    .bind(stages.iter().map(|s| s.1.topic).bind_iter())
    .bind(stages.iter().map(|s| s.1.partition).bind_iter())
    .bind(stages.iter().map(|s| s.1.position).bind_iter())
    .bind(stages.iter().map(|s| s.1.office).bind_iter())
    .execute(conn)
    .await?;
    Ok(())
}
