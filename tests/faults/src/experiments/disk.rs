//! Disks that are full: the database's, the broker's, a service's own.
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tokio::time::Instant;

use crate::{
    experiment::Bench,
    fleet,
    ground::Ground,
    laws::Expected,
    load::{Demand, REFUSED, Standing},
    record::{Must, Record},
    scene::Scene,
    site::Plan,
};

/// A small file system that is gone with this value. Needs the right to mount.
struct Small(PathBuf);

impl Small {
    fn mount(place: &Path, megabytes: u32) -> Result<Self> {
        std::fs::create_dir_all(place)?;
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=755"), "tmpfs"]).arg(place).status()?;
        ensure!(status.success(), "a small file system cannot be mounted at {}: this experiment needs root", place.display());
        Ok(Self(place.to_owned()))
    }

    /// Takes all the room that is left.
    fn fill(&self) -> Result<()> {
        let out = Command::new("dd").args(["if=/dev/zero", "bs=64k"]).arg(format!("of={}", self.0.join("ballast").display())).output()?;
        ensure!(!out.status.success(), "{} is not full", self.0.display());
        Ok(())
    }

    fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.0.join("ballast"))?)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

pub async fn full(bench: &Bench, record: &mut Record) -> Result<()> {
    let time = Duration::from_secs(bench.scale.pick(10, 60));
    for part in ["postgres", "kafka"] {
        let state = std::env::temp_dir().join(format!("cleargate-faults-small-{part}-{}", bench.ground.ports.kafka));
        let _ = std::fs::remove_dir_all(&state);
        let place = state.join(part);
        let small = Small::mount(&place, 1_400)?;
        let ground = Arc::new(Ground::beside(&bench.ground, &state));
        ground.up().await?;
        let beside = Bench { ground: Arc::clone(&ground), ..bench.clone() };
        let outcome = filled(&beside, record, part, &small, time).await;
        ground.down().await?;
        drop(small);
        let _ = std::fs::remove_dir_all(&state);
        outcome?;
    }
    service(bench, record, time).await
}

/// Load while the disk is full, then room, then everything that was accepted.
async fn filled(bench: &Bench, record: &mut Record, part: &str, small: &Small, time: Duration) -> Result<()> {
    let scene = Scene::open(bench, Plan::default(), Demand { grpc: 500, ..Demand::at(150, bench.seed) }).await?;
    scene.accepted_at_least(500, Duration::from_secs(60)).await?;
    let (process, before) = (bench.ground.pid(part)?, scene.load.ledger.attempts());
    small.fill()?;
    tokio::time::sleep(time).await;
    let full = scene.load.ledger.attempts();
    small.free()?;
    let freed = Instant::now();
    while bench.ground.up().await.is_err() {
        ensure!(freed.elapsed() < Duration::from_secs(90), "{part} does not come back");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let restarted = bench.ground.pid(part)? != process;
    let accepted = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(accepted + 200, Duration::from_secs(90)).await.context("after there was room again")?;
    record.figure(&format!("{part}: full for"), time.as_secs_f64(), "s", None);
    record.figure(&format!("{part}: healed after"), freed.elapsed().as_secs_f64(), "s", None);
    // Services heal by themselves; what has no room to write its log may end, and somebody must start it again.
    record.figure(&format!("{part}: had to be started again itself"), f64::from(u8::from(restarted)), "", None);
    scene.close(record, Expected::default()).await?;
    // Without a database nothing can be accepted by call; without a broker everything can, and waits in the journal.
    let (refuses, accepts) = match part {
        "postgres" => (bench.in_full(Must::AtLeast(1.0)), None),
        _ => (None, Some(Must::AtLeast(1.0))),
    };
    calls(record, part, &before, &full, refuses, accepts);
    record.figure(&format!("{part}: accepted then lost"), record.broken(&["L1"]) as f64, "", Some(Must::AtMost(0.0)));
    Ok(())
}

/// Attempts of calls and how they ended, by status code.
type Attempts = HashMap<String, u64>;

/// What became of the calls between two looks at the ledger.
fn calls(record: &mut Record, part: &str, before: &Attempts, after: &Attempts, refuses: Option<Must>, accepts: Option<Must>) {
    let more = |how: &str| after.get(how).copied().unwrap_or(0) - before.get(how).copied().unwrap_or(0);
    let unaccepted: BTreeMap<&str, u64> =
        after.keys().map(|how| (how.as_str(), more(how))).filter(|(how, n)| !["OK", REFUSED].contains(how) && *n > 0).collect();
    let told: Vec<String> = unaccepted.iter().map(|(how, n)| format!("{how} {n}")).collect();
    record.figure(&format!("{part}: calls accepted while full"), more("OK") as f64, "", accepts);
    record.figure(&format!("{part}: calls turned away while full"), unaccepted.values().sum::<u64>() as f64, &told.join(", "), refuses);
}

/// A service whose own disk takes no more of its log goes on.
async fn service(bench: &Bench, record: &mut Record, time: Duration) -> Result<()> {
    let place = std::env::temp_dir().join(format!("cleargate-faults-log-{}", bench.ground.ports.kafka));
    let small = Small::mount(&place, 1)?;
    small.fill()?;
    let environment = BTreeMap::from([(fleet::LOGS.to_owned(), place.display().to_string())]);
    let scene = Scene::open(bench, Plan { environment, ..Plan::default() }, Demand { grpc: 500, ..Demand::at(150, bench.seed) }).await?;
    let before = scene.load.ledger.attempts();
    tokio::time::sleep(time).await;
    let full = scene.load.ledger.attempts();
    let restarts = scene.fleet.restarts();
    scene.close(record, Expected::default()).await?;
    // It keeps nothing there but its log, so it has no reason to refuse.
    calls(record, "services", &before, &full, None, Some(Must::AtLeast(1.0)));
    record.figure("services with a full disk: died of it", f64::from(restarts), "", Some(Must::AtMost(0.0)));
    Ok(())
}
