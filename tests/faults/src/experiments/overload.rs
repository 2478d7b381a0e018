//! More than can be carried, and one office that gets half of it.
use std::time::Duration;

use anyhow::Result;

use crate::{
    clock,
    experiment::Bench,
    latency,
    laws::Expected,
    load::{Demand, Standing},
    record::{Must, Record},
    scene::Scene,
    site::{OFFICES, Plan},
};

/// Half of the load on one office: offices on other streams must not feel it, against the same total spread evenly.
pub async fn hot_office(bench: &Bench, record: &mut Record) -> Result<()> {
    let hot = OFFICES[0];
    let stream = |office: &str| murmur2(office.as_bytes()) % 6;
    let others: Vec<&str> = OFFICES.into_iter().filter(|o| stream(o) != stream(hot)).collect();
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
    record.figure("ratio", median, "", bench.scale.pick(None, Some(Must::AtMost(1.2))));
    Ok(())
}

/// What goes on, declarations a second, beside the backlog that a flood leaves.
const TRICKLE: u32 = 400;

/// Ten times what can be carried, most of it parcels: cargo keeps its time while parcels queue, for as long as they do.
pub async fn flood(bench: &Bench, record: &mut Record) -> Result<()> {
    let calm = Demand { parcels: 500, grpc: 0, ..Demand::at(100, bench.seed) };
    let scene = Scene::open(bench, Plan::default(), calm).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    scene.still(Duration::from_secs(300)).await?;
    let ways = latency::ways(&scene.site, &scene.load.ledger).await?;
    let calm_ms = latency::at(&ways, 990, |w| !w.parcel);
    scene.close(record, Expected::default()).await?;
    // Fifty cargo declarations a second in a flood of parcels.
    let rate = bench.scale.pick(2_000, 10_000);
    let scene = Scene::open(bench, Plan::default(), Demand { parcels: 975, grpc: 0, ..Demand::at(rate, bench.seed) }).await?;
    let (time, beside) = (Duration::from_secs(bench.scale.pick(10, 60)), Duration::from_secs(bench.scale.pick(10, 240)));
    tokio::time::sleep(time).await;
    scene.load.pace(TRICKLE);
    tokio::time::sleep(beside).await;
    scene.still(Duration::from_secs(3_600)).await?;
    let ways = latency::ways(&scene.site, &scene.load.ledger).await?;
    let (cargo, parcels) = (latency::at(&ways, 990, |w| !w.parcel), latency::at(&ways, 990, |w| w.parcel));
    record.figure("flood", f64::from(rate), &format!("declarations/s for {} s, then {TRICKLE}/s beside its backlog", time.as_secs()), None);
    record.figure("cargo p99 without it", calm_ms, "ms", None);
    record.figure("cargo p99 in it", cargo, "ms", bench.scale.pick(None, Some(Must::AtMost(5_000.0))));
    record.figure("parcels p99 in it", parcels, "ms", None);
    scene.close(record, Expected::default()).await
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
