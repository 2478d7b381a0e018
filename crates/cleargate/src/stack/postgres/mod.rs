//! A private PostgreSQL cluster: own data directory, own port, own passwords, never root.

mod cluster;
mod databases;
mod huge;
pub mod url;

use super::process::Process;
use super::ready::{self, local};
use super::{Stack, tools};
use crate::progress::Progress;
use anyhow::Result;
use rustix::process::Signal;
use std::net::SocketAddr;
use std::time::Duration;

pub const PART: &str = "postgres";

/// Recovery after a kill takes its time.
const LIMIT: Duration = Duration::from_secs(120);

pub fn address(stack: &Stack) -> SocketAddr {
    local(stack.ports.postgres)
}

/// Whether it listens; `up` also signs in and makes the databases.
pub async fn answers(stack: &Stack) -> bool {
    tokio::net::TcpStream::connect(address(stack)).await.is_ok()
}

/// Makes the cluster if there is none, starts it if it does not run, and makes roles and databases what they should be.
pub async fn up(stack: &Stack, progress: &Progress) -> Result<()> {
    let step = progress.step(PART, "");
    let bin = tools::postgres_bin()?;
    let (pid_file, log) = (stack.state.pid_file(PART), stack.state.log(PART));
    let answering = async || databases::answers(stack, &bin).await;
    let running = ready::already(PART, &pid_file, &log, LIMIT, answering).await?;
    if running.is_none() {
        let cluster = cluster::Cluster::place(stack, &bin)?;
        if !cluster.exists() {
            step.doing(&format!("making a cluster in {}", cluster.place.display()));
            cluster.create(stack).await?;
        }
        cluster.forget_killed_server().await?;
        ready::port_is_free(PART, address(stack), "--postgres-port").await?;
        step.doing("starting");
        cluster.configure(stack)?;
        if let Some(wanted) = cluster.huge_pages()
            && !huge::reserve(wanted, &stack.state.huge_pages())
        {
            eprintln!("  postgres   {wanted} huge pages would save it a fifth of its CPU under load; as root: sysctl -w vm.nr_hugepages={wanted}");
        }
        let process = Process::start(cluster.serve(), &log, &pid_file)?;
        ready::wait(PART, process, &log, LIMIT, answering).await?;
    }
    databases::prepare(stack, &bin).await?;
    let how = if running.is_some() { "already running" } else { "ready" };
    step.done(&format!("{how} on {}", address(stack)));
    Ok(())
}

pub async fn down(stack: &Stack, progress: &Progress) -> Result<()> {
    if let Some(process) = Process::running(&stack.state.pid_file(PART)) {
        let step = progress.step(PART, "stopping");
        // "Fast", then "immediate" shutdown; SIGKILL would leave its children and shared memory behind.
        let gently = process.stop(Signal::INT, Duration::from_secs(20), Signal::QUIT).await?;
        step.done(if gently { "stopped" } else { "stopped the hard way: it did not stop within 20 s" });
    }
    huge::give_back(&stack.state.huge_pages())
}
