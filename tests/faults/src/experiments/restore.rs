//! Databases that come back older than they were.
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use anyhow::{Context as _, Result};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::Instant;

use super::overload::stream;
use crate::{
    alarms,
    canon::{canon, difference},
    experiment::Bench,
    laws::{self, Expected},
    load::{Demand, Item, Standing},
    quiet::{self, Outside},
    record::{Must, Record},
    scene::Scene,
    site::{Plan, Site},
};

/// A reader's database is restored from a backup: replaying the topics leads to the state that was lost.
pub async fn replayed(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(300, bench.seed)).await?;
    scene.accepted_at_least(bench.scale.pick(1_000, 10_000), Duration::from_secs(120)).await?;
    // What it tells by itself, once a day, must lie before the backup: told anew it would be a fork, which is another experiment.
    scene.fleet.stop_service("reporting").await?;
    scene.fleet.start_service("reporting").await?;
    witnessed(&scene.site, "reporting").await?;
    scene.fleet.stop_service("reporting").await?;
    copy(&scene.site, "reporting", "backup").await?;
    scene.fleet.start_service("reporting").await?;
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + bench.scale.pick(2_000, 20_000), Duration::from_secs(180)).await?;
    let rest = scene.rest(Duration::from_secs(120)).await?;
    let original = canon(&rest.site, &["reporting"]).await?;
    rest.fleet.stop_service("reporting").await?;
    let restoring = Instant::now();
    give_back(&rest.site, "reporting", "backup").await?;
    rest.fleet.start_service("reporting").await?;
    quiet::wait(&rest.site, Duration::from_secs(300)).await?;
    record.figure("restored and replayed in", restoring.elapsed().as_secs_f64(), "s", None);
    let differing = difference(&original, &canon(&rest.site, &["reporting"]).await?);
    record.figure("tables that differ", differing.len() as f64, &differing.join(" "), Some(Must::AtMost(0.0)));
    rest.judge(record, Expected::default()).await
}

/// A producer's database is restored from an older backup: its past differs from what was published. It must be told, never glossed over.
pub async fn forked(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(200, bench.seed)).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    scene.fleet.stop_service("risk").await?;
    copy(&scene.site, "risk", "backup").await?;
    scene.fleet.start_service("risk").await?;
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + 1_000, Duration::from_secs(60)).await?;
    scene.still(Duration::from_secs(60)).await?;
    let (published, decided) = (heads(&scene.site).await?, decisions(&scene.site).await?);
    scene.fleet.stop_service("risk").await?;
    give_back(&scene.site, "risk", "backup").await?;
    let kept = heads(&scene.site).await?;
    let fell = |(stream, position): &&(i32, i64)| kept.iter().any(|(s, p)| s == stream && p < position);
    let lost: Vec<(String, i32)> = published.iter().filter(fell).map(|(stream, _)| ("customs.risk.v1".to_owned(), *stream)).collect();
    scene.fleet.start_service("risk").await?;
    scene.load.pace(100);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut told = 0;
    while told < lost.len() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(500)).await;
        told = alarms::named(&scene, &lost.iter().collect::<Vec<_>>()).await;
    }
    record.figure("streams whose published past was lost", lost.len() as f64, "", Some(Must::AtLeast(1.0)));
    record.figure("streams named by an alarm of risk or of its readers", told as f64, "", Some(Must::AtLeast(lost.len() as f64)));
    // What was decided anew must not stand on the topic beside what was decided before.
    let (on_topic, _) = laws::forks(&scene.site, "customs.risk.v1").await?;
    record.figure("forked messages on the topic", on_topic as f64, "", Some(Must::AtMost(0.0)));
    scene.load.pace(0);
    let missing = missing(&scene).await?;
    record.figure("accepted declarations missing in intake", missing.len() as f64, "", Some(Must::AtMost(0.0)));
    let other = otherwise(&scene.site, &decided).await?;
    record.figure("decisions lost or taken otherwise", other.len() as f64, "", None);
    record.figure("losses that nobody named", unnamed(&scene, &other).await as f64, "", Some(Must::AtMost(0.0)));
    scene.fleet.down().await?;
    scene.site.remove().await
}

/// A topic's stream: where losses are counted and alarms point at.
pub type Place = (String, i32);

