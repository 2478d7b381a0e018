//! More than can be carried, and one office that gets half of it.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::rolling::{self, Query, Replicas};
use crate::{
    clock,
    experiment::Bench,
    latency::{self, Way},
    laws::Expected,
    load::{Demand, Ledger, Standing},
    record::{Must, Record},
    scene::Scene,
    site::{OFFICES, Plan},
};

/// Half of the load on one office: offices on other streams must not feel it, against the same total spread evenly.
pub async fn hot_office(bench: &Bench, record: &mut Record) -> Result<()> {
    let hot = OFFICES[0];
    let others: Vec<&str> = OFFICES.into_iter().filter(|o| stream(o, false) != stream(hot, false)).collect();
    let mut ratios = Vec::new();
    let (mut even_ms, mut hot_ms) = (Vec::new(), Vec::new());
    for round in 0..bench.scale.pick(1, 3) {
        for skewed in [false, true] {
            let weight = |office: &&str| if skewed && **office == *hot { 8 } else { 1 };
            let offices = OFFICES.iter().map(|o| ((*o).to_owned(), weight(o))).collect();
            let demand = Demand { offices, parcels: 0, grpc: 0, ..Demand::at(200, bench.seed + round) };
            let scene = Scene::open(bench, Plan::default(), demand).await?;
            // What is measured begins when the start is behind.
            scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
            let from = clock::now().timestamp_micros();
            let before = scene.load.ledger.count(Standing::Accepted);
            scene.accepted_at_least(before + bench.scale.pick(3_000, 12_000), Duration::from_secs(180)).await?;
            scene.still(Duration::from_secs(300)).await?;
            let ways = latency::ways(&scene.site, &scene.load.ledger).await?;
            let p99 = latency::at(&ways, 990, |w| w.sent_us > from && others.contains(&w.office.as_str()));
            if skewed {
                hot_ms.push(p99);
            } else {
                even_ms.push(p99);
            }
            scene.close(record, Expected::default()).await?;
        }
        if let (Some(even), Some(hot)) = (even_ms.last(), hot_ms.last()) {
            ratios.push(hot / f64::max(*even, 1.0));
        }
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    record.figure("p99 of offices on other streams, evenly spread", median_of(&mut even_ms), "ms", None);
    record.figure("the same with half of all on one office", median_of(&mut hot_ms), "ms", None);
    record.figure("ratio", median, "", bench.in_full(Must::AtMost(1.2)));
    Ok(())
}

/// How many times what can be carried is sent: a little more than ten, for a load can fall behind its pace.
const TIMES: u32 = 11;
/// Queries that come at once, as when every screen of every office is refreshed.
const BURST: usize = 2_000;
/// The services run for so long of each `PERIOD`: ten times what they carry must leave the load and the broker room on the same machine, and five
/// minutes of it must fit into the memory of whoever checks the laws.
const RUNS: Duration = Duration::from_millis(1);
const PERIOD: Duration = Duration::from_millis(50);

/// Ten times what can be carried, most of it parcels: cargo keeps its time while parcels queue, and when too much is asked, those who read are
/// turned away and not those who lodge.
pub async fn flood(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand { parcels: 990, grpc: 20, ..Demand::at(200, bench.seed) }).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    scene.still(Duration::from_secs(300)).await?;
    let slowed = scene.fleet.slow(RUNS, PERIOD);
    let calm = calm(&scene, bench.scale.pick(500, 2_000)).await?;
    let capacity = capacity(&scene, bench.scale.pick(1_000, 5_000)).await?;
    let reads = Reads::start(&scene)?;
    let (before, from) = (scene.load.ledger.items().len(), clock::now().timestamp_micros());
    scene.load.pace(capacity.saturating_mul(TIMES));
    tokio::time::sleep(Duration::from_secs(bench.scale.pick(5, 305))).await;
    scene.load.pace(0);
    let (sent, until) = (scene.load.ledger.items().len() - before, clock::now().timestamp_micros());
    let read = reads.finish().await?;
    drop(slowed);
    scene.still(Duration::from_secs(3_600)).await?;
    let offered = sent as f64 / seconds(until - from);
    let ways = latency::ways(&scene.site, &scene.load.ledger).await?;
    let within = |w: &Way| (from..=until).contains(&w.sent_us);
    let (cargo, parcels) = (latency::at(&ways, 990, |w| !w.parcel && within(w)), latency::at(&ways, 990, |w| w.parcel && within(w)));
    let refused = scene.load.ledger.attempts().get(SHED).copied().unwrap_or(0);
    let told: Vec<String> = read.iter().map(|(how, n)| format!("{how} {n}")).collect();
    record.figure("the services run", 100.0 * RUNS.as_secs_f64() / PERIOD.as_secs_f64(), "% of the time", None);
    record.figure("can then be carried", f64::from(capacity), "declarations/s", None);
    record.figure("offered", offered, "declarations/s", None);
    record.figure("ratio", offered / f64::from(capacity.max(1)), "", bench.in_full(Must::AtLeast(10.0)));
    record.figure("for", seconds(until - from), "s", bench.in_full(Must::AtLeast(300.0)));
    record.figure("cargo p99 without it", calm, "ms", None);
    record.figure("cargo p99 in it", cargo, "ms", bench.in_full(Must::AtMost(5_000.0)));
    record.figure("parcels p99 in it", parcels, "ms", None);
    record.figure("queries", read.values().sum::<u64>() as f64, &told.join(", "), None);
    record.figure("queries turned away", read.get(SHED).copied().unwrap_or(0) as f64, "", bench.in_full(Must::AtLeast(1.0)));
    record.figure("lodgings by call turned away", refused as f64, "", Some(Must::AtMost(0.0)));
    scene.close(record, Expected::default()).await
}

