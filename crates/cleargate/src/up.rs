//! `cleargate up`: brings up what of the local stack is not running yet.

use crate::progress::{Progress, seconds};
use crate::stack::{ScaleArgs, Stack, StackArgs};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use tokio::time::Instant;

/// Start Kafka, PostgreSQL and the four services; what runs already is left alone.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate up
  cleargate up --replicas 1       one process of each service instead of two; remembered, as the ports are
  cleargate up --no-services
  CLEARGATE_STATE=/tmp/second cleargate up --kafka-port 29092 --postgres-port 25432 \\
      --grpc-port 8101 --http-port 8201       a second stack beside the first

Replica k of a service listens 10 k ports above the first (7111 and 7211 for intake's second) and logs to <service>-<k>.log.
Settings of a service in the caller's environment win over what the stack sets, except its own addresses:
  INTAKE__KAFKA__BROKERS=127.0.0.1:29092 cleargate up       intake through a proxy
  CLEARGATE_PROGRAM_RISK=/builds/risk-old cleargate up      another program in place of risk

State, logs and data are under .local/ of the checkout; `cleargate clean` removes them.")]
pub struct Up {
    /// Start Kafka and PostgreSQL only.
    #[arg(long)]
    no_services: bool,
    #[command(flatten)]
    scale: ScaleArgs,
}

impl Up {
    pub async fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let begun = Instant::now();
        let stack = Stack::open_scaled(args, &self.scale)?;
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
