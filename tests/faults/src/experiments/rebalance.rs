//! Members that come and go: somebody must own every partition all the time.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Result;
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    experiment::Bench,
    fleet::Name,
    laws::Expected,
    load::Demand,
    quiet::Outside,
    record::{Must, Record, percentile},
    scene::Scene,
    site::{HEARS, Plan, SERVICES, Site},
};

/// A member of every group leaves and joins every five seconds, under both group protocols.
pub async fn storm(bench: &Bench, record: &mut Record) -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let settings = BTreeMap::from([("KAFKA__PROTOCOL".to_owned(), protocol.to_owned())]);
        let scene = Scene::open(bench, Plan { replicas: 2, settings, ..Plan::default() }, Demand::at(300, bench.seed)).await?;
        let watch = Watch::start(&scene.site).await?;
        let until = Instant::now() + Duration::from_secs(bench.scale.pick(8, 600));
        let mut rng = fastrand::Rng::with_seed(bench.seed);
        let (mut stops, mut met) = (Vec::new(), 0_u32);
        while Instant::now() < until {
            for service in SERVICES {
                let name = (service, rng.u16(0..2));
                stops.push(again(&scene, name).await?);
                if rng.bool() {
                    // A SIGTERM that meets a rebalance: the group has not taken in yet whom it is for.
                    tokio::time::sleep(Duration::from_millis(rng.u64(100..500))).await;
                    stops.push(again(&scene, name).await?);
                    met += 1;
                }
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        let gaps = watch.finish().await;
        scene.close(record, Expected::default()).await?;
        let told = |what: &str| format!("{protocol}: {what}");
        record.figure(&told("members joined or left"), 2.0 * stops.len() as f64, "", None);
        record.figure(&told("told to stop while they joined"), f64::from(met), "", None);
        record.figure(&told("a stop took at most"), percentile(&stops, 1000) as f64, "ms", bench.in_full(Must::AtMost(LONGEST_STOP_MS)));
        record.figure(&told("longest time that a partition stood still p50"), percentile(&gaps, 500) as f64, "ms", None);
        record.figure(&told("worst"), percentile(&gaps, 1000) as f64, "ms", bench.in_full(Must::AtMost(2_000.0)));
    }
    Ok(())
}

/// A service lingers for half a second and has ten to finish what is in hand; the rest is leaving the group and closing.
const LONGEST_STOP_MS: f64 = 15_000.0;

/// Stops a member by SIGTERM and starts it again; returns how long the stop took, in milliseconds.
async fn again(scene: &Scene, name: Name) -> Result<u64> {
    let took = scene.fleet.stop(name).await?;
    scene.fleet.spawn(name)?;
    Ok(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

/// Watches every reader of every topic: how long a partition with something to read was not read on.
pub struct Watch {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Vec<u64>>,
}

impl Watch {
    pub async fn start(site: &Arc<Site>) -> Result<Self> {
        let mut pools = BTreeMap::new();
        for service in SERVICES {
            pools.insert(service, site.database(service).await?);
        }
        let outside = Outside::open(site).await?;
        let stop = CancellationToken::new();
        Ok(Self { task: tokio::spawn(watch(pools, outside, stop.clone())), stop })
    }

    /// The longest standstill of each partition of each reader, in milliseconds.
    pub async fn finish(self) -> Vec<u64> {
        self.stop.cancel();
        self.task.await.unwrap_or_default()
    }
}

/// Reader, topic, partition.
type Place = (&'static str, String, i32);

async fn watch(pools: BTreeMap<&'static str, PgPool>, outside: Outside, stop: CancellationToken) -> Vec<u64> {
    // How far the reader is and since when it stands there with something to read; the longest so far.
    let mut standing: BTreeMap<Place, (i64, Instant)> = BTreeMap::new();
    let mut longest: BTreeMap<Place, u64> = BTreeMap::new();
    while !stop.is_cancelled() {
        // What cannot be looked at is not known to have moved: no standstill ends by it.
        for (place, (read, end)) in sample(&pools, &outside).await.unwrap_or_default() {
            let now = Instant::now();
            match standing.get(&place) {
                Some((stood, since)) if read < end && *stood == read => {
                    let time = u64::try_from((now - *since).as_millis()).unwrap_or(u64::MAX);
                    let known = longest.entry(place).or_default();
                    *known = time.max(*known);
                }
                _ => {
                    standing.insert(place, (read, now));
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    longest.into_values().collect()
}

/// How far every reader is in every partition, and how far it could be: by position in topics of ours, by offset in the single window's.
async fn sample(pools: &BTreeMap<&'static str, PgPool>, outside: &Outside) -> Result<BTreeMap<Place, (i64, i64)>> {
    let mut heads: BTreeMap<(String, i32), i64> = BTreeMap::new();
    for pool in pools.values() {
        let rows: Vec<(String, i32, i64)> = sqlx::query_as("SELECT topic, stream, published FROM streams").fetch_all(pool).await?;
        heads.extend(rows.into_iter().map(|(topic, stream, published)| ((topic, stream), published)));
    }
    let ends = outside.clone().ends().await?;
    let mut places = BTreeMap::new();
    for (reader, topics) in HEARS {
        let Some(pool) = pools.get(reader) else { continue };
        let rows: Vec<(String, i32, i64, i64)> =
            sqlx::query_as("SELECT topic, partition, position, next_offset FROM consumers").fetch_all(pool).await?;
        let read: BTreeMap<(String, i32), (i64, i64)> = rows.into_iter().map(|(t, p, position, offset)| ((t, p), (position, offset))).collect();
        let at = |place: &(String, i32)| read.get(place).copied().unwrap_or_default();
        for (place, head) in heads.iter().filter(|((topic, _), _)| topics.contains(&topic.as_str())) {
            places.insert((reader, place.0.clone(), place.1), (at(place).0, *head));
        }
        if reader == "intake" {
            places.extend(ends.iter().map(|(place, end)| ((reader, place.0.clone(), place.1), (at(place).1, *end))));
        }
    }
    Ok(places)
}
