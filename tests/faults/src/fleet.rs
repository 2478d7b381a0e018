//! The processes of one site under a supervisor that starts again what dies, as an orchestrator would.
use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    ground,
    site::{SERVICES, Site},
};

/// Names another directory for logs, in a plan's environment.
pub const LOGS: &str = "FAULTS_LOGS";

/// Which process.
pub type Name = (&'static str, u16);

/// What the supervisor knows of a replica.
#[derive(Debug, Clone, Default)]
struct Known {
    pid: i32,
    /// Started again when it ends.
    wanted: bool,
    /// Which supervisor has it: one that was told to stop may look again only after the next was begun.
    supervisor: u32,
    starts: u32,
    /// From each start to the first `/readyz`, milliseconds.
    ready_ms: Vec<u64>,
}

type Shared = Arc<Mutex<BTreeMap<Name, Known>>>;

/// All replicas of all services.
pub struct Fleet {
    pub site: Arc<Site>,
    known: Shared,
    /// Further environment of whatever is started from now on.
    environment: Arc<Mutex<BTreeMap<Name, BTreeMap<String, String>>>>,
    logs: PathBuf,
}

impl Fleet {
    /// Starts every replica and waits until all are ready.
    pub async fn start(site: &Arc<Site>) -> Result<Self> {
        let own = || ground::home().join("target/faults/logs").join(&site.name);
        let logs = site.plan.environment.get(LOGS).map_or_else(own, PathBuf::from);
        std::fs::create_dir_all(&logs)?;
        let fleet = Self { site: Arc::clone(site), known: Shared::default(), environment: Arc::default(), logs };
        for name in fleet.names() {
            fleet.spawn(name)?;
        }
        fleet.all_ready(Duration::from_secs(30)).await?;
        Ok(fleet)
    }

    pub fn names(&self) -> Vec<Name> {
        SERVICES.iter().flat_map(|service| (0..self.site.plan.replicas).map(move |replica| (*service, replica))).collect()
    }

    /// Starts one replica, and again whenever it ends while it is wanted.
    pub fn spawn(&self, name: Name) -> Result<()> {
        let own = self.with(name, |known| {
            known.wanted = true;
            known.supervisor += 1;
            known.supervisor
        });
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.logs.join(format!("{}-{}.log", name.0, name.1)))?;
        let (site, environment) = (Arc::clone(&self.site), Arc::clone(&self.environment));
        let port = self.site.http(name.0, name.1);
        let shared = Arc::clone(&self.known);
        tokio::spawn(async move {
            while with(&shared, name, |known| known.wanted && known.supervisor == own) {
                let (Ok(out), Ok(err)) = (log.try_clone(), log.try_clone()) else { return };
                let mut command = site.command(name.0, name.1);
                command.kill_on_drop(true).envs(environment.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned().unwrap_or_default());
                command.stdin(Stdio::null()).stdout(out).stderr(err);
                let started = Instant::now();
                let Ok(mut child) = command.spawn() else { return };
                let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
                with(&shared, name, |known| {
                    known.pid = pid;
                    known.starts += 1;
                });
                let ready = tokio::spawn(note_ready(Arc::clone(&shared), name, port, started));
                let _ = child.wait().await;
                if !ready.is_finished() {
                    // It never came up: not too often in a row.
                    ready.abort();
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                with(&shared, name, |known| known.pid = 0);
            }
        });
        Ok(())
    }

    /// Sets environment of a replica from its next start on; an empty value takes it away.
    pub fn environment(&self, name: Name, key: &str, value: &str) {
        let mut environment = self.environment.lock().unwrap_or_else(PoisonError::into_inner);
        let own = environment.entry(name).or_default();
        if value.is_empty() {
            own.remove(key);
        } else {
            own.insert(key.to_owned(), value.to_owned());
        }
    }

    fn with<T>(&self, name: Name, look: impl FnOnce(&mut Known) -> T) -> T {
        with(&self.known, name, look)
    }

    /// Signals a replica; false when it does not run now.
    pub fn signal(&self, name: Name, signal: Signal) -> bool {
        let pid = self.with(name, |known| known.pid);
        pid > 0 && ground::send(pid, signal).is_ok()
    }

    /// Kills a replica and waits until its successor is ready; returns milliseconds from kill to ready.
    pub async fn kill(&self, name: Name) -> Result<u64> {
        let before = self.with(name, |known| known.ready_ms.len());
        let killed = Instant::now();
        if !self.signal(name, Signal::KILL) {
            bail!("{}-{} does not run", name.0, name.1);
        }
        self.ready_again(name, before).await?;
        Ok(u64::try_from(killed.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn ready_again(&self, name: Name, before: usize) -> Result<()> {
        let wait = async {
            while self.with(name, |known| known.ready_ms.len()) <= before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait)
            .await
            .with_context(|| format!("{}-{} was not ready again within a minute", name.0, name.1))
    }

    /// Stops a replica by SIGTERM and does not start it again; returns how long it took.
    pub async fn stop(&self, name: Name) -> Result<Duration> {
        self.with(name, |known| known.wanted = false);
        let asked = Instant::now();
        self.signal(name, Signal::TERM);
        let wait = async {
            while self.with(name, |known| known.pid) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(40), wait).await.with_context(|| format!("{}-{} did not stop", name.0, name.1))?;
        Ok(asked.elapsed())
    }

    /// Lets every replica run for `runs` of each `period` until the guard is dropped, as on a machine that has little time for them.
    pub fn slow(&self, runs: Duration, period: Duration) -> DropGuard {
        let (known, stop) = (Arc::clone(&self.known), CancellationToken::new());
        let slowed = stop.clone();
        tokio::spawn(async move {
            while !slowed.is_cancelled() {
                tokio::time::sleep(runs).await;
                signal_all(&known, Signal::STOP);
                tokio::time::sleep(period.saturating_sub(runs)).await;
                signal_all(&known, Signal::CONT);
            }
        });
        stop.drop_guard()
    }

    /// Stops every replica of a service.
    pub async fn stop_service(&self, service: &str) -> Result<()> {
        futures::future::try_join_all(self.replicas(service).map(|name| self.stop(name))).await.map(drop)
    }

    /// Starts every replica of a service and waits until all are ready.
    pub async fn start_service(&self, service: &str) -> Result<()> {
        self.replicas(service).try_for_each(|name| self.spawn(name))?;
        self.ready(self.replicas(service), Duration::from_secs(30)).await
    }

    fn replicas(&self, service: &str) -> impl Iterator<Item = Name> + use<> {
        let service = service.to_owned();
        self.names().into_iter().filter(move |(s, _)| *s == service)
    }

    /// Waits until every replica answers `/readyz`.
    pub async fn all_ready(&self, patience: Duration) -> Result<()> {
        self.ready(self.names(), patience).await
    }

    async fn ready(&self, names: impl IntoIterator<Item = Name>, patience: Duration) -> Result<()> {
        for name in names {
            let port = self.site.http(name.0, name.1);
            let wait = async {
                while !is_ok(port, "/readyz").await {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(patience, wait).await.with_context(|| format!("{}-{} is not ready; see {}", name.0, name.1, self.logs.display()))?;
        }
        Ok(())
    }

    /// How often replicas were started, beyond the first time.
    pub fn restarts(&self) -> u32 {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().map(|k| k.starts.saturating_sub(1)).sum()
    }

    /// Stops everything by SIGTERM.
    pub async fn down(&self) -> Result<()> {
        futures::future::try_join_all(self.names().into_iter().map(|name| self.stop(name))).await.map(drop)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for name in self.names() {
            self.with(name, |known| known.wanted = false);
            self.signal(name, Signal::KILL);
        }
    }
}

fn with<T>(shared: &Shared, name: Name, look: impl FnOnce(&mut Known) -> T) -> T {
    look(shared.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default())
}

fn signal_all(shared: &Shared, signal: Signal) {
    let known = shared.lock().unwrap_or_else(PoisonError::into_inner);
    for pid in known.values().map(|known| known.pid).filter(|pid| *pid > 0) {
        // One that has ended meanwhile needs none.
        let _ = ground::send(pid, signal);
    }
}

/// Writes down how long a start took to the first `/readyz`.
async fn note_ready(shared: Shared, name: Name, port: u16, started: Instant) {
    while !is_ok(port, "/readyz").await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    with(&shared, name, |known| known.ready_ms.push(took));
}

/// Whether a GET is answered with 200.
pub async fn is_ok(port: u16, path: &str) -> bool {
    get(port, path).await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// The whole answer to a GET.
pub async fn get(port: u16, path: &str) -> Result<String> {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    Ok(tokio::time::timeout(Duration::from_secs(2), exchange).await??)
}
