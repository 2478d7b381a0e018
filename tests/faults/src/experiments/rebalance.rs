//! Members that come and go: somebody must own every partition all the time.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Result;
use rustix::process::Signal;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::Demand,
    record::{Must, Record, percentile},
    scene::Scene,
    site::{HEARS, Plan, SERVICES, Site},
};

/// A third member of every group joins and leaves every five seconds, under both group protocols.
pub async fn storm(bench: &Bench, record: &mut Record) -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let settings = BTreeMap::from([("KAFKA__PROTOCOL".to_owned(), protocol.to_owned())]);
        let scene = Scene::open(bench, Plan { replicas: 2, settings, ..Plan::default() }, Demand::at(300, bench.seed)).await?;
        let watch = Watch::start(&scene.site);
        let until = Instant::now() + Duration::from_secs(bench.scale.pick(12, 600));
        let mut rng = fastrand::Rng::with_seed(bench.seed);
        let mut changes = 0_u32;
        while Instant::now() < until {
            for service in SERVICES {
                let name = (service, rng.u16(0..2));
                scene.fleet.stop(name).await?;
                // A SIGTERM that meets a rebalance: the other one is asked while this one is still joining.
                scene.fleet.spawn(name)?;
                changes += 2;
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
            if rng.bool() {
                let name = (SERVICES[rng.usize(0..4)], rng.u16(0..2));
                scene.fleet.signal(name, Signal::TERM);
                changes += 2;
            }
        }
        let gaps = watch.finish().await;
        scene.close(record, Expected::default()).await?;
        record.figure(&format!("{protocol}: members joined or left"), f64::from(changes), "", None);
        record.figure(&format!("{protocol}: longest time that a partition stood still p50"), percentile(&gaps, 500) as f64, "ms", None);
        record.figure(&format!("{protocol}: worst"), percentile(&gaps, 1000) as f64, "ms", bench.scale.pick(None, Some(Must::AtMost(2_000.0))));
    }
    Ok(())
}

/// Watches every reader of every topic: how long a partition with something to read was not read on.
pub struct Watch {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Vec<u64>>,
}

impl Watch {
    pub fn start(site: &Arc<Site>) -> Self {
        let stop = CancellationToken::new();
        Self { task: tokio::spawn(watch(Arc::clone(site), stop.clone())), stop }
    }

    /// The longest standstill of each partition of each reader, in milliseconds.
    pub async fn finish(self) -> Vec<u64> {
        self.stop.cancel();
        self.task.await.unwrap_or_default()
    }
}

async fn watch(site: Arc<Site>, stop: CancellationToken) -> Vec<u64> {
    let mut pools = BTreeMap::new();
    for service in SERVICES {
        if let Ok(pool) = site.database(service).await {
            pools.insert(service, pool);
        }
    }
    // (reader, topic, stream) → position and since when it stands there with something to read; the longest so far.
    let mut standing: BTreeMap<(&str, String, i32), (i64, Instant)> = BTreeMap::new();
    let mut longest: BTreeMap<(&str, String, i32), u64> = BTreeMap::new();
    while !stop.is_cancelled() {
        let mut heads: BTreeMap<(String, i32), i64> = BTreeMap::new();
        for pool in pools.values() {
            let rows: Vec<(String, i32, i64)> =
                sqlx::query_as("SELECT topic, stream, published FROM streams").fetch_all(pool).await.unwrap_or_default();
            heads.extend(rows.into_iter().map(|(topic, stream, published)| ((topic, stream), published)));
        }
        for (reader, topics) in HEARS {
            let Some(pool) = pools.get(reader) else { continue };
            let rows: Vec<(String, i32, i64)> =
                sqlx::query_as("SELECT topic, partition, position FROM consumers").fetch_all(pool).await.unwrap_or_default();
            for (topic, stream, position) in rows.into_iter().filter(|(t, ..)| topics.contains(&t.as_str())) {
                let behind = heads.get(&(topic.clone(), stream)).is_some_and(|head| *head > position);
                let place = (reader, topic, stream);
                let now = Instant::now();
                match standing.get(&place) {
                    Some((stood, since)) if behind && *stood == position => {
                        let time = u64::try_from((now - *since).as_millis()).unwrap_or(u64::MAX);
                        let known = longest.entry(place).or_default();
                        *known = time.max(*known);
                    }
                    _ => {
                        standing.insert(place, (position, now));
                    }
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    longest.into_values().collect()
}
