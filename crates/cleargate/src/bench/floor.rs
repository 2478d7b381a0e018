//! The bare floor as processes: its databases and topics are made for one round and removed behind it.
use std::{process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{
    clock,
    stack::{NAMES, Stack},
};

/// A running floor.
pub struct Floor {
    pub name: String,
    program: std::path::PathBuf,
    admin: String,
    brokers: String,
    log: std::path::PathBuf,
    services: Vec<(&'static str, Child)>,
}

/// To be ready, and to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// To make or remove databases and topics.
const LONGER: Duration = Duration::from_secs(180);

impl Floor {
    /// Makes what it needs and starts its four processes, programs beside this one.
    pub async fn start(stack: &Stack) -> Result<Self> {
        let own = std::env::current_exe().context("the place of this program is unknown")?;
        let program = own.with_file_name("floor");
        if !program.is_file() {
            bail!("{} is not built; `make bench` builds target/dist/floor and runs target/dist/cleargate beside it", program.display());
        }
        let admin = stack.database_url("admin")?.context("no database yet; run `cleargate up`")?;
        let name = format!("floor{}", clock::now_micros() / 1000 % 1_000_000_000);
        let mut floor = Self { name, program, admin, brokers: stack.brokers(), log: stack.state.log("floor"), services: Vec::new() };
        floor.sweep().await?;
        match floor.begin().await {
            Ok(()) => Ok(floor),
            Err(error) => {
                let _ = floor.stop().await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self) -> Result<()> {
        self.once("prepare", &self.name).await?;
        for service in NAMES {
            let child = self.serve(service).await.with_context(|| format!("floor {service}; see {}", self.log.display()))?;
            self.services.push((service, child));
        }
        Ok(())
    }

    /// Removes what an interrupted bench has left: floors to which nobody is connected.
    async fn sweep(&self) -> Result<()> {
        let mut admin = PgConnection::connect(&self.admin).await?;
        let sql = "SELECT DISTINCT split_part(d.datname::text, '_', 1) FROM pg_database d
                   WHERE d.datname::text ~ '^floor[0-9]+_' AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)";
        let left: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut admin).await?;
        for name in left {
            self.once("remove", &name).await?;
        }
        Ok(())
    }

    async fn once(&self, act: &str, name: &str) -> Result<()> {
        let mut command = self.command()?;
        command.args([act, "--admin-url", &self.admin, "--brokers", &self.brokers, "--name", name]).stdout(Stdio::null()).kill_on_drop(true);
        let status = tokio::time::timeout(LONGER, command.status()).await.with_context(|| format!("floor {act} does not end"))?;
        let status = status.context("cannot run the floor")?;
        if !status.success() {
            bail!("floor {act} failed ({status}); see {}", self.log.display());
        }
        Ok(())
    }

    async fn serve(&self, service: &str) -> Result<Child> {
        let mut command = self.command()?;
        command.args(["run", service, "--url", &self.database_url(service), "--brokers", &self.brokers, "--name", &self.name]);
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().context("cannot start")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line.trim() == "ready" {
                    return Ok(());
                }
            }
            bail!("ended while starting")
        };
        tokio::time::timeout(PATIENCE, ready).await.context("not ready in time")??;
        // A full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(child)
    }

    fn command(&self) -> Result<Command> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null()).stderr(log);
        Ok(command)
    }

    /// Of the superuser: the floor has no roles of its own.
    pub fn database_url(&self, service: &str) -> String {
        let server = self.admin.rsplit_once('/').map_or(self.admin.as_str(), |(server, _)| server);
        format!("{server}/{}_{service}", self.name)
    }

    pub fn pid(&self, service: &str) -> Option<i32> {
        self.services.iter().find(|(name, _)| *name == service).and_then(|(_, child)| i32::try_from(child.id()?).ok())
    }

    /// Ends the processes and removes databases and topics.
    pub async fn stop(mut self) -> Result<()> {
        for (_, child) in &self.services {
            if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        for (_, child) in &mut self.services {
            if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
                // What cannot be killed either keeps nothing from being removed.
                let _ = child.kill().await;
            }
        }
        self.once("remove", &self.name).await
    }
}
