//! Hands in the journal: a bit, a row, two rows.
use std::time::Duration;

use anyhow::{Context as _, Result};
use sqlx::{Connection, PgConnection, Row as _};

use crate::{
    experiment::Bench,
    laws::Expected,
    load::Demand,
    record::{Must, Record},
    scene::Scene,
    site::Plan,
};

/// What is done to one row of the journal, as superuser, past its trigger. Headers and trace lie outside the hash by design: they repeat what
/// payload and place say or help to follow a call, and nothing is promised of them.
const DEEDS: [&str; 10] = ["kind", "subject", "office", "actor", "cause", "recorded_at", "payload", "hash", "deleted", "swapped"];

/// One deed at a time in a journal of many rows; the chain is walked again each time and must name the very place.
pub async fn tamper(bench: &Bench, record: &mut Record) -> Result<()> {
    let (rows, deeds) = (bench.scale.pick(10_000_i64, 100_000), bench.scale.pick(45, 1_000));
    let scene = Scene::open(bench, Plan::default(), Demand { grpc: 0, ..Demand::at(600, bench.seed) }).await?;
    let risk = scene.site.database("risk").await?;
    let enough = async {
        while sqlx::query_scalar::<_, i64>("SELECT count(*) FROM journal").fetch_one(&risk).await.unwrap_or(0) < rows {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(600), enough).await.context("the journal does not grow")?;
    let url = scene.site.url("risk")?.to_owned();
    let database = url.rsplit('/').next().unwrap_or_default().to_owned();
    let admin = scene.site.ground.url("admin").await?;
    let (server, _) = admin.rsplit_once('/').context("a URL has a path")?;
    let mut admin = PgConnection::connect(&format!("{server}/{database}")).await?;
    scene.still(Duration::from_secs(120)).await?;
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM journal").fetch_one(&mut admin).await?;
    sqlx::raw_sql("SET session_replication_role = replica").execute(&mut admin).await?;
    let places: Vec<(String, i32, i64)> =
        sqlx::query_as("SELECT topic, stream, position FROM streams WHERE position > 2 ORDER BY topic, stream").fetch_all(&mut admin).await?;
    let mut rng = fastrand::Rng::with_seed(bench.seed);
    let (mut found, mut named, mut last) = (0_u32, 0_u32, 0_u32);
    for n in 0..deeds {
        let (topic, stream, head) = places[rng.usize(0..places.len())].clone();
        let deed = DEEDS[n % DEEDS.len()];
        // Every fifth time each deed befalls the last row, which nothing follows: only the head kept beside the journal tells that it is gone.
        let most = if deed == "swapped" { head - 1 } else { head };
        let position = if (n / DEEDS.len()).is_multiple_of(5) { most } else { rng.i64(1..=most) };
        last += u32::from(position == most);
        sqlx::raw_sql("BEGIN").execute(&mut admin).await?;
        commit_deed(&mut admin, deed, &topic, stream, position, rng.u32(..)).await?;
        match first_fault(&mut admin, &topic, stream).await? {
            Some(place) => {
                found += 1;
                named += u32::from(place == position);
            }
            None => record.findings.push(missed(deed, &topic, stream, position)),
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut admin).await?;
    }
    record.figure("journal rows", stored as f64, "", None);
    record.figure("deeds at the head of a stream", f64::from(last), "", None);
    record.figure("deeds found", 100.0 * f64::from(found) / deeds as f64, &format!("% of {deeds}"), Some(Must::AtLeast(100.0)));
    record.figure("named at the very row", 100.0 * f64::from(named) / deeds as f64, "%", Some(Must::AtLeast(100.0)));
    drop(admin);
    scene.close(record, Expected::default()).await
}

async fn commit_deed(conn: &mut PgConnection, deed: &str, topic: &str, stream: i32, position: i64, drawn: u32) -> Result<()> {
    let place = format!("topic = '{topic}' AND stream = {stream} AND position = {position}");
    let bit = drawn % 7;
    let statement = match deed {
        "deleted" => format!("DELETE FROM journal WHERE {place}"),
        "swapped" => format!(
            "UPDATE journal SET position = -1 WHERE {place};
             UPDATE journal SET position = {position} WHERE topic = '{topic}' AND stream = {stream} AND position = {position} + 1;
             UPDATE journal SET position = {position} + 1 WHERE topic = '{topic}' AND stream = {stream} AND position = -1"
        ),
        "recorded_at" => format!("UPDATE journal SET recorded_at = recorded_at + interval '1 microsecond' * (1 << {bit}) WHERE {place}"),
        "payload" | "hash" => format!(
            "UPDATE journal SET {deed} = set_bit({deed}, {drawn} % (8 * length({deed})), 1 - get_bit({deed}, {drawn} % (8 * length({deed})))) WHERE {place}"
        ),
        // A text's bit: of its last byte, kept in ASCII; what is empty becomes one character.
        column => format!(
            "UPDATE journal SET {column} = CASE WHEN {column} = '' THEN 'x' ELSE
             left({column}, -1) || chr(CASE WHEN ascii(right({column}, 1)) # 1 = 0 THEN 2 ELSE ascii(right({column}, 1)) # 1 END) END WHERE {place}"
        ),
    };
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}

/// Walks one stream up to its head and returns the first position that does not follow.
async fn first_fault(conn: &mut PgConnection, topic: &str, stream: i32) -> Result<Option<i64>> {
    let rows = sqlx::query(
        "SELECT position, kind, subject, office, actor, cause, (extract(epoch FROM recorded_at) * 1000000)::bigint, sha256(payload), hash
         FROM journal WHERE topic = $1 AND stream = $2 ORDER BY position",
    )
    .bind(topic)
    .bind(stream)
    .fetch_all(&mut *conn)
    .await?;
    let (head, at_head): (i64, Vec<u8>) =
        sqlx::query_as("SELECT position, hash FROM streams WHERE topic = $1 AND stream = $2").bind(topic).bind(stream).fetch_one(conn).await?;
    let (mut previous, mut end) = ([0; 32], 0);
    for (expected, row) in (1..).zip(rows) {
        let row = crate::laws::Row {
            position: row.get(0),
            kind: row.get::<String, _>(1).into(),
            subject: row.get(2),
            office: row.get::<String, _>(3).into(),
            actor: row.get::<String, _>(4).into(),
            cause: row.get(5),
            recorded_us: row.get(6),
            answer: String::new(),
            payload_digest: row.get::<Vec<u8>, _>(7).try_into().unwrap_or_default(),
            hash: row.get(8),
            fact: None,
        };
        if row.position != expected || row.hash != crate::laws::link(topic, stream, &row, &previous) {
            return Ok(Some(expected));
        }
        previous = row.hash.as_slice().try_into().unwrap_or_default();
        end = expected;
    }
    // Rows that are missing at the end break no link, nor does a last row that was written anew together with its hash.
    Ok(if end == head { (at_head != previous).then_some(head) } else { Some(end.min(head) + 1) })
}

fn missed(deed: &str, topic: &str, stream: i32, position: i64) -> crate::laws::Finding {
    let mut finding = crate::laws::Finding::new("every deed is found");
    finding.hold(false, || format!("{deed} at {topic}/{stream}/{position}"));
    finding
}
