//! Fills the four databases in bulk: copies of the rows of real declarations under keys and references of their own.
//!
//! Sources are up to 10,000 declarations that were cleared, imports and exports as they were lodged, with their one row in intake, risk and
//! tracking, and all their rows in reporting. A copy has the key `2` and ten digits, which no direction uses, the reference of its source and
//! these digits behind it, and times that lie 1 to 364 days back, so that days and offices are as full as in a real year: what a bench lodges
//! itself falls on one day. Only the stages on a row of reporting keep the times of their source: they are bytes to the database. Copies have
//! left (tracking) and are closed files (risk): nobody's worklist grows. Reporting keeps the figures of the filled days by itself afterwards
//! (`kept.rs`). What is not copied: journals, inboxes, consumers, superseded versions, payments and history counts; they stay as the runs before
//! left them, and no statement of a declaration's walk reads more than the heads of the first.
use anyhow::{Result, bail};
use sqlx::PgConnection;

use super::{copied, database};
use crate::{progress::Step, stack::Stack};

const SOURCES: i64 = 10_000;
/// Copies of every source in one statement.
const AT_ONCE: i64 = 10;

/// $1 keys of the sources, $2 and $3 first and last copy; `w.n` numbers sources from 1, `k` numbers copies.
const WANTED: &str = "FROM UNNEST($1::text[]) WITH ORDINALITY AS w (key, n) CROSS JOIN generate_series($2::bigint, $3::bigint) AS k";
const KEY: &str = "'2' || lpad((k * cardinality($1::text[]) + w.n)::text, 10, '0')";
/// Of a sender no two are the same, not even those of an earlier bench with other sources.
const REFERENCE: &str = "d.reference || '-' || lpad((k * cardinality($1::text[]) + w.n)::text, 10, '0')";
const BACK: &str = "make_interval(days => 1 + (k % 364)::int)";

/// Fills up to `wanted` copies; returns how, in words.
pub async fn up_to(stack: &Stack, wanted: u64, step: &Step) -> Result<String> {
    let missing = i64::try_from(wanted.saturating_sub(copied(stack).await?))?;
    if missing == 0 {
        return Ok("copies of an earlier bench".to_owned());
    }
    let mut intake = database(stack, "intake").await?;
    // By serial number: the first digit is the direction's.
    let sql = "SELECT key FROM declarations WHERE state = 'CLEARED' AND key NOT LIKE '2%' ORDER BY substr(key, 4), key LIMIT $1";
    let keys: Vec<String> = sqlx::query_scalar(sql).bind(SOURCES).fetch_all(&mut intake).await?;
    let sources = i64::try_from(keys.len())?;
    if sources == 0 {
        bail!("no declaration is cleared yet: there is nothing to copy");
    }
    // Behind the copies of an earlier bench, whose sources may have been others: numbers go on where its keys ended.
    let last: Option<String> = sqlx::query_scalar("SELECT max(key) FROM declarations WHERE key LIKE '2%'").fetch_one(&mut intake).await?;
    let first = last.and_then(|key| key.get(1..)?.parse::<i64>().ok()).map_or(0, |last| last / sources + 1);
    let copies = (missing + sources - 1) / sources;
    for (service, statements) in [("intake", intake_sql()), ("risk", risk_sql()), ("tracking", tracking_sql()), ("reporting", reporting_sql())] {
        let mut conn = database(stack, service).await?;
        for begin in (first..first + copies).step_by(AT_ONCE as usize) {
            let end = (begin + AT_ONCE).min(first + copies) - 1;
            step.doing(&format!("{service}: copy {} of {copies} of {sources} declarations", end - first + 1));
            for sql in &statements {
                run(&mut conn, sql, &keys, begin, end).await?;
            }
        }
        // What the database would do by itself during the measurement.
        sqlx::query("VACUUM (ANALYZE)").execute(&mut conn).await?;
        sqlx::query("CHECKPOINT").execute(&mut conn).await?;
    }
    Ok(format!(
        "{} of them filled in by SQL: {copies} copies of {sources} cleared declarations in intake, risk, tracking and reporting, not in journals and inboxes",
        copies * sources
    ))
}

