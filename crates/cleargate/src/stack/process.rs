//! Processes that outlive the command which started them, known again by pid and start time.

use super::procfs;
use crate::clock;
use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A process that the stack started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: i32,
    /// Ticks since boot: a recycled pid has another.
    start_ticks: u64,
    /// Seconds since 1970.
    pub since: u64,
}

impl Process {
    /// The process that `pid_file` names, if it still lives.
    pub fn running(pid_file: &Path) -> Option<Self> {
        let process: Self = serde_json::from_slice(&fs::read(pid_file).ok()?).ok()?;
        process.lives().then_some(process)
    }

    pub fn lives(&self) -> bool {
        procfs::start_ticks(self.pid) == Some(self.start_ticks)
    }

    /// Starts `command` in a process group of its own, its output appended to `log`.
    pub fn start(mut command: Command, log: &Path, pid_file: &Path) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let out = OpenOptions::new().create(true).append(true).open(log).with_context(|| format!("cannot open {}", log.display()))?;
        let err = out.try_clone()?;
        command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        let pid = i32::try_from(child.id())?;
        let Some(start_ticks) = procfs::start_ticks(pid) else { bail!("{program} ended at once; see {}", log.display()) };
        let process = Self { pid, start_ticks, since: clock::now().as_secs() };
        process.note(pid_file)?;
        Ok(process)
    }

    /// Notes down this process, which is about to become the program of a part.
    pub fn this(pid_file: &Path) -> Result<()> {
        let pid = i32::try_from(std::process::id())?;
        let start_ticks = procfs::start_ticks(pid).context("this process is not in /proc")?;
        Self { pid, start_ticks, since: clock::now().as_secs() }.note(pid_file)
    }

    fn note(self, pid_file: &Path) -> Result<()> {
        Ok(fs::write(pid_file, serde_json::to_vec(&self)?)?)
    }

    /// Sends `gentle`, waits up to `grace`, then sends `hard`; `true` when the gentle way was enough.
    pub async fn stop(self, gentle: Signal, grace: Duration, hard: Signal) -> Result<bool> {
        self.signal(gentle)?;
        if self.gone_within(grace).await {
            return Ok(true);
        }
        self.signal(hard)?;
        if self.gone_within(Duration::from_secs(10)).await {
            return Ok(false);
        }
        bail!("process {} does not end; look at it with `ps -fp {}`", self.pid, self.pid)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.pid).ok_or_else(|| anyhow!("{} is no pid", self.pid))?;
        match kill_process(pid, signal) {
            Err(_) if !self.lives() => Ok(()),
            outcome => outcome.with_context(|| format!("cannot signal process {}", self.pid)),
        }
    }

    async fn gone_within(&self, time: Duration) -> bool {
        let waiting = async {
            while self.lives() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(time, waiting).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recycled_pid_is_not_taken_for_ours() {
        let dir = std::env::temp_dir().join(format!("cleargate-pid-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let file = dir.join("part.json");
        let own = i32::try_from(std::process::id()).unwrap();
        fs::write(&file, serde_json::to_vec(&Process { pid: own, start_ticks: 1, since: 0 }).unwrap()).unwrap();
        assert_eq!(Process::running(&file), None);
        fs::remove_dir_all(&dir).unwrap();
    }
}
