//! `cleargate status`: what of the local stack runs, for people and for scripts.

use crate::stack::{Report, Stack, StackArgs};
use anyhow::{Result, bail};
use clap::Args;
use std::process::ExitCode;

/// The exit code when something is down: neither success nor a failure of the command itself.
const SOMETHING_IS_DOWN: u8 = 3;

/// Show what runs, where and since when; exit code 0 when all run, 3 when something is down.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate status
  cleargate status --json | python3 -m json.tool
  psql \"$(cleargate status --url intake)\"       a service's database, as that service
  psql \"$(cleargate status --url admin)\"        the cluster, as its superuser")]
pub struct Status {
    /// Addresses, pids, paths and database URLs (with their passwords) as JSON.
    #[arg(long, conflicts_with = "url")]
    json: bool,
    /// Only the database URL of one service, or `admin`.
    #[arg(long, value_name = "NAME")]
    url: Option<String>,
}

impl Status {
    pub async fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        if let Some(name) = &self.url {
            match stack.database_url(name)? {
                Some(url) => println!("{url}"),
                None => bail!("there is no password for `{name}` yet; run `cleargate up` (names: intake, risk, tracking, reporting, admin)"),
            }
            return Ok(ExitCode::SUCCESS);
        }
        let report = Report::gather(&stack).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            println!("{}", report.table());
        }
        Ok(if report.running { ExitCode::SUCCESS } else { ExitCode::from(SOMETHING_IS_DOWN) })
    }
}
