//! `cleargate settings`: what a service of the local stack would run with, secrets redacted.
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use crate::stack::{Replica, Stack, StackArgs};

/// Print the settings of a service with secrets redacted.
#[derive(Args)]
#[command(after_help = "Every setting is overridden by environment: <SERVICE>__<SECTION>__<KEY>.\n\nExamples:\n  cleargate settings intake")]
pub struct Settings {
    /// intake, risk, tracking or reporting.
    service: String,
}

impl Settings {
    pub fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        let mut command: Command = stack.service_command(Replica::named(&self.service, 0)?, None)?;
        let status = command.arg("settings").status().with_context(|| format!("{} settings", self.service))?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
