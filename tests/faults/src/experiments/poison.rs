//! Rubbish among good messages, and what lies in the dead letters tried again.
use std::{sync::Arc, time::Duration};

use anyhow::Result;
use serde_json::json;
use tonic::transport::Endpoint;

use crate::{
    clock,
    experiment::Bench,
    latency,
    laws::Expected,
    load::{Demand, Standing},
    quiet,
    record::{Must, Record},
    scene::Scene,
    site::{OFFICES, Plan, Site},
    wire,
};

/// Every 500th message is rubbish; pure and poisoned stretches take turns, so that both see the same machine.
pub async fn poison(bench: &Bench, record: &mut Record) -> Result<()> {
    let messages: u64 = bench.scale.pick(10_000, 250_000);
    let scene = Scene::open(bench, Plan::default(), Demand { grpc: 0, ..Demand::at(500, bench.seed) }).await?;
    scene.accepted_at_least(1_500, Duration::from_secs(60)).await?;
    let mut rng = fastrand::Rng::with_seed(bench.seed);
    let (mut pure, mut poisoned, mut sent) = (Vec::new(), Vec::new(), 0_u64);
    let begun = scene.load.ledger.count(Standing::Accepted);
    while scene.load.ledger.count(Standing::Accepted) < begun + messages {
        for stretch in [&mut pure, &mut poisoned] {
            stretch.push((clock::now().timestamp_micros(), 0_i64));
        }
        let from = scene.load.ledger.count(Standing::Accepted);
        scene.accepted_at_least(from + 1_000, Duration::from_secs(120)).await?;
        if let Some(last) = pure.last_mut() {
            last.1 = clock::now().timestamp_micros();
        }
        if let Some(last) = poisoned.last_mut() {
            last.0 = clock::now().timestamp_micros();
        }
        // The poison of this stretch: one of 500 of all messages, so four of 2,000.
        for _ in 0..4 {
            let from = scene.load.ledger.count(Standing::Accepted);
            rubbish(&scene, &mut rng, sent)?;
            sent += 1;
            scene.accepted_at_least(from + 250, Duration::from_secs(120)).await?;
        }
        if let Some(last) = poisoned.last_mut() {
            last.1 = clock::now().timestamp_micros();
        }
    }
    let rest = scene.rest(Duration::from_secs(120)).await?;
    let ways = latency::ways(&rest.site, &rest.ledger).await?;
    let within = |stretches: &[(i64, i64)], at: i64| stretches.iter().any(|(a, z)| (*a..*z).contains(&at));
    let calm = latency::at(&ways, 990, |w| within(&pure, w.sent_us));
    let sick = latency::at(&ways, 990, |w| within(&poisoned, w.sent_us));
    for _ in 0..2 {
        redrive(&rest.site).await?;
        quiet::wait(&rest.site, Duration::from_secs(120)).await?;
    }
    record.figure("rubbish among them", sent as f64, "", None);
    record.figure("healthy p99 in pure stretches", calm, "ms", None);
    record.figure("healthy p99 in poisoned stretches", sick, "ms", None);
    record.figure("ratio", sick / calm.max(1.0), "", bench.scale.pick(None, Some(Must::AtMost(1.1))));
    rest.judge(record, Expected { poison: sent }).await
}

/// Bytes without meaning, or an event that is well formed and of a kind that nobody has.
fn rubbish(scene: &Scene, rng: &mut fastrand::Rng, n: u64) -> Result<()> {
    let office = OFFICES[rng.usize(0..OFFICES.len())];
    let publisher = scene.load.publisher();
    if n.is_multiple_of(2) {
        let bytes: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(200).collect();
        publisher.raw("nsw.declarations.v1", office, &bytes)
    } else {
        let impossible = serde_json::to_vec(&json!({"sender": "", "reference": "", "lines": [{"value": "-1"}]}))?;
        publisher.raw("nsw.declarations.v1", office, &impossible)
    }
}

/// Asks intake to try every dead letter again.
async fn redrive(site: &Arc<Site>) -> Result<()> {
    let address = format!("http://127.0.0.1:{}", site.grpc("intake", 0));
    let channel = Endpoint::from_shared(address)?.connect().await?;
    let token = site.tokens.get("operator").cloned().unwrap_or_default();
    let kinds = (("customs.common.v1.ListDeadLettersRequest", &json!({"limit": 1000})), "customs.common.v1.ListDeadLettersResponse");
    let letters =
        wire::call(channel.clone(), &token, "customs.common.v1.Operations/ListDeadLetters", kinds.0, kinds.1, Duration::from_secs(20)).await?;
    for letter in letters["letters"].as_array().cloned().unwrap_or_default() {
        let request =
            json!({"id": {"topic": letter["id"]["topic"], "partition": letter["id"]["partition"], "offset": letter["id"]["offset"].to_string()}});
        let kinds = (("customs.common.v1.RedriveRequest", &request), "customs.common.v1.RedriveResponse");
        wire::call(channel.clone(), &token, "customs.common.v1.Operations/Redrive", kinds.0, kinds.1, Duration::from_secs(20)).await?;
    }
    Ok(())
}
