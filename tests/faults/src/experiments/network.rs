//! Ways between two parts: cut for half a minute, lossy, late.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Result;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::{Demand, Standing},
    proxy::Proxy,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES},
};

/// The ways of one site: each service's to PostgreSQL and to Kafka.
struct Ways {
    all: Vec<(String, Arc<Proxy>)>,
    plan: Plan,
}

impl Ways {
    async fn new(bench: &Bench) -> Result<Self> {
        let (mut all, mut postgres, mut kafka) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for (n, service) in (0..).zip(SERVICES) {
            let port = bench.ground.ports.postgres + 10 + n;
            all.push((format!("{service}-database"), Proxy::new(port, bench.ground.ports.postgres, bench.seed).await?));
            postgres.insert(service, port);
            let front = bench.ground.front(service);
            all.push((format!("{service}-broker"), Proxy::new(front, bench.ground.behind(service), bench.seed).await?));
            kafka.insert(service, front);
        }
        Ok(Self { all, plan: Plan { postgres, kafka, ..Plan::default() } })
    }
}

/// Every way is cut once by itself, then all of them together.
pub async fn cuts(bench: &Bench, record: &mut Record) -> Result<()> {
    let ways = Ways::new(bench).await?;
    let scene = Scene::open(bench, ways.plan.clone(), Demand { grpc: 300, ..Demand::at(150, bench.seed) }).await?;
    let time = Duration::from_secs(bench.scale.pick(8, 30));
    let pieces: Vec<Vec<&Arc<Proxy>>> = bench.scale.pick(
        vec![ways.all.iter().step_by(2).map(|(_, p)| p).collect(), ways.all.iter().skip(1).step_by(2).map(|(_, p)| p).collect()],
        ways.all.iter().map(|(_, p)| vec![p]).chain([ways.all.iter().map(|(_, p)| p).collect()]).collect(),
    );
    let cut = pieces.len();
    for piece in pieces {
        piece.iter().for_each(|proxy| proxy.cut());
        tokio::time::sleep(time).await;
        piece.iter().for_each(|proxy| proxy.mend());
        let before = scene.load.ledger.count(Standing::Accepted);
        scene.accepted_at_least(before + 200, Duration::from_secs(60)).await?;
    }
    judged(scene, record, cut, &format!("cuts of {} s", time.as_secs())).await
}

/// Ten of a hundred pieces are lost once, every piece is up to half a second late.
pub async fn weather(bench: &Bench, record: &mut Record) -> Result<()> {
    let ways = Ways::new(bench).await?;
    let scene = Scene::open(bench, ways.plan.clone(), Demand { grpc: 300, ..Demand::at(30, bench.seed) }).await?;
    ways.all.iter().for_each(|(_, proxy)| proxy.weather(500, 100));
    tokio::time::sleep(Duration::from_secs(bench.scale.pick(15, 180))).await;
    ways.all.iter().for_each(|(_, proxy)| proxy.weather(0, 0));
    judged(scene, record, ways.all.len(), "ways with 10 % loss and up to 500 ms delay").await
}

async fn judged(scene: Scene, record: &mut Record, n: usize, what: &str) -> Result<()> {
    scene.close(record, Expected::default()).await?;
    record.figure(what, n as f64, "", None);
    record.figure("files with two owners", record.broken(&["L2 one live"]) as f64, "", Some(Must::AtMost(0.0)));
    record.figure("late successes", record.broken(&["L1"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}