async fn run(conn: &mut PgConnection, sql: &str, keys: &[String], begin: i64, end: i64) -> Result<()> {
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(keys).bind(begin).bind(end).execute(conn).await?;
    Ok(())
}

fn intake_sql() -> Vec<String> {
    vec![format!(
        "INSERT INTO declarations (key, version, state, lane, officer, sender, reference, class, office, wire, digest, body, duty_vnd, paid_vnd,
             guaranteed, lodged_at, changed_at)
         SELECT {KEY}, d.version, d.state, d.lane, d.officer, d.sender, {REFERENCE}, d.class, d.office, d.wire, d.digest, d.body,
             d.duty_vnd, d.paid_vnd, d.guaranteed, d.lodged_at - {BACK}, d.changed_at - {BACK}
         {WANTED} JOIN declarations d ON d.key = w.key ORDER BY k, w.n"
    )]
}

fn risk_sql() -> Vec<String> {
    vec![format!(
        "INSERT INTO files (key, version, office, class, lane, form, state, officer, queue_reason, points, round, selection_day, since, facts, trace,
             supervisor, how, grp, selection)
         SELECT {KEY}, f.version, f.office, f.class, f.lane, f.form, CASE WHEN f.state IN ('OPEN', 'QUEUED') THEN 'CONCLUDED' ELSE f.state END,
             f.officer, f.queue_reason, f.points, f.round, f.selection_day - 1 - (k % 364)::int, f.since - {BACK}, f.facts, f.trace,
             f.supervisor, f.how, f.grp, f.selection
         {WANTED} JOIN files f ON f.key = w.key ORDER BY k, w.n"
    )]
}

fn tracking_sql() -> Vec<String> {
    vec![format!(
        "INSERT INTO carried (key, version, vehicle, direction, cleared, withdrawn, departed)
         SELECT {KEY}, c.version, c.vehicle, c.direction, c.cleared, c.withdrawn, true
         {WANTED} JOIN carried c ON c.key = w.key ORDER BY k, w.n"
    )]
}

fn reporting_sql() -> Vec<String> {
    const TIMES: [&str; 12] = [
        "lodged_at",
        "replaced_at",
        "withdrawn_at",
        "decided_at",
        "assigned_at",
        "officer_at",
        "reassigned_at",
        "assignment_closed_at",
        "concluded_at",
        "tax_due_at",
        "cleared_at",
        "clearance_refused_at",
    ];
    let back = TIMES.map(|time| format!("d.{time} - {BACK}")).join(", ");
    vec![
        format!(
            "INSERT INTO declarations (key, version, office, direction, kind, class, sender, reference, currency, value, duty_vnd, paid_vnd, amended,
                 lane, form, officer, queue_reason, conform, officer_position, trace, stages, reported_at, {})
             SELECT {KEY}, d.version, d.office, d.direction, d.kind, d.class, d.sender, {REFERENCE}, d.currency, d.value, d.duty_vnd,
                 d.paid_vnd, d.amended, d.lane, d.form, d.officer, d.queue_reason, d.conform, d.officer_position, d.trace, d.stages, d.reported_at - {BACK},
                 {back}
             {WANTED} JOIN declarations d ON d.key = w.key ORDER BY k, w.n",
            TIMES.join(", ")
        ),
        format!(
            "INSERT INTO stages (key, topic, stream, position, version, stage, at, office, person, place, lane, form, conform, amount_vnd, reason,
                 officer, trace)
             SELECT {KEY}, s.topic, s.stream, s.position, s.version, s.stage, s.at - {BACK}, s.office, s.person, s.place, s.lane, s.form, s.conform,
                 s.amount_vnd, s.reason, s.officer, s.trace
             {WANTED} JOIN stages s ON s.key = w.key ORDER BY k, w.n"
        ),
    ]
}
