//! Waiting for a started process to answer, and saying why when it does not.

use super::log_tail;
use super::process::Process;
use anyhow::{Result, bail};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;

/// Asks `answers` until it says yes; gives up when the process ends or after `limit`.
pub async fn wait(part: &str, process: Process, log: &Path, limit: Duration, answers: impl AsyncFn() -> bool) -> Result<()> {
    let asking = async {
        loop {
            if answers().await {
                return Ok(());
            }
            if !process.lives() {
                bail!("{part} ended while starting; {}", log_tail(log));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(limit, asking).await {
        Ok(outcome) => outcome,
        Err(_) => bail!("{part} (pid {}) does not answer after {} s; {}", process.pid, limit.as_secs(), log_tail(log)),
    }
}

/// The process of `pid_file` once it answers; `None` when there is none, or when it was about to end.
pub async fn already(part: &str, pid_file: &Path, log: &Path, limit: Duration, answers: impl AsyncFn() -> bool) -> Result<Option<Process>> {
    let Some(process) = Process::running(pid_file) else { return Ok(None) };
    match wait(part, process, log, limit, answers).await {
        Ok(()) => Ok(Some(process)),
        Err(_) if !process.lives() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses to start a part whose port belongs to somebody else.
pub async fn port_is_free(part: &str, address: SocketAddr, flag: &str) -> Result<()> {
    if TcpStream::connect(address).await.is_ok() {
        bail!("{part}: {address} is taken by a program that this stack did not start; stop it, or give another port with {flag}");
    }
    Ok(())
}

pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
