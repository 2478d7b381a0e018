//! Topics that lose what they held: made anew, emptied by retention.
use std::time::Duration;

use anyhow::Result;

use crate::{
    experiment::Bench,
    laws::Expected,
    load::{Demand, Standing},
    quiet,
    record::{Must, Record},
    scene::Scene,
    site::{HEARS, Plan, SERVICES, Site},
    wires,
};

/// Emptied under a running system, then made anew: readers resume by position, and the topic is whole again.
pub async fn topics(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(200, bench.seed)).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    // While nobody reads: what was published and not read is then only in the producer's journal.
    for service in ["tracking", "reporting"] {
        scene.fleet.stop_service(service).await?;
    }
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + 600, Duration::from_secs(60)).await?;
    wires::empty(&scene.site, "customs.intake.v1").await?;
    wires::empty(&scene.site, "customs.risk.v1").await?;
    for service in ["tracking", "reporting"] {
        scene.fleet.start_service(service).await?;
    }
    scene.accepted_at_least(before + 1_200, Duration::from_secs(60)).await?;
    let rest = scene.rest(Duration::from_secs(180)).await?;
    record.figure("emptied topics resumed by position by", readers() as f64, "readers", None);
    // Now everything is stopped, and the topic is deleted and made anew: its journal fills it again.
    rest.fleet.down().await?;
    wires::make_anew(&rest.site, "customs.intake.v1").await?;
    wires::make_anew(&rest.site, "customs.risk.v1").await?;
    for service in SERVICES {
        rest.fleet.start_service(service).await?;
    }
    refilled(&rest.site, Duration::from_secs(120)).await?;
    quiet::wait(&rest.site, Duration::from_secs(120)).await?;
    rest.judge(record, Expected::default()).await?;
    record.figure("rows missing on the topics made anew", record.broken(&["L5"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}

fn readers() -> usize {
    HEARS.iter().filter(|(_, topics)| topics.contains(&"customs.intake.v1")).count()
}

/// Waits until the relay has filled the topic from its journal.
async fn refilled(site: &Site, patience: Duration) -> Result<()> {
    let intake = site.database("intake").await?;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM journal WHERE topic = 'customs.intake.v1'").fetch_one(&intake).await?;
    let wait = async {
        while i64::try_from(wires::read(site, "customs.intake.v1").await.map_or(0, |m| m.len())).unwrap_or(0) < rows {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let _ = tokio::time::timeout(patience, wait).await;
    Ok(())
}
