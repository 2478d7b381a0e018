//! Builds that are broken on purpose: the checker must be able to fail.
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use crate::{
    experiment::Bench,
    laws::{self, Expected, Verdict},
    load::Demand,
    quiet,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES},
    wires,
};

/// What is broken, and the fault under which it shows.
const MODES: [&str; 3] = ["offsets-first", "no-position-check", "no-fence"];

pub async fn caught(bench: &Bench, record: &mut Record) -> Result<()> {
    for mode in MODES {
        let (verdict, quiet) = with(bench, mode).await?;
        let broken: Vec<String> = verdict
            .findings
            .iter()
            .filter(|f| f.broken > 0)
            .map(|f| format!("{} ({})", f.law.split(' ').next().unwrap_or_default(), f.broken))
            .collect();
        let told = if quiet { broken.join(", ") } else { format!("never quiet; {}", broken.join(", ")) };
        record.figure(&format!("{mode} caught"), f64::from(u8::from(!broken.is_empty())), &format!("by {told}"), Some(Must::AtLeast(1.0)));
    }
    Ok(())
}

async fn with(bench: &Bench, mode: &str) -> Result<(Verdict, bool)> {
    let environment = std::collections::BTreeMap::from([("CLEARGATE_BROKEN".to_owned(), mode.to_owned())]);
    let scene = Scene::open(bench, Plan { laboratory: true, environment, ..Plan::default() }, Demand::at(300, bench.seed)).await?;
    match mode {
        "offsets-first" => {
            // Dies between the position and the effects.
            for name in scene.fleet.names() {
                scene.fleet.environment(name, "FAILPOINTS", "reader::offsets-first=3%return(abort)");
                scene.fleet.kill(name).await?;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
            for name in scene.fleet.names() {
                scene.fleet.environment(name, "FAILPOINTS", "");
            }
            for name in scene.fleet.names() {
                let _ = scene.fleet.kill(name).await;
            }
        }
        "no-position-check" => {
            scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
            for topic in ["customs.intake.v1", "customs.risk.v1"] {
                let messages = wires::read(&scene.site, topic).await?;
                wires::write(&scene.site, messages).await?;
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        _ => {
            // Longer than a session: the other takes over, and the zombie does not know it.
            for _ in 0..bench.scale.pick(1, 3) {
                for service in SERVICES {
                    scene.fleet.signal((service, 0), Signal::STOP);
                }
                tokio::time::sleep(Duration::from_secs(14)).await;
                for service in SERVICES {
                    scene.fleet.signal((service, 0), Signal::CONT);
                }
                tokio::time::sleep(Duration::from_secs(4)).await;
            }
        }
    }
    // What is broken need not come to rest: the laws are asked all the same.
    let Scene { site, fleet, load } = scene;
    let ledger = load.finish().await?;
    let quiet = quiet::wait(&site, Duration::from_secs(20)).await.is_ok();
    let verdict = laws::check(&site, &ledger, Expected::default()).await?;
    fleet.down().await?;
    site.remove().await?;
    Ok((verdict, quiet))
}
