//! Ways between two parts: cut for half a minute, lossy, late.
use std::{sync::Arc, time::Duration};

use anyhow::Result;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::{Demand, Standing},
    proxy::Proxy,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES, place},
};

/// Proxies for peers and for callers listen so far above the port that they lead to.
const PEERS: u16 = 200;
const CALLERS: u16 = 250;

/// What a way leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Database,
    Broker,
    /// From the other services to a replica.
    Peer,
    /// From the callers to a replica of intake.
    Called,
}

/// The ways of one site.
struct Ways {
    all: Vec<(To, Arc<Proxy>)>,
    plan: Plan,
}

impl Ways {
    async fn new(bench: &Bench) -> Result<Self> {
        let (mut all, mut plan, ports) = (Vec::new(), Plan::default(), bench.ground.ports);
        for service in SERVICES {
            let port = ports.postgres + 10 + place(service);
            all.push((To::Database, Proxy::new(port, ports.postgres, bench.seed).await?));
            plan.postgres.insert(service, port);
            let front = bench.ground.front(service);
            all.push((To::Broker, Proxy::new(front, bench.ground.behind(service), bench.seed).await?));
            plan.kafka.insert(service, front);
            for replica in 0..plan.replicas {
                let grpc = ports.grpc + place(service) + 10 * replica;
                all.push((To::Peer, Proxy::new(grpc + PEERS, grpc, bench.seed).await?));
                plan.peers.insert((service, replica), grpc + PEERS);
            }
        }
        for replica in 0..plan.replicas {
            let grpc = ports.grpc + place("intake") + 10 * replica;
            all.push((To::Called, Proxy::new(grpc + CALLERS, grpc, bench.seed).await?));
            plan.callers.insert(replica, grpc + CALLERS);
        }
        Ok(Self { all, plan })
    }

    fn to(&self, to: To) -> Vec<&Arc<Proxy>> {
        self.all.iter().filter(|(t, _)| *t == to).map(|(_, proxy)| proxy).collect()
    }
}

/// Every way is cut once by itself, then all of them together; in short those of one kind together.
pub async fn cuts(bench: &Bench, record: &mut Record) -> Result<()> {
    let ways = Ways::new(bench).await?;
    // Callers wait less long than a way is cut, so that there is a deadline to be missed.
    let (time, deadline) = (Duration::from_secs(bench.scale.pick(6, 30)), Duration::from_secs(bench.scale.pick(2, 10)));
    let scene = Scene::open(bench, ways.plan.clone(), Demand { grpc: 300, deadline, ..Demand::at(150, bench.seed) }).await?;
    let pieces: Vec<Vec<&Arc<Proxy>>> = bench.scale.pick(
        [To::Database, To::Broker, To::Peer, To::Called].map(|to| ways.to(to)).into(),
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
    record.figure("late successes", record.broken(&["L8"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}
