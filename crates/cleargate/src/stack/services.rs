//! The four services as processes: migrated, started, asked whether they are ready, stopped.

use super::ready::{self, local};
use super::{Stack, http, issuer, kafka, postgres, process::Process, secrets, tools};
use crate::progress::Progress;
use anyhow::{Context, Result, anyhow, bail};
use rustix::process::Signal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// In the order of their ports.
pub const NAMES: [&str; 4] = ["intake", "risk", "tracking", "reporting"];

/// A service is ready within a second; a busy machine takes longer.
const LIMIT: Duration = Duration::from_secs(30);

/// Address of the gRPC calls of the service at `place` in [`NAMES`].
pub fn grpc(stack: &Stack, place: u16) -> SocketAddr {
    local(stack.ports.grpc.saturating_add(place))
}

/// Address of health and metrics of the service at `place` in [`NAMES`].
pub fn health(stack: &Stack, place: u16) -> SocketAddr {
    local(stack.ports.http.saturating_add(place))
}

/// The services with their places.
pub fn all() -> impl Iterator<Item = (u16, &'static str)> {
    (0..).zip(NAMES)
}

pub async fn answers(stack: &Stack, place: u16) -> bool {
    http::is_ok(health(stack, place), "/readyz").await
}

/// Migrates all that do not run, then starts them; both side by side.
pub async fn up(stack: &Stack, progress: &Progress) -> Result<()> {
    let mut stopped = Vec::new();
    for (place, name) in all() {
        if Process::running(&stack.state.pid_file(name)).is_none() {
            ready::port_is_free(name, grpc(stack, place), "--grpc-port").await?;
            ready::port_is_free(name, health(stack, place), "--http-port").await?;
            stopped.push((place, name, binary(name)?));
        }
    }
    if !stopped.is_empty() {
        let step = progress.step("migrate", "topics and tables");
        let migrations = stopped.iter().map(|(place, name, binary)| migrate(stack, *place, name, binary));
        futures::future::try_join_all(migrations).await?;
        step.done("topics and tables ready");
    }
    futures::future::try_join_all(all().map(|(place, name)| start(stack, progress, place, name))).await?;
    Ok(())
}

async fn migrate(stack: &Stack, place: u16, name: &str, binary: &PathBuf) -> Result<()> {
    let mut command = Command::new(binary);
    let url = settings(stack, &mut command, place, name)?;
    command.arg("migrate").env(variable(name, "DATABASE__URL"), postgres::url::unhurried(&url));
    tools::run(command.into(), &stack.state.log(name), &format!("{name} migrate")).await
}

async fn start(stack: &Stack, progress: &Progress, place: u16, name: &'static str) -> Result<()> {
    let step = progress.step(name, "");
    let (pid_file, log) = (stack.state.pid_file(name), stack.state.log(name));
    let answering = async || answers(stack, place).await;
    let running = ready::already(name, &pid_file, &log, LIMIT, answering).await?;
    if running.is_none() {
        step.doing("starting");
        let mut command = Command::new(binary(name)?);
        settings(stack, &mut command, place, name)?;
        let process = Process::start(command, &log, &pid_file)?;
        ready::wait(name, process, &log, LIMIT, answering).await?;
    }
    let how = if running.is_some() { "already running" } else { "ready" };
    step.done(&format!("{how} on {}", grpc(stack, place)));
    Ok(())
}

/// A service's program with all that it must know of this stack.
pub fn command(stack: &Stack, name: &str) -> Result<Command> {
    let (place, name) = all().find(|(_, service)| *service == name).with_context(|| format!("{name} is not a service; {} are", NAMES.join(", ")))?;
    let mut command = Command::new(binary(name)?);
    settings(stack, &mut command, place, name)?;
    Ok(command)
}

/// Sends every service SIGTERM at once and waits for all.
pub async fn down(stack: &Stack, progress: &Progress) -> Result<()> {
    let stops = NAMES.iter().filter_map(|name| {
        let process = Process::running(&stack.state.pid_file(name))?;
        Some(async move {
            let step = progress.step(name, "stopping");
            let gently = process.stop(Signal::TERM, Duration::from_secs(20), Signal::KILL).await?;
            step.done(if gently { "stopped" } else { "killed: it did not stop within 20 s" });
            Ok(())
        })
    });
    futures::future::join_all(stops).await.into_iter().collect()
}

/// The service's program, built beside this one.
fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("the place of this program is unknown")?;
    let dir = own.parent().ok_or_else(|| anyhow!("{} has no directory", own.display()))?;
    let binary = dir.join(name);
    if !binary.is_file() {
        bail!("{} is not built; run `make up`, or `cargo build --release --locked` and this command again", binary.display());
    }
    Ok(binary)
}

/// Sets all that the service must know of this stack, and returns its database URL.
fn settings(stack: &Stack, command: &mut Command, place: u16, name: &str) -> Result<String> {
    let url = postgres::url::of(stack, name)?.with_context(|| format!("{name} has no database password; run `cleargate up`"))?;
    let keys = stack.state.issuer();
    let own = [
        ("DATABASE__URL", url.clone()),
        ("KAFKA__BROKERS", kafka::address(stack).to_string()),
        ("GRPC__LISTEN", grpc(stack, place).to_string()),
        ("HTTP__LISTEN", health(stack, place).to_string()),
        ("AUTH__JWKS", issuer::jwks_file(&keys).display().to_string()),
        ("AUTH__ISSUER", issuer::ISSUER.to_owned()),
        ("AUTH__AUDIENCE", issuer::AUDIENCE.to_owned()),
        ("AUTH__TOKEN_FILE", issuer::token_file(&keys, name).display().to_string()),
    ];
    // Threads share two heaps: a burst leaves less behind.
    command.env("MALLOC_ARENA_MAX", "2");
    if name == "reporting" {
        // A demonstration closes the day it runs on; what arrives later shows as correction due.
        command.env(variable(name, "SERVICE__CLOSE_OPEN_DAYS"), "true");
    }
    if name == "risk" {
        command.env(variable(name, "SERVICE__CLOSE_OPEN_DAYS"), "true");
        command.env(variable(name, "SERVICE__MASTER_KEY_FILE"), secrets::master_key(&stack.state.secrets())?);
    }
    command.current_dir(&stack.home);
    for (key, value) in own {
        command.env(variable(name, key), value);
    }
    for (peer_place, peer) in all() {
        command.env(variable(name, &format!("PEERS__{}", peer.to_uppercase())), format!("http://{}", grpc(stack, peer_place)));
    }
    Ok(url)
}

/// `INTAKE__DATABASE__URL` for `intake` and `DATABASE__URL`.
fn variable(service: &str, key: &str) -> String {
    format!("{}__{key}", service.to_uppercase())
}
