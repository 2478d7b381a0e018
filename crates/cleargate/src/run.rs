//! `cleargate run` and `cleargate migrate`: one program of the local stack in place of this process, for whoever supervises it.
use std::{ffi::OsString, os::unix::process::CommandExt, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use crate::stack::{Replica, Stack, StackArgs};

/// Become one replica of a service: same process id, output where this one's goes, known to `status`, `up` and `down`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate run risk                                     replica 0
  cleargate run risk --replica 1 --program /builds/risk  another program in its place
  cleargate run risk -- settings                         arguments for the program

Nothing is checked or migrated. Settings in the environment win over what the stack sets, except the replica's own addresses.")]
pub struct Run {
    /// intake, risk, tracking or reporting.
    service: String,
    /// From 0; it need not be one of those that `up` starts.
    #[arg(long, default_value_t = 0, value_name = "K")]
    replica: u16,
    /// Run this instead of the service's program; CLEARGATE_PROGRAM_<SERVICE> says the same.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Arguments for the program.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

impl Run {
    pub fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        let replica = Replica::named(&self.service, self.replica)?;
        let mut command = stack.service_command(replica, self.program.as_deref())?;
        if self.arguments.is_empty() {
            stack.adopt(replica)?;
        }
        Err(command.args(self.arguments).exec()).with_context(|| format!("cannot become {:?}", command.get_program()))
    }
}

/// Create topics and apply the migrations of one service.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate migrate risk
  cleargate migrate risk --program /builds/risk-new")]
pub struct Migrate {
    /// intake, risk, tracking or reporting.
    service: String,
    /// Run this instead of the service's program; CLEARGATE_PROGRAM_<SERVICE> says the same.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

impl Migrate {
    pub fn run(self, args: &StackArgs) -> Result<ExitCode> {
        let mut command = Stack::open(args)?.migration_command(&self.service, self.program.as_deref())?;
        Err(command.exec()).with_context(|| format!("cannot become {:?}", command.get_program()))
    }
}
