//! Topics that lose what they held: made anew, emptied by retention.
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{
    experiment::{Bench, Scale},
    gauge,
    laws::Expected,
    load::{Demand, Standing},
    quiet,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES, Site},
    wires,
};

/// Rows that readers fetched from their producer because the topic did not bring them.
const REPAIRED: &str = "cleargate_reader_repaired_total";
/// Readers that are away while the topics are emptied.
const AWAY: [&str; 2] = ["tracking", "reporting"];

/// Emptied while readers are away, made anew under a running system and under one that is stopped: readers resume by position, and in the end
/// the topics are whole again.
pub async fn topics(bench: &Bench, record: &mut Record) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand::at(200, bench.seed)).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    // While nobody reads: what was published and not read is then only in the producer's journal.
    for service in AWAY {
        scene.fleet.stop_service(service).await?;
    }
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + 600, Duration::from_secs(60)).await?;
    wires::empty(&scene.site, "customs.intake.v1").await?;
    wires::empty(&scene.site, "customs.risk.v1").await?;
    for service in AWAY {
        scene.fleet.start_service(service).await?;
    }
    scene.accepted_at_least(before + 1_200, Duration::from_secs(60)).await?;
    let still = scene.still(Duration::from_secs(180)).await?;
    record.figure("emptied topics read to their heads in", still.as_secs_f64(), "s", None);
    for service in AWAY {
        // Its processes began to count when they came back.
        let rows = gauge::sum(&scene.site, REPAIRED, &[("service", service)]).await;
        record.figure(&format!("rows that {service} fetched from the producers"), rows, "", Some(Must::AtLeast(1.0)));
    }
    scene.load.pace(200);
    if bench.scale != Scale::Short {
        anew_under_load(&scene, record).await?;
    }
    let rest = scene.rest(Duration::from_secs(180)).await?;
    // Now everything is stopped, and the topic is deleted and made anew: its journal fills it again.
    rest.fleet.down().await?;
    wires::make_anew(&rest.site, "customs.intake.v1").await?;
    wires::make_anew(&rest.site, "customs.risk.v1").await?;
    for service in SERVICES {
        rest.fleet.start_service(service).await?;
    }
    for (service, topic) in [("intake", "customs.intake.v1"), ("risk", "customs.risk.v1")] {
        refilled(&rest.site, service, topic, Duration::from_secs(120)).await?;
    }
    quiet::wait(&rest.site, Duration::from_secs(120)).await?;
    rest.judge(record, Expected::default()).await?;
    record.figure("rows missing on the topics made anew", record.broken(&["L5"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}

/// Deleted and made anew while everybody tells and reads. What was on its way is lost with the old topic; readers see that positions are
/// missing and fetch them.
async fn anew_under_load(scene: &Scene, record: &mut Record) -> Result<()> {
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + 400, Duration::from_secs(60)).await?;
    wires::make_anew(&scene.site, "customs.intake.v1").await?;
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + 1_000, Duration::from_secs(60)).await?;
    let still = scene.still(Duration::from_secs(300)).await.context("after a topic was made anew under load")?;
    record.figure("topic made anew under load read to its head in", still.as_secs_f64(), "s", None);
    Ok(())
}

/// Waits until the relay has filled the topic from its journal.
async fn refilled(site: &Site, service: &str, topic: &str, patience: Duration) -> Result<()> {
    let pool = site.database(service).await?;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM journal WHERE topic = $1").bind(topic).fetch_one(&pool).await?;
    pool.close().await;
    let wait = async {
        while i64::try_from(wires::read(site, topic).await.map_or(0, |m| m.len())).unwrap_or(0) < rows {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(patience, wait).await.with_context(|| format!("{topic} was made anew and does not hold its {rows} rows again"))
}
