//! `cleargate down`: stops the local stack and keeps its data.

use crate::progress::Progress;
use crate::stack::{Stack, StackArgs};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;

/// Stop the services, then Kafka, then PostgreSQL; the data stay.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate down
  cleargate down --keep-stack      stop the services only, for instance to start one in a debugger")]
pub struct Down {
    /// Leave Kafka and PostgreSQL running.
    #[arg(long)]
    keep_stack: bool,
}

impl Down {
    pub async fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        let _lock = stack.lock()?;
        let progress = Progress::new();
        stack.down_services(&progress).await?;
        if !self.keep_stack {
            stack.down_backing(&progress).await?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
