//! The local stack: real Kafka, real PostgreSQL, a token issuer and the four services as processes under `.local/`.

mod account;
mod http;
mod issuer;
mod kafka;
mod lock;
mod postgres;
mod process;
mod procfs;
mod ready;
mod report;
mod secrets;
mod services;
mod settings;
mod state;
mod tools;

pub use issuer::Issuer;
pub use report::Report;
pub use settings::StackArgs;

use crate::progress::Progress;
use anyhow::{Result, bail};
use lock::Lock;
use process::Process;
use settings::Ports;
use state::State;
use std::path::{Path, PathBuf};

/// One local stack: where it lives and on which ports it listens.
pub struct Stack {
    /// The checkout.
    pub home: PathBuf,
    /// What the stack keeps, usually `.local/` of the checkout.
    pub state: State,
    pub ports: Ports,
}

impl Stack {
    /// Finds the checkout, then the ports: flags and environment first, then what the last `up` recorded, then the defaults.
    pub fn open(args: &StackArgs) -> Result<Self> {
        let home = settings::home()?;
        let state = State::at(&args.state.clone().unwrap_or_else(|| home.join(".local")))?;
        let ports = args.ports(state.recorded_ports()?);
        Ok(Self { home, state, ports })
    }

    /// Keeps other `up`, `down` and `clean` of the same state away until dropped.
    pub fn lock(&self) -> Result<Lock> {
        lock::take(&self.state.dir().join("lock"))
    }

    /// Remembers the ports, so that later commands need no flags; refuses other ports while something runs on the old ones.
    pub fn record(&self) -> Result<()> {
        self.state.create()?;
        let moved = self.state.recorded_ports()?.is_some_and(|recorded| recorded != self.ports);
        let mut parts = services::NAMES.into_iter().chain([kafka::PART, postgres::PART]);
        if moved && let Some(running) = parts.find(|part| Process::running(&self.state.pid_file(part)).is_some()) {
            bail!("{running} runs on other ports; run `cleargate down` first, or name another --state for a second stack");
        }
        self.state.record_ports(&self.ports)
    }

    /// Starts Kafka and PostgreSQL side by side, makes databases, keys and tokens.
    pub async fn up_backing(&self, progress: &Progress) -> Result<()> {
        tools::install_missing(self).await?;
        let issuer = progress.step("issuer", "");
        let keys = Issuer::open_or_create(&self.state.issuer())?;
        for service in services::NAMES {
            keys.renew_service_token(&self.state.issuer(), service)?;
        }
        issuer.done("key and service tokens ready");
        let (kafka, postgres) = tokio::join!(kafka::up(self, progress), postgres::up(self, progress));
        match (kafka, postgres) {
            (Err(kafka), Err(postgres)) => bail!("{kafka:#}\ncleargate: {postgres:#}"),
            (kafka, postgres) => kafka.and(postgres),
        }
    }

    /// Migrates and starts the four services.
    pub async fn up_services(&self, progress: &Progress) -> Result<()> {
        services::up(self, progress).await
    }

    pub async fn down_services(&self, progress: &Progress) -> Result<()> {
        services::down(self, progress).await
    }

    /// Stops Kafka, then PostgreSQL.
    pub async fn down_backing(&self, progress: &Progress) -> Result<()> {
        kafka::down(self, progress).await?;
        postgres::down(self, progress).await
    }

    /// CPU milliseconds that a part has spent since it started.
    pub fn cpu_ms(&self, part: &str) -> Option<u64> {
        procfs::tree_cpu_ms(Process::running(&self.state.pid_file(part))?.pid)
    }

    /// Resident memory of a part.
    pub fn memory_kb(&self, part: &str) -> Option<u64> {
        procfs::tree_memory_kb(Process::running(&self.state.pid_file(part))?.pid)
    }

    /// A service's program, set up for this stack.
    pub fn service_command(&self, name: &str) -> Result<std::process::Command> {
        services::command(self, name)
    }

    /// Where a service answers gRPC, `host:port`.
    pub fn grpc_address(&self, name: &str) -> Result<String> {
        match services::all().find(|(_, service)| *service == name) {
            Some((place, _)) => Ok(services::grpc(self, place).to_string()),
            None => bail!("{name} is not a service; intake, risk, tracking and reporting are"),
        }
    }

    /// Kafka's address, `host:port`.
    pub fn brokers(&self) -> String {
        kafka::address(self).to_string()
    }

    /// The database URL of a service, or of the superuser for `admin`; `None` when its password was not made yet.
    pub fn database_url(&self, name: &str) -> Result<Option<String>> {
        postgres::url::of(self, name)
    }

    /// Removes all that the stack keeps, and returns the places.
    pub fn remove_state(&self) -> Result<Vec<PathBuf>> {
        self.state.remove()
    }
}

/// The last lines of a log, indented, for error messages.
fn log_tail(log: &Path) -> String {
    const LINES: usize = 12;
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
    format!("last lines of {}:\n    {}", log.display(), last.join("\n    "))
}
