//! The four services as processes, one or more of each: migrated, started, asked whether they are ready, stopped.

mod environment;
mod replica;

pub use environment::{command, migration};
pub use replica::{MOST, NAMES, Replica, all, of};

use super::ready;
use super::{Stack, http, process::Process, tools};
use crate::progress::Progress;
use anyhow::{Result, bail};
use rustix::process::Signal;
use std::time::Duration;
use tokio::time::Instant;

/// A service is ready within a second; a busy machine takes longer.
const LIMIT: Duration = Duration::from_secs(30);

pub async fn answers(stack: &Stack, replica: Replica) -> bool {
    http::is_ok(replica.health(stack), "/readyz").await
}

/// The process of a replica, if it lives.
pub fn running(stack: &Stack, replica: Replica) -> Option<Process> {
    Process::running(&stack.state.pid_file(&replica.part()))
}

/// Stops what is beyond the stack's count, migrates every service of which something does not run, then starts what does not; side by side.
pub async fn up(stack: &Stack, progress: &Progress) -> Result<()> {
    stop(stack, progress, all(MOST).filter(|replica| replica.number >= stack.scale.replicas)).await?;
    let mut stopped = Vec::new();
    for replica in all(stack.scale.replicas).filter(|replica| running(stack, *replica).is_none()) {
        ready::port_is_free(&replica.part(), replica.grpc(stack), "--grpc-port").await?;
        ready::port_is_free(&replica.part(), replica.health(stack), "--http-port").await?;
        if !stopped.contains(&replica.service) {
            stopped.push(replica.service);
        }
    }
    if !stopped.is_empty() {
        let step = progress.step("migrate", "topics and tables");
        futures::future::try_join_all(stopped.iter().map(|service| migrate(stack, service))).await?;
        step.done("topics and tables ready");
    }
    futures::future::try_join_all(all(stack.scale.replicas).map(|replica| start(stack, progress, replica))).await?;
    Ok(())
}

async fn migrate(stack: &Stack, service: &str) -> Result<()> {
    let command = migration(stack, service, None)?;
    tools::run(command.into(), &stack.state.log(service), &format!("{service} migrate")).await
}

async fn start(stack: &Stack, progress: &Progress, replica: Replica) -> Result<()> {
    let part = replica.part();
    let step = progress.step(&part, "");
    let (pid_file, log) = (stack.state.pid_file(&part), stack.state.log(&part));
    let answering = async || answers(stack, replica).await;
    let running = ready::already(&part, &pid_file, &log, LIMIT, answering).await?;
    if running.is_none() {
        step.doing("starting");
        let process = Process::start(command(stack, replica, None)?, &log, &pid_file)?;
        ready::wait(&part, process, &log, LIMIT, answering).await?;
    }
    let how = if running.is_some() { "already running" } else { "ready" };
    step.done(&format!("{how} on {}", replica.grpc(stack)));
    Ok(())
}

/// Stops a replica and starts it again; the time from its start to ready, looked at every 2 ms.
pub async fn restart(stack: &Stack, replica: Replica) -> Result<Duration> {
    if let Some(process) = running(stack, replica) {
        process.stop(Signal::TERM, Duration::from_secs(20), Signal::KILL).await?;
    }
    let part = replica.part();
    let log = stack.state.log(&part);
    let command = command(stack, replica, None)?;
    let begun = Instant::now();
    let process = Process::start(command, &log, &stack.state.pid_file(&part))?;
    while !answers(stack, replica).await {
        if !process.lives() || begun.elapsed() > LIMIT {
            bail!("{part} does not start; see {}", log.display());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(begun.elapsed())
}

/// Sends every replica SIGTERM at once and waits for all.
pub async fn down(stack: &Stack, progress: &Progress) -> Result<()> {
    stop(stack, progress, all(MOST)).await
}

async fn stop(stack: &Stack, progress: &Progress, replicas: impl Iterator<Item = Replica>) -> Result<()> {
    let stops = replicas.filter_map(|replica| {
        let process = running(stack, replica)?;
        Some(async move {
            let step = progress.step(&replica.part(), "stopping");
            let gently = process.stop(Signal::TERM, Duration::from_secs(20), Signal::KILL).await?;
            step.done(if gently { "stopped" } else { "killed: it did not stop within 20 s" });
            Ok(())
        })
    });
    futures::future::join_all(stops).await.into_iter().collect()
}
