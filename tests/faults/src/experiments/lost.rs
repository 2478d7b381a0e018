//! Topics that lose what they held: made anew, emptied by retention.
use std::time::Duration;

use anyhow::Result;

use crate::{
    experiment::Bench,
    laws::{self, Expected},
    load::{Demand, Standing},
    quiet,
    record::{Must, Record},
    scene::Scene,
    site::{HEARS, Plan, Site},
    wires,
};

/// Emptied under a running system, then made anew: readers resume by position, and the topic is whole again.
pub async fn topics(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(200.0, bench.seed)).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    // While nobody reads: what was published and not read is then only in the producer's journal.
    for service in ["tracking", "reporting"] {
        for replica in [0, 1] {
            scene.fleet.stop((service, replica)).await?;
        }
    }
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + 600, Duration::from_secs(60)).await?;
    wires::empty(&scene.site, "customs.intake.v1").await?;
    wires::empty(&scene.site, "customs.risk.v1").await?;
    for service in ["tracking", "reporting"] {
        for replica in [0, 1] {
            scene.fleet.spawn((service, replica))?;
        }
    }
    scene.fleet.all_ready(Duration::from_secs(30)).await?;
    scene.accepted_at_least(before + 1_200, Duration::from_secs(60)).await?;
    let Scene { site, fleet, load } = scene;
    let ledger = load.finish().await?;
    quiet::wait(&site, Duration::from_secs(180)).await?;
    record.figure("emptied topics resumed by position by", readers() as f64, "readers", None);
    // Now everything is stopped, and the topic is deleted and made anew: its journal fills it again.
    fleet.down().await?;
    wires::make_anew(&site, "customs.intake.v1").await?;
    wires::make_anew(&site, "customs.risk.v1").await?;
    for name in fleet.names() {
        fleet.spawn(name)?;
    }
    fleet.all_ready(Duration::from_secs(30)).await?;
    refilled(&site, Duration::from_secs(120)).await?;
    quiet::wait(&site, Duration::from_secs(120)).await?;
    let verdict = laws::check(&site, &ledger, Expected::default()).await?;
    let holds = verdict.holds();
    record.figure("rows missing on the topics made anew", verdict.broken("L5") as f64, "", Some(Must::AtMost(0.0)));
    record.judged(verdict, ledger.count(Standing::Accepted));
    fleet.down().await?;
    if holds { site.remove().await } else { Ok(()) }
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
