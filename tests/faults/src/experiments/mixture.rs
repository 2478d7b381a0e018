//! Faults drawn from a seed, one upon the other.
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use super::kill::whole;
use crate::{
    experiment::Bench,
    laws::Expected,
    load::Demand,
    record::Record,
    scene::Scene,
    site::{Plan, SERVICES},
};

/// What may happen next.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Kill,
    Pause,
    Leave,
    Broker,
    Database,
    Burst,
}

const DEEDS: [Deed; 9] = [Deed::Kill, Deed::Kill, Deed::Kill, Deed::Pause, Deed::Pause, Deed::Leave, Deed::Broker, Deed::Database, Deed::Burst];

/// Deeds overlap: the next begins while the last is still felt.
pub async fn mixture(bench: &Bench, record: &mut Record) -> Result<()> {
    let (rounds, deeds) = (bench.scale.pick(1, 5), bench.scale.pick(6_u32, 40));
    for round in 0..rounds {
        let seed = bench.seed * 1_000 + round;
        let mut rng = fastrand::Rng::with_seed(seed);
        let scene = Scene::open(bench, Plan::default(), Demand { grpc: 300, ..Demand::at(300, seed) }).await?;
        for _ in 0..deeds {
            let name = (SERVICES[rng.usize(0..4)], rng.u16(0..2));
            commit(bench, &scene, DEEDS[rng.usize(0..DEEDS.len())], name, &mut rng).await?;
            tokio::time::sleep(Duration::from_millis(rng.u64(100..1500))).await;
        }
        for name in scene.fleet.names() {
            scene.fleet.signal(name, Signal::CONT);
        }
        scene.close(record, Expected::default()).await?;
    }
    record.figure("seeds", rounds as f64, &format!("from {}", bench.seed * 1_000), None);
    record.figure("faults", f64::from(deeds) * rounds as f64, "", None);
    if whole(record) {
        record.bound("fault", u64::from(deeds) * rounds);
    }
    Ok(())
}

async fn commit(bench: &Bench, scene: &Scene, deed: Deed, name: (&'static str, u16), rng: &mut fastrand::Rng) -> Result<()> {
    match deed {
        Deed::Kill => {
            scene.fleet.signal(name, Signal::KILL);
        }
        Deed::Pause => {
            scene.fleet.signal(name, Signal::STOP);
            tokio::time::sleep(Duration::from_millis(rng.u64(500..12_000))).await;
            scene.fleet.signal(name, Signal::CONT);
        }
        Deed::Leave => {
            scene.fleet.signal(name, Signal::TERM);
        }
        Deed::Broker => {
            bench.ground.signal("kafka", Signal::KILL)?;
            tokio::time::sleep(Duration::from_millis(rng.u64(100..5_000))).await;
            bench.ground.up().await?;
        }
        Deed::Database => {
            bench.ground.signal("postgres", Signal::KILL)?;
            while bench.ground.up().await.is_err() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Deed::Burst => {
            scene.load.pace(1_000);
            tokio::time::sleep(Duration::from_secs(2)).await;
            scene.load.pace(300);
        }
    }
    Ok(())
}
