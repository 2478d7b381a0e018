//! `cleargate up`: brings up what of the local stack is not running yet.

use crate::progress::{Progress, seconds};
use crate::stack::{Stack, StackArgs};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use tokio::time::Instant;

/// Start Kafka, PostgreSQL and the four services; what runs already is left alone.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate up
  cleargate up --no-services
  CLEARGATE_STATE=/tmp/second cleargate up --kafka-port 29092 --postgres-port 25432 \\
      --grpc-port 8101 --http-port 8201       a second stack beside the first

State, logs and data are under .local/ of the checkout; `cleargate clean` removes them.")]
pub struct Up {
    /// Start Kafka and PostgreSQL only.
    #[arg(long)]
    no_services: bool,
}

impl Up {
    pub async fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let begun = Instant::now();
        let stack = Stack::open(args)?;
        let _lock = stack.lock()?;
        stack.record()?;
        let progress = Progress::new();
        stack.up_backing(&progress).await?;
        if !self.no_services {
            stack.up_services(&progress).await?;
        }
        eprintln!("  up in {}; `cleargate status` shows addresses, logs are in {}", seconds(begun.elapsed()), stack.state.logs().display());
        Ok(ExitCode::SUCCESS)
    }
}
