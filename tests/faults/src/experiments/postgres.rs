//! A database that dies, and a standby that takes over.
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;
use tokio::{process::Command, time::Instant};

use super::restore;
use crate::{
    experiment::Bench,
    ground::{Ground, send},
    laws::Expected,
    load::{Demand, Standing},
    proxy::Proxy,
    record::{Must, Record, percentile},
    scene::Scene,
    site::{Plan, SERVICES},
};

/// kill -9 of the postmaster under load.
pub async fn killed(bench: &Bench, record: &mut Record) -> Result<()> {
    let times: u32 = bench.scale.pick(2, 30);
    let scene = Scene::open(bench, Plan::default(), Demand { grpc: 400, ..Demand::at(300, bench.seed) }).await?;
    let mut answers = Vec::new();
    for _ in 0..times {
        bench.ground.signal("postgres", Signal::KILL)?;
        let killed = Instant::now();
        // Its children notice a moment later; until then a new one refuses to start.
        while bench.ground.up().await.is_err() {
            ensure!(killed.elapsed() < Duration::from_secs(60), "PostgreSQL does not start again");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let before = called(&scene);
        while called(&scene) <= before {
            ensure!(killed.elapsed() < Duration::from_secs(90), "no call is answered after PostgreSQL came back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        answers.push(u64::try_from(killed.elapsed().as_millis()).unwrap_or(u64::MAX));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    scene.close(record, Expected::default()).await?;
    record.figure("kills", f64::from(times), "", None);
    record.figure("to the first answer p50", percentile(&answers, 500) as f64, "ms", None);
    record.figure("worst", percentile(&answers, 1000) as f64, "ms", bench.in_full(Must::AtMost(15_000.0)));
    record.bound("kill", u64::from(times));
    Ok(())
}

/// Calls answered OK.
fn called(scene: &Scene) -> u64 {
    scene.load.ledger.attempts().get("OK").copied().unwrap_or(0)
}

/// A synchronous standby is promoted under load: what was accepted is there.
pub async fn promoted(bench: &Bench, record: &mut Record) -> Result<()> {
    let pair = Pair::new(&bench.ground, true).await?;
    let proxy = Proxy::new(pair.front, pair.primary.port, bench.seed).await?;
    let plan = Plan { postgres: SERVICES.into_iter().map(|s| (s, pair.front)).collect(), cluster: Some(pair.front), ..Plan::default() };
    let scene = Scene::open(bench, plan, Demand { grpc: 400, ..Demand::at(200, bench.seed) }).await?;
    scene.accepted_at_least(bench.scale.pick(2_000, 10_000), Duration::from_secs(120)).await?;
    pair.primary.kill().await?;
    let killed = Instant::now();
    pair.standby.promote().await?;
    proxy.redirect(pair.standby.port);
    let before = called(&scene);
    while called(&scene) <= before {
        ensure!(killed.elapsed() < Duration::from_secs(90), "no call is answered after the standby was promoted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    record.figure("to the first answer", killed.elapsed().as_secs_f64(), "s", bench.in_full(Must::AtMost(15.0)));
    let after = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(after + 1_000, Duration::from_secs(120)).await?;
    scene.close(record, Expected::default()).await?;
    pair.remove().await
}

/// An asynchronous standby that was cut off for a while is promoted: what it never got is lost, and that is told.
pub async fn behind(bench: &Bench, record: &mut Record) -> Result<()> {
    let pair = Pair::new(&bench.ground, false).await?;
    let proxy = Proxy::new(pair.front, pair.primary.port, bench.seed).await?;
    let plan = Plan { postgres: SERVICES.into_iter().map(|s| (s, pair.front)).collect(), cluster: Some(pair.front), ..Plan::default() };
    let scene = Scene::open(bench, plan, Demand { grpc: 400, ..Demand::at(200, bench.seed) }).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    pair.standby.stop().await?;
    let before = scene.load.ledger.count(Standing::Accepted);
    scene.accepted_at_least(before + 600, Duration::from_secs(60)).await?;
    let published = published(&scene).await?;
    pair.primary.kill().await?;
    pair.standby.start_again().await?;
    pair.standby.promote().await?;
    proxy.redirect(pair.standby.port);
    let kept = published_now(&scene).await?;
    let lost: Vec<&(String, i32)> =
        published.iter().filter(|(place, position)| kept.get(*place).is_none_or(|p| p < *position)).map(|(p, _)| p).collect();
    let deadline = Instant::now() + Duration::from_secs(90);
    let mut told = 0;
    while told < lost.len() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(500)).await;
        told = crate::alarms::named(&scene, &lost).await;
    }
    record.figure("streams whose published past was lost", lost.len() as f64, "", Some(Must::AtLeast(1.0)));
    record.figure("of them named by an alarm", told as f64, "", Some(Must::AtLeast(lost.len() as f64)));
    scene.load.pace(0);
    let missing = restore::missing(&scene).await?;
    record.figure("accepted declarations missing in intake", missing.len() as f64, "", None);
    record.figure("losses that nobody named", restore::unnamed(&scene, &missing).await as f64, "", Some(Must::AtMost(0.0)));
    scene.fleet.down().await?;
    drop(proxy);
    pair.remove().await
}

/// What each stream has published.
async fn published(scene: &Scene) -> Result<BTreeMap<(String, i32), i64>> {
    let mut all = BTreeMap::new();
    for service in SERVICES {
        let pool = scene.site.database(service).await?;
        let rows: Vec<(String, i32, i64)> = sqlx::query_as("SELECT topic, stream, published FROM streams").fetch_all(&pool).await?;
        all.extend(rows.into_iter().map(|(topic, stream, position)| ((topic, stream), position)));
    }
    Ok(all)
}

/// The same as soon as the database answers again: what is there by then is what the standby had, and what came since.
async fn published_now(scene: &Scene) -> Result<BTreeMap<(String, i32), i64>> {
    let asked = Instant::now();
    loop {
        match published(scene).await {
            Ok(all) => return Ok(all),
            Err(error) => ensure!(asked.elapsed() < Duration::from_secs(30), "{error:#}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A primary and its standby, both copies of the laboratory's cluster, which itself stays untouched.
pub struct Pair {
    pub primary: Cluster,
    pub standby: Cluster,
    /// Where services and laboratory find whichever is in charge.
    pub front: u16,
}

/// One cluster of such a pair.
pub struct Cluster {
    bin: PathBuf,
    data: PathBuf,
    pub port: u16,
}

impl Pair {
    pub async fn new(ground: &Arc<Ground>, synchronous: bool) -> Result<Self> {
        let base = ground.ports.postgres;
        let admin = ground.url("admin").await?;
        let bin = bin()?;
        let place = std::env::temp_dir().join(format!("cleargate-faults-{base}"));
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place)?;
        own(&place)?;
        let primary = Cluster { bin: bin.clone(), data: place.join("primary"), port: base + 1 };
        primary.copy(&admin, &[]).await?;
        let names = if synchronous { "'*'" } else { "''" };
        primary.configure(&format!("port = {}\nmax_wal_senders = 5\nwal_level = replica\nsynchronous_standby_names = ''\n", primary.port))?;
        primary.start().await?;
        let admin = admin.replace(&format!(":{base}/"), &format!(":{}/", primary.port));
        let standby = Cluster { bin, data: place.join("standby"), port: base + 2 };
        standby.copy(&admin, &["-R"]).await?;
        standby.configure(&format!("port = {}\n", standby.port))?;
        standby.start().await?;
        primary.configure(&format!("synchronous_standby_names = {names}\n"))?;
        primary.control(&["reload"]).await?;
        Ok(Self { primary, standby, front: base + 3 })
    }

    pub async fn remove(self) -> Result<()> {
        let _ = self.primary.control(&["stop", "-m", "immediate"]).await;
        let _ = self.standby.control(&["stop", "-m", "immediate"]).await;
        if let Some(place) = self.primary.data.parent() {
            std::fs::remove_dir_all(place)?;
        }
        Ok(())
    }
}

impl Cluster {
    /// A base backup of the cluster behind the URL.
    async fn copy(&self, admin: &str, flags: &[&str]) -> Result<()> {
        let mut command = self.tool("pg_basebackup");
        command.args(["-c", "fast", "-X", "stream", "-d", admin, "-D"]).arg(&self.data).args(flags);
        run(command, "pg_basebackup").await
    }

    fn configure(&self, lines: &str) -> Result<()> {
        use std::io::Write as _;
        let file = self.data.join("postgresql.auto.conf");
        let mut file = std::fs::OpenOptions::new().append(true).open(&file).with_context(|| file.display().to_string())?;
        Ok(file.write_all(lines.as_bytes())?)
    }

    async fn start(&self) -> Result<()> {
        self.control(&["start", "-w", "-l", &self.data.join("log").display().to_string()]).await
    }

    pub async fn stop(&self) -> Result<()> {
        self.control(&["stop", "-m", "fast"]).await
    }

    pub async fn start_again(&self) -> Result<()> {
        self.start().await
    }

    pub async fn promote(&self) -> Result<()> {
        self.control(&["promote", "-w"]).await
    }

    /// kill -9 of the postmaster.
    pub async fn kill(&self) -> Result<()> {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid"))?;
        let pid = file.lines().next().and_then(|l| l.trim().parse().ok()).context("postmaster.pid names no pid")?;
        send(pid, Signal::KILL)
    }

    async fn control(&self, arguments: &[&str]) -> Result<()> {
        let mut command = self.tool("pg_ctl");
        command.arg("-D").arg(&self.data).args(arguments);
        run(command, "pg_ctl").await
    }

    /// PostgreSQL refuses to be root: as root, its tools run as `postgres`.
    fn tool(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        command
    }
}

async fn run(mut command: Command, what: &str) -> Result<()> {
    command.stdin(std::process::Stdio::null());
    // A started server keeps what it inherits: its output must not be a pipe that is waited for.
    let out = std::env::temp_dir().join(format!("cleargate-faults-{what}-{}.log", std::process::id()));
    let file = std::fs::File::create(&out)?;
    let status = command.stdout(file.try_clone()?).stderr(file).status().await.with_context(|| what.to_owned())?;
    ensure!(status.success(), "{what}: {}", std::fs::read_to_string(&out).unwrap_or_default());
    let _ = std::fs::remove_file(out);
    Ok(())
}

/// The newest PostgreSQL of the machine.
fn bin() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").context("PostgreSQL's programs")?.flatten().map(|e| e.path().join("bin")).collect();
    found.sort();
    found.pop().context("PostgreSQL's programs are not under /usr/lib/postgresql")
}

/// Gives a directory to `postgres` where this process is root.
fn own(place: &std::path::Path) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        let status = std::process::Command::new("chown").arg("postgres").arg(place).status()?;
        ensure!(status.success(), "chown of {}", place.display());
    }
    Ok(())
}
