//! `cleargate token`: signs in at the local issuer, for grpcurl and for tests.

use crate::stack::{Issuer, Stack, StackArgs};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;

/// Print a signed token of the local issuer.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cleargate token --subject officer:0421 --role officer --office 32CL
  grpcurl -plaintext -H \"authorization: Bearer $(cleargate token --subject me --role supervisor --office '*')\" \\
      127.0.0.1:7102 list")]
pub struct Token {
    /// Who calls; becomes the actor of what the call changes.
    #[arg(long)]
    subject: String,
    /// A role; may be given several times.
    #[arg(long = "role", required = true)]
    roles: Vec<String>,
    /// An office code, `*` for all; may be given several times.
    #[arg(long = "office")]
    offices: Vec<String>,
    /// Minutes until it expires.
    #[arg(long, default_value_t = 720)]
    minutes: u64,
}

impl Token {
    pub fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        let issuer = Issuer::open_or_create(&stack.state.issuer())?;
        println!("{}", issuer.sign(&self.subject, &self.roles, &self.offices, Duration::from_secs(self.minutes.saturating_mul(60)))?);
        Ok(ExitCode::SUCCESS)
    }
}
