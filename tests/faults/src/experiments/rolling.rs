//! A new version, replica by replica, with a migration between, while calls go on.
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    experiment::Bench,
    laws::Expected,
    load::{Demand, REFUSED},
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES},
};

/// Both replicas of every service are stopped and started one after the other; between, the database is migrated to the next version.
pub async fn restart(bench: &Bench, record: &mut Record) -> Result<()> {
    let plan = Plan { laboratory: true, ..Plan::default() };
    let scene = Scene::open(bench, plan, Demand { grpc: 500, ..Demand::at(200, bench.seed) }).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    let mut restarts = 0_u32;
    for _ in 0..bench.scale.pick(1, 5) {
        for service in SERVICES {
            let mut migrate = scene.site.command(service, 0);
            let output = migrate.arg("migrate").env("CLEARGATE_NEXT", "1").output().await?;
            ensure!(output.status.success(), "{service} migrate: {}", String::from_utf8_lossy(&output.stdout));
            for replica in [0, 1] {
                // Old and new side by side: the first replica is already new while the second is still old.
                scene.fleet.stop((service, replica)).await?;
                scene.fleet.environment((service, replica), "CLEARGATE_NEXT", "1");
                scene.fleet.spawn((service, replica))?;
                scene.fleet.all_ready(Duration::from_secs(30)).await?;
                restarts += 1;
            }
            // And an old one that must start again in the middle of it.
            scene.fleet.environment((service, 1), "CLEARGATE_NEXT", "");
            scene.fleet.stop((service, 1)).await?;
            scene.fleet.spawn((service, 1))?;
            scene.fleet.all_ready(Duration::from_secs(30)).await?;
            restarts += 1;
        }
    }
    let (answered, failed) = scene.load.ledger.answered();
    let attempts = scene.load.ledger.attempts();
    let told: Vec<String> =
        attempts.iter().filter(|(how, _)| !["OK", REFUSED].contains(&how.as_str())).map(|(how, n)| format!("{how} {n}")).collect();
    scene.close(record, Expected::default()).await?;
    record.figure("replicas restarted", f64::from(restarts), "", None);
    record.figure("calls answered", answered as f64, "", None);
    record.figure("calls failed", failed as f64, &told.join(", "), Some(Must::AtMost(0.0)));
    Ok(())
}
