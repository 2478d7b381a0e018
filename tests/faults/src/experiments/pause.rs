//! Owners that stop for a minute and go on as if nothing had happened.
use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use rustix::process::Signal;

use crate::{
    experiment::Bench,
    gauge,
    laws::Expected,
    load::Demand,
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES, Site},
};

/// Batches that were refused because another owner had taken over.
const FENCES: &str = "cleargate_reader_fences_total";

/// SIGSTOP longer than any session and lease, then SIGCONT, for one replica of each service: readers and relays alike.
pub async fn pause(bench: &Bench, record: &mut Record) -> Result<()> {
    let time = Duration::from_secs(bench.scale.pick(9, 60));
    let scene = Scene::open(bench, Plan::default(), Demand::at(300, bench.seed)).await?;
    let rounds: &[&[&str]] = bench.scale.pick(&[&SERVICES], &[&["intake"], &["risk"], &["tracking"], &["reporting"], &SERVICES]);
    let (mut stopped, mut fences, mut seats) = (0_u32, 0.0, 0_usize);
    for services in rounds {
        for replica in [0, 1] {
            let zombies: Vec<_> = SERVICES.into_iter().filter(|s| services.contains(s)).map(|s| (s, replica)).collect();
            let (fenced, holders) = (gauge::sum(&scene.site, FENCES, &[]).await, seated(&scene.site).await?);
            zombies.iter().for_each(|name| {
                stopped += u32::from(scene.fleet.signal(*name, Signal::STOP));
            });
            tokio::time::sleep(time).await;
            seats += changed(&holders, &seated(&scene.site).await?);
            zombies.iter().for_each(|name| {
                scene.fleet.signal(*name, Signal::CONT);
            });
            tokio::time::sleep(Duration::from_secs(3)).await;
            fences += (gauge::sum(&scene.site, FENCES, &[]).await - fenced).max(0.0);
        }
    }
    let rest = scene.rest(Duration::from_secs(180)).await?;
    // Whoever comes back must not keep anything to itself: not a partition, not a paused one.
    record.figure("drained after the load's end in", rest.drained.as_secs_f64(), "s", bench.in_full(Must::AtMost(60.0)));
    rest.judge(record, Expected::default()).await?;
    record.figure("processes stopped and continued", f64::from(stopped), &format!("for {} s", time.as_secs()), None);
    // That nothing stale was written says something only when somebody tried.
    record.figure("stale batches refused by the fence", fences, "", bench.in_full(Must::AtLeast(1.0)));
    record.figure("relays replaced meanwhile", seats as f64, "", Some(Must::AtLeast(1.0)));
    record.figure("stale writes", record.broken(&["L2", "L3", "L7"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}

/// Which process holds the relay's seat of each service, as its database knows it; none when nobody does.
async fn seated(site: &Site) -> Result<BTreeMap<&'static str, String>> {
    let mut seated = BTreeMap::new();
    for service in SERVICES {
        let pool = site.database(service).await?;
        let holder: Option<String> = sqlx::query_scalar(
            "SELECT min(a.application_name) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
             WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()",
        )
        .fetch_one(&pool)
        .await?;
        pool.close().await;
        seated.extend(holder.map(|holder| (service, holder)));
    }
    Ok(seated)
}

/// Seats that somebody else has taken.
fn changed(before: &BTreeMap<&str, String>, after: &BTreeMap<&str, String>) -> usize {
    after.iter().filter(|(service, holder)| before.get(*service).is_some_and(|was| was != *holder)).count()
}
