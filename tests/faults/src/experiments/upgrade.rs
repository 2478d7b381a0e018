//! A version that lacks a kind of fact and the one that has it: what the first had to keep, the second applies, once.
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{
    canon::{canon, difference},
    experiment::Bench,
    laws::Expected,
    letters,
    load::Demand,
    quiet,
    record::{Must, Record},
    scene::{Rest, Scene},
    site::{Plan, SERVICES},
};

/// Who is old, for which kind, and how many of these must have come before the upgrade, short and in full.
const OLD: [(&str, &str, i64, i64); 2] = [("risk", "customs.intake.v1.Amended", 40, 400), ("reporting", "customs.intake.v1.Cleared", 150, 2_000)];

/// Code of a fact whose kind its reader did not know.
const UNKNOWN: &str = "UNKNOWN_KIND";

/// Readers are old under load until enough was put aside, then replaced replica by replica by readers that know the kind.
pub async fn unknown_arm(bench: &Bench, record: &mut Record) -> Result<()> {
    let demand = Demand { grpc: 500, amended: 1_000, ..Demand::at(120, bench.seed) };
    let scene = Scene::open(bench, Plan { laboratory: true, ..Plan::default() }, demand).await?;
    roll(&scene, true).await?;
    for (service, kind, short, full) in OLD {
        let wanted = bench.scale.pick(short, full);
        let wait = async {
            while letters::of_code(&scene.site, service, UNKNOWN, kind, false).await? < wanted {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Ok::<_, anyhow::Error>(())
        };
        tokio::time::timeout(Duration::from_secs(120), wait).await.with_context(|| format!("{service} put less than {wanted} {kind} aside"))??;
    }
    for (service, kind, ..) in OLD {
        let kept = letters::of_code(&scene.site, service, UNKNOWN, kind, false).await?;
        record.figure(&format!("{kind} put aside by {service}"), kept as f64, "", Some(Must::AtLeast(1.0)));
        let parked = letters::parked(&scene.site, service).await?;
        record.figure(&format!("subjects parked by {service}"), parked as f64, "", Some(Must::AtLeast(1.0)));
    }
    roll(&scene, false).await?;
    let rest = scene.rest(Duration::from_secs(180)).await?;
    record.figure("drained after the load's end in", rest.drained.as_secs_f64(), "s", None);
    let (mut left, mut parked) = (0, 0);
    for service in SERVICES {
        left += letters::open(&rest.site, service).await?.len();
        parked += letters::parked(&rest.site, service).await?;
    }
    record.figure("letters left open after the upgrade", left as f64, "", Some(Must::AtMost(0.0)));
    record.figure("subjects left parked", parked as f64, "", Some(Must::AtMost(0.0)));
    for (service, kind, ..) in OLD {
        let applied = letters::of_code(&rest.site, service, UNKNOWN, kind, true).await?;
        record.figure(&format!("{kind} applied by the new {service}"), applied as f64, "", Some(Must::AtLeast(1.0)));
    }
    once_more(&rest, record).await?;
    rest.judge(record, Expected::default()).await
}

/// Replica by replica, under load: to the version that lacks the kinds, or to the one that has them.
async fn roll(scene: &Scene, old: bool) -> Result<()> {
    for (service, kind, ..) in OLD {
        for replica in 0..scene.site.plan.replicas {
            let name = (service, replica);
            scene.fleet.stop(name).await?;
            scene.fleet.environment(name, "CLEARGATE_OLD", if old { kind } else { "" });
            scene.fleet.spawn(name)?;
            // Whoever has learnt the kind applies what was put aside before it is ready.
            scene.fleet.all_ready(Duration::from_secs(120)).await?;
        }
    }
    Ok(())
}

/// Letters that were applied are redriven by an operator all the same: nothing may come of it.
async fn once_more(rest: &Rest, record: &mut Record) -> Result<()> {
    let before = canon(&rest.site, &SERVICES).await?;
    let (mut tried, mut applied) = (0, 0);
    for (service, ..) in OLD {
        let redriven = letters::redrive(&rest.site, service).await?;
        tried += redriven.tried;
        applied += redriven.applied;
    }
    quiet::wait(&rest.site, Duration::from_secs(120)).await?;
    let differing = difference(&before, &canon(&rest.site, &SERVICES).await?);
    record.figure("applied letters redriven once more", tried as f64, "", Some(Must::AtLeast(1.0)));
    record.figure("letters applied twice", applied as f64, "", Some(Must::AtMost(0.0)));
    record.figure("tables that differ", differing.len() as f64, &differing.join(" "), Some(Must::AtMost(0.0)));
    Ok(())
}