/// 99th percentile of cargo, in ms, when a few come.
async fn calm(scene: &Scene, count: u64) -> Result<f64> {
    let (from, before) = (clock::now().timestamp_micros(), scene.load.ledger.count(Standing::Accepted));
    scene.load.pace(50);
    scene.accepted_at_least(before + count, Duration::from_secs(120)).await?;
    scene.still(Duration::from_secs(120)).await?;
    let ways = latency::ways(&scene.site, &scene.load.ledger).await?;
    Ok(latency::at(&ways, 990, |w| !w.parcel && w.sent_us >= from))
}

/// RESOURCE_EXHAUSTED, as attempts of calls are counted.
const SHED: &str = "ResourceExhausted";

/// Declarations a second that reach reporting when many come at once.
async fn capacity(scene: &Scene, burst: usize) -> Result<u32> {
    scene.still(Duration::from_secs(120)).await?;
    let (before, from) = (scene.load.ledger.items().len(), clock::now().timestamp_micros());
    scene.load.pace(20_000);
    let sending = async {
        while scene.load.ledger.items().len() < before + burst {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), sending).await.context("the load does not send what is to be carried")?;
    scene.still(Duration::from_secs(600)).await?;
    let ways = latency::ways(&scene.site, &scene.load.ledger).await?;
    let (carried, end) = (ways.iter().filter(|w| w.sent_us >= from).count(), arrived(&ways, from, i64::MAX));
    Ok(u32::try_from(carried as u64 * 1_000_000 / (end - from).unsigned_abs().max(1))?)
}

/// When the last of what was sent in a time reached reporting.
fn arrived(ways: &[Way], from: i64, until: i64) -> i64 {
    let sent = ways.iter().filter(|w| (from..=until).contains(&w.sent_us));
    sent.map(|w| w.sent_us.saturating_add_unsigned(w.took_ms * 1_000)).max().unwrap_or(from)
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}

/// Many queries at once of the service that decides what is lodged, again and again.
struct Reads {
    stop: CancellationToken,
    task: JoinHandle<BTreeMap<String, u64>>,
}

impl Reads {
    fn start(scene: &Scene) -> Result<Self> {
        let (intake, stop) = (Replicas::of(&scene.site, "intake")?, CancellationToken::new());
        Ok(Self { task: tokio::spawn(read(intake, Arc::clone(&scene.load.ledger), stop.clone())), stop })
    }

    /// How they ended.
    async fn finish(self) -> Result<BTreeMap<String, u64>> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}

async fn read(intake: Replicas, ledger: Arc<Ledger>, stop: CancellationToken) -> BTreeMap<String, u64> {
    let mut ended = BTreeMap::new();
    while !stop.is_cancelled() {
        let query = Query {
            role: "auditor",
            method: "customs.intake.v1.Intake/Get",
            input: "customs.intake.v1.GetRequest",
            output: "customs.intake.v1.GetResponse",
            request: json!({"number": rolling::number(&ledger)}),
        };
        for answer in futures::future::join_all((0..BURST).map(|_| intake.ask(&query))).await {
            let how = answer.map_or_else(|status| format!("{:?}", status.code()), |_| "OK".to_owned());
            *ended.entry(how).or_default() += 1;
        }
        // Below what one caller may ask for in the long run: it is the number in hand that is too large.
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    ended
}

/// The stream of an office's facts, in topics as `migrate` creates them: six of cargo, then two of parcels.
pub fn stream(office: &str, parcel: bool) -> i32 {
    let (start, size) = if parcel { (6, 2) } else { (0, 6) };
    i32::try_from(start + murmur2(office.as_bytes()) % size).unwrap_or_default()
}

fn median_of(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The hash of Kafka's stock partitioner (Austin Appleby's MurmurHash2 with Kafka's seed), made positive.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut h = 0x9747_b28c ^ u32::try_from(data.len()).unwrap_or(0);
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]).wrapping_mul(M);
        k ^= k >> 24;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = chunks.remainder();
    for (index, byte) in rest.iter().enumerate().rev() {
        h ^= u32::from(*byte) << (8 * index);
    }
    if !rest.is_empty() {
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    (h ^ (h >> 15)) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_kafkas() {
        // From the tests of Kafka's own client.
        assert_eq!(super::murmur2(b"21"), (-973_932_308_i32).cast_unsigned() & 0x7fff_ffff);
        assert_eq!(super::murmur2(b"foobar"), (-790_332_482_i32).cast_unsigned() & 0x7fff_ffff);
    }
}