/// What was accepted and is not in intake, or not in its last version, each by the stream that held its facts. What the single window's topics
/// still have is read again first; what is not by then is counted too.
pub async fn missing(scene: &Scene) -> Result<Vec<Place>> {
    let accepted = |(_, item): &(&String, &Item)| item.standing == Standing::Accepted;
    let items: Vec<(String, Item)> =
        scene.load.ledger.items().iter().filter(accepted).map(|(reference, item)| (reference.clone(), item.clone())).collect();
    let (intake, ends) = (scene.site.database("intake").await?, Outside::open(&scene.site).await?.ends().await?);
    let read_again = async {
        loop {
            let rows: Vec<(String, i32, i64)> =
                sqlx::query_as("SELECT topic, partition, next_offset FROM consumers").fetch_all(&intake).await.unwrap_or_default();
            let read: BTreeMap<Place, i64> = rows.into_iter().map(|(topic, partition, offset)| ((topic, partition), offset)).collect();
            if ends.iter().all(|(place, end)| read.get(place).copied().unwrap_or(0) >= *end) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(120), read_again).await;
    let rows: Vec<(String, i32)> = sqlx::query_as("SELECT reference, version::int FROM declarations").fetch_all(&intake).await?;
    let known: HashMap<String, i32> = rows.into_iter().collect();
    let whole = |reference: &str, item: &Item| known.get(reference).is_some_and(|version| version.unsigned_abs() >= item.version);
    let place = |item: &Item| ("customs.intake.v1".to_owned(), stream(&item.office, item.parcel));
    Ok(items.iter().filter(|(reference, item)| !whole(reference, item)).map(|(_, item)| place(item)).collect())
}

/// How many of the losses lie in streams that no service names.
pub async fn unnamed(scene: &Scene, lost: &[Place]) -> usize {
    let mut unnamed = 0;
    for place in lost.iter().collect::<BTreeSet<_>>() {
        if alarms::named(scene, &[place]).await == 0 {
            unnamed += lost.iter().filter(|l| *l == place).count();
        }
    }
    unnamed
}

/// By declaration: version, lane, and the stream that told of it.
type Decisions = BTreeMap<String, (i32, String, i32)>;

async fn decisions(site: &Site) -> Result<Decisions> {
    let rows: Vec<(String, i32, String, String, bool)> =
        sqlx::query_as("SELECT key, version::int, lane, office, class = 'parcels' FROM files").fetch_all(&site.database("risk").await?).await?;
    Ok(rows.into_iter().map(|(key, version, lane, office, parcel)| (key, (version, lane, stream(&office, parcel)))).collect())
}

/// Streams of decisions that are gone or have become others. Risk reads the declarations again first and decides them anew.
async fn otherwise(site: &Site, before: &Decisions) -> Result<Vec<Place>> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let now = decisions(site).await?;
        let behind = |(key, (version, ..)): &(&String, &(i32, String, i32))| now.get(*key).is_none_or(|(v, ..)| v < version);
        if !before.iter().any(|decision| behind(&decision)) || Instant::now() > deadline {
            let other = |(key, (version, lane, _)): &(&String, &(i32, String, i32))| now.get(*key).is_some_and(|(v, l, _)| v == version && l != lane);
            let lost = before.iter().filter(|decision| behind(decision) || other(decision));
            return Ok(lost.map(|(_, (.., stream))| ("customs.risk.v1".to_owned(), *stream)).collect());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Waits until a service has told the heads of the others, and published it.
async fn witnessed(site: &Site, service: &str) -> Result<()> {
    let pool = site.database(service).await?;
    let told = async {
        while !sqlx::query_scalar("SELECT coalesce(sum(published), 0) > 0 FROM streams").fetch_one(&pool).await.unwrap_or(false) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told).await.with_context(|| format!("{service} does not witness"))
}

async fn heads(site: &Site) -> Result<Vec<(i32, i64)>> {
    let risk = site.database("risk").await?;
    Ok(sqlx::query_as("SELECT stream, position FROM streams WHERE topic = 'customs.risk.v1' ORDER BY stream").fetch_all(&risk).await?)
}

async fn admin(site: &Site) -> Result<PgConnection> {
    PgConnection::connect(&site.ground.url("admin").await?).await.context("the laboratory's PostgreSQL")
}

/// A backup beside the database, taken while nobody uses it.
async fn copy(site: &Site, service: &str, suffix: &str) -> Result<()> {
    let name = format!("{}_{service}", site.name);
    let statement = format!("CREATE DATABASE {name}_{suffix} TEMPLATE {name} OWNER {service}");
    evict(site, &name).await?;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut admin(site).await?).await?;
    Ok(())
}

/// Puts the backup in the place of the database.
async fn give_back(site: &Site, service: &str, suffix: &str) -> Result<()> {
    let name = format!("{}_{service}", site.name);
    let mut admin = admin(site).await?;
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut admin).await?;
    sqlx::query(AssertSqlSafe(format!("ALTER DATABASE {name}_{suffix} RENAME TO {name}"))).execute(&mut admin).await?;
    Ok(())
}

async fn evict(site: &Site, name: &str) -> Result<()> {
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1").bind(name).execute(&mut admin(site).await?).await?;
    Ok(())
}
