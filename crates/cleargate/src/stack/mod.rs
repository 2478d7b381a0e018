//! The local stack: real Kafka, real PostgreSQL, a token issuer and the four services as processes under `.local/`.

mod account;
mod http;
mod issuer;
mod kafka;
mod lock;
mod postgres;
mod process;
pub mod procfs;
mod ready;
mod report;
mod scale;
mod secrets;
mod services;
mod settings;
mod state;
mod tools;

pub use issuer::Issuer;
pub use report::Report;
pub use scale::ScaleArgs;
pub use services::{MOST, NAMES, Replica};
pub use settings::StackArgs;

use crate::progress::Progress;
use anyhow::{Result, bail};
use lock::Lock;
use process::Process;
use scale::Scale;
use settings::Ports;
use state::{Recorded, State};
use std::path::{Path, PathBuf};

/// One local stack: where it lives and on which ports it listens.
pub struct Stack {
    /// The checkout.
    pub home: PathBuf,
    /// What the stack keeps, usually `.local/` of the checkout.
    pub state: State,
    pub ports: Ports,
    pub scale: Scale,
}

impl Stack {
    /// Finds the checkout, then the ports: flags and environment first, then what the last `up` recorded, then the defaults.
    pub fn open(args: &StackArgs) -> Result<Self> {
        let home = settings::home()?;
        let state = State::at(&args.state.clone().unwrap_or_else(|| home.join(".local")))?;
        let (ports, scale) = match state.recorded()? {
            Some(recorded) => (Some(recorded.ports), recorded.scale),
            None => (None, Scale::fresh()),
        };
        Ok(Self { home, state, ports: args.ports(ports), scale })
    }

    /// The same with as many replicas as somebody says now.
    pub fn open_scaled(args: &StackArgs, scale: &ScaleArgs) -> Result<Self> {
        let stack = Self::open(args)?;
        let scale = stack.scale.clone().told(scale);
        Ok(Self { scale, ..stack })
    }

    /// Keeps other `up`, `down` and `clean` of the same state away until dropped.
    pub fn lock(&self) -> Result<Lock> {
        lock::take(&self.state.dir().join("lock"))
    }

    /// Remembers ports and replicas, so that later commands need no flags; refuses what needs a restart while something runs.
    pub fn record(&self) -> Result<()> {
        self.state.create()?;
        self.distinct_ports()?;
        if let Some(known) = self.state.recorded()? {
            let mut parts = services::all(MOST).map(Replica::part).chain([kafka::PART, postgres::PART].map(str::to_owned));
            let runs = |part: &str| Process::running(&self.state.pid_file(part)).is_some();
            if known.ports != self.ports
                && let Some(running) = parts.find(|part| runs(part))
            {
                bail!("{running} runs on other ports; run `cleargate down` first, or name another --state for a second stack");
            }
            if known.scale.kafka_listeners != self.scale.kafka_listeners && runs(kafka::PART) {
                bail!("kafka runs with other listeners; run `cleargate down` first");
            }
        }
        self.state.record(&Recorded { ports: self.ports, scale: self.scale.clone() })
    }

    fn distinct_ports(&self) -> Result<()> {
        let services = services::all(self.scale.replicas).flat_map(|replica| [replica.grpc(self), replica.health(self)]);
        let backing = [kafka::address(self), kafka::controller(self), postgres::address(self)];
        let mut ports: Vec<u16> = services.chain(backing).map(|address| address.port()).collect();
        ports.extend(self.scale.kafka_listeners.iter().map(|listener| listener.port));
        ports.sort_unstable();
        match ports.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[u16]>::first) {
            Some(port) => bail!("port {port} is meant for two parts; move them apart with --grpc-port, --http-port, --kafka-port or --postgres-port"),
            None => Ok(()),
        }
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

    /// Stops surplus replicas, migrates and starts the others.
    pub async fn up_services(&self, progress: &Progress) -> Result<()> {
        services::up(self, progress).await
    }

    pub async fn down_services(&self, progress: &Progress) -> Result<()> {
        services::down(self, progress).await
    }

    /// Stops one replica and starts it again; returns the time from its start to ready.
    pub async fn restart(&self, replica: Replica) -> Result<std::time::Duration> {
        services::restart(self, replica).await
    }

    /// Stops Kafka, then PostgreSQL.
    pub async fn down_backing(&self, progress: &Progress) -> Result<()> {
        kafka::down(self, progress).await?;
        postgres::down(self, progress).await
    }

    /// CPU milliseconds that a part has spent since it started, all replicas of a service together.
    pub fn cpu_ms(&self, part: &str) -> Option<u64> {
        self.processes(part).map(|process| procfs::tree_cpu_ms(process.pid)).sum()
    }

    /// Resident memory of a part, all replicas of a service together.
    pub fn memory_kb(&self, part: &str) -> Option<u64> {
        self.processes(part).map(|process| procfs::tree_memory_kb(process.pid)).sum()
    }

    fn processes(&self, part: &str) -> impl Iterator<Item = Process> {
        let replicas: Vec<String> = services::of(part, MOST).map(Replica::part).collect();
        let parts = if replicas.is_empty() { vec![part.to_owned()] } else { replicas };
        parts.into_iter().filter_map(|part| Process::running(&self.state.pid_file(&part)))
    }

    /// The program of a replica, set up for this stack.
    pub fn service_command(&self, replica: Replica, program: Option<&Path>) -> Result<std::process::Command> {
        services::command(self, replica, program)
    }

    /// `<service> migrate`, set up for this stack.
    pub fn migration_command(&self, service: &str, program: Option<&Path>) -> Result<std::process::Command> {
        services::migration(self, service, program)
    }

    /// Makes this very process known as a replica, before it becomes one.
    pub fn adopt(&self, replica: Replica) -> Result<()> {
        if let Some(running) = services::running(self, replica) {
            bail!("{} runs already as process {}", replica.part(), running.pid);
        }
        Process::this(&self.state.pid_file(&replica.part()))
    }

    /// Where the replicas of a service answer gRPC, `http://host:port`.
    pub fn grpc_addresses(&self, service: &str) -> Vec<String> {
        services::of(service, self.scale.replicas).map(|replica| format!("http://{}", replica.grpc(self))).collect()
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
