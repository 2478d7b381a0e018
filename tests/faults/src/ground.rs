//! What stands still under all experiments: one Kafka and one PostgreSQL of the laboratory's own, started by `cleargate`.
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use crate::site::{SERVICES, place};

/// The laboratory's Kafka and PostgreSQL.
pub struct Ground {
    pub state: PathBuf,
    pub programs: PathBuf,
    pub ports: Ports,
}

/// First ports of the laboratory, apart from the local stack's.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub kafka: u16,
    pub postgres: u16,
    pub grpc: u16,
    pub http: u16,
}

impl Ground {
    #[expect(clippy::disallowed_methods, reason = "a second laboratory on the same machine is told its place by environment")]
    pub fn open() -> Result<Self> {
        let programs = std::env::current_exe()?.parent().context("the place of this program")?.to_path_buf();
        let base: u16 = std::env::var("FAULTS_PORTS").ok().and_then(|p| p.parse().ok()).unwrap_or(29000);
        let state = std::env::var("FAULTS_STATE").map_or_else(|_| home().join("target/faults/stack"), PathBuf::from);
        Ok(Self { state, programs, ports: Ports { kafka: base + 92, postgres: base + 32, grpc: base + 101, http: base + 201 } })
    }

    /// A second stack beside this one, in a place of its own.
    pub fn beside(&self, state: &Path) -> Self {
        let Ports { kafka, postgres, grpc, http } = self.ports;
        let ports = Ports { kafka: kafka + 500, postgres: postgres + 500, grpc: grpc + 500, http: http + 500 };
        Self { state: state.to_owned(), programs: self.programs.clone(), ports }
    }

    fn cleargate(&self) -> Command {
        let mut command = Command::new(self.programs.join("cleargate"));
        command.current_dir(home()).stdin(Stdio::null()).arg("--state").arg(&self.state);
        for (flag, port) in [
            ("--kafka-port", self.ports.kafka),
            ("--postgres-port", self.ports.postgres),
            ("--grpc-port", self.ports.grpc),
            ("--http-port", self.ports.http),
        ] {
            command.arg(flag).arg(port.to_string());
        }
        command
    }

    /// Runs the command line on the laboratory's stack and returns what it printed.
    pub async fn cli(&self, arguments: &[&str]) -> Result<String> {
        let output = self.cleargate().args(arguments).output().await.context("cleargate is not built beside this program: `make build`")?;
        ensure!(output.status.success(), "cleargate {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Starts what does not run: also after a part was killed.
    pub async fn up(&self) -> Result<()> {
        let listeners: Vec<String> = SERVICES.iter().map(|s| format!("{}={}:{}", s.to_uppercase(), self.behind(s), self.front(s))).collect();
        let mut arguments = vec!["up", "--no-services"];
        arguments.extend(listeners.iter().flat_map(|l| ["--kafka-listener", l.as_str()]));
        self.master_key()?;
        self.cli(&arguments).await.map(drop)
    }

    /// Risk wraps its day keys under this one.
    fn master_key(&self) -> Result<()> {
        let file = self.master_key_file();
        if !file.exists() {
            std::fs::create_dir_all(self.state.join("secrets"))?;
            std::fs::write(&file, hex::encode(std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(..))))?;
        }
        Ok(())
    }

    pub fn master_key_file(&self) -> PathBuf {
        self.state.join("secrets/laboratory.key")
    }

    /// Port at which Kafka believes that a service reaches it: a proxy of the laboratory may listen there.
    pub fn front(&self, service: &str) -> u16 {
        self.ports.kafka + 300 + place(service)
    }

    /// Port at which Kafka listens for that proxy.
    pub fn behind(&self, service: &str) -> u16 {
        self.ports.kafka + 310 + place(service)
    }

    pub async fn down(&self) -> Result<()> {
        self.cli(&["down"]).await.map(drop)
    }

    pub async fn clean(&self) -> Result<()> {
        self.cli(&["clean", "--yes"]).await.map(drop)
    }

    /// The superuser's URL, or a service's role with the password that all its databases share.
    pub async fn url(&self, role: &str) -> Result<String> {
        self.cli(&["status", "--url", role]).await
    }

    pub async fn token(&self, subject: &str, role: &str) -> Result<String> {
        self.cli(&["token", "--subject", subject, "--role", role, "--office", "*"]).await
    }

    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.ports.kafka)
    }

    /// Pid of `kafka` or `postgres`.
    pub fn pid(&self, part: &str) -> Result<i32> {
        let file = self.state.join(format!("run/{part}.json"));
        let text = std::fs::read(&file).with_context(|| format!("{} is not there: does it run?", file.display()))?;
        let process: serde_json::Value = serde_json::from_slice(&text)?;
        process["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).with_context(|| format!("{} names no pid", file.display()))
    }

    /// Sends a signal to `kafka` or `postgres`.
    pub fn signal(&self, part: &str, signal: Signal) -> Result<()> {
        send(self.pid(part)?, signal)
    }
}

/// Sends a signal to a process.
pub fn send(pid: i32, signal: Signal) -> Result<()> {
    kill_process(Pid::from_raw(pid).context("a pid")?, signal).with_context(|| format!("signalling {pid}"))
}

/// The checkout that this program was built from.
pub fn home() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
