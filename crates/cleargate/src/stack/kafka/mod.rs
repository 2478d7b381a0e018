//! A single Kafka node in KRaft mode: broker and controller in one process.

pub mod jars;
mod node;
mod probe;

use super::process::Process;
use super::ready::{self, local};
use super::{Stack, tools};
use crate::progress::Progress;
use anyhow::Result;
use rustix::process::Signal;
use std::net::SocketAddr;
use std::time::Duration;

pub use node::controller;

pub const PART: &str = "kafka";

/// Recovery of the logs after a kill takes its time.
const LIMIT: Duration = Duration::from_secs(60);

pub fn address(stack: &Stack) -> SocketAddr {
    local(stack.ports.kafka)
}

/// Whether it answers clients.
pub async fn answers(stack: &Stack) -> bool {
    probe::answers(address(stack)).await
}

/// Fetches the jars, formats the log directory and starts the node, each only if that was not done before.
pub async fn up(stack: &Stack, progress: &Progress) -> Result<()> {
    let step = progress.step(PART, "");
    let (pid_file, log) = (stack.state.pid_file(PART), stack.state.log(PART));
    let answering = async || answers(stack).await;
    if ready::already(PART, &pid_file, &log, LIMIT, answering).await?.is_some() {
        step.done(&format!("already running on {}", address(stack)));
        return Ok(());
    }
    let java = tools::java()?;
    if !jars::are_cached(stack) {
        step.doing("fetching its jars with Maven, 43 MB the first time");
        jars::fetch(stack).await?;
    }
    node::configure(stack)?;
    if !node::is_formatted(stack) {
        step.doing("formatting the log directory");
        node::format(stack, &java).await?;
    }
    ready::port_is_free(PART, address(stack), "--kafka-port").await?;
    ready::port_is_free(PART, node::controller(stack), "--kafka-port").await?;
    for listener in &stack.scale.kafka_listeners {
        ready::port_is_free(PART, local(listener.port), "--kafka-listener").await?;
    }
    step.doing("starting");
    let process = Process::start(node::serve(stack, &java), &log, &pid_file)?;
    ready::wait(PART, process, &log, LIMIT, answering).await?;
    step.done(&format!("ready on {}", address(stack)));
    Ok(())
}

pub async fn down(stack: &Stack, progress: &Progress) -> Result<()> {
    let Some(process) = Process::running(&stack.state.pid_file(PART)) else { return Ok(()) };
    let step = progress.step(PART, "stopping");
    let gently = process.stop(Signal::TERM, Duration::from_secs(20), Signal::KILL).await?;
    step.done(if gently { "stopped" } else { "killed: it did not stop within 20 s" });
    Ok(())
}
