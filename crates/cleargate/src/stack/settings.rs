//! What the command line can be told about the stack, and how the checkout is found.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the stack lives and listens; given once to `up`, remembered by the other commands.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Local stack")]
pub struct StackArgs {
    /// Directory of state, logs and data [default: .local of the checkout].
    #[arg(long, global = true, env = "CLEARGATE_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Kafka's port; the next one is its controller's [default: 19092].
    #[arg(long, global = true, env = "CLEARGATE_KAFKA_PORT", value_name = "PORT")]
    kafka_port: Option<u16>,
    /// PostgreSQL's port [default: 15432].
    #[arg(long, global = true, env = "CLEARGATE_POSTGRES_PORT", value_name = "PORT")]
    postgres_port: Option<u16>,
    /// First of the four gRPC ports [default: 7101].
    #[arg(long, global = true, env = "CLEARGATE_GRPC_PORT", value_name = "PORT")]
    grpc_port: Option<u16>,
    /// First of the four ports for health and metrics [default: 7201].
    #[arg(long, global = true, env = "CLEARGATE_HTTP_PORT", value_name = "PORT")]
    http_port: Option<u16>,
}

/// The ports of one stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub kafka: u16,
    pub postgres: u16,
    /// Of intake; risk, tracking and reporting have the next three.
    pub grpc: u16,
    /// Of intake; risk, tracking and reporting have the next three.
    pub http: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { kafka: 19092, postgres: 15432, grpc: 7101, http: 7201 }
    }
}

impl StackArgs {
    /// Flags and environment win over what was `recorded`.
    pub fn ports(&self, recorded: Option<Ports>) -> Ports {
        let known = recorded.unwrap_or_default();
        Ports {
            kafka: self.kafka_port.unwrap_or(known.kafka),
            postgres: self.postgres_port.unwrap_or(known.postgres),
            grpc: self.grpc_port.unwrap_or(known.grpc),
            http: self.http_port.unwrap_or(known.http),
        }
    }
}

/// The checkout: the nearest directory upwards whose `Cargo.toml` has a `[workspace]`, else `CLEARGATE_HOME`.
#[expect(clippy::disallowed_methods, reason = "no flag can carry it: every path of the command line starts here")]
pub fn home() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current directory cannot be read")?;
    let is_workspace = |dir: &&std::path::Path| std::fs::read_to_string(dir.join("Cargo.toml")).is_ok_and(|text| text.contains("[workspace]"));
    if let Some(found) = here.ancestors().find(is_workspace) {
        return Ok(found.to_path_buf());
    }
    match std::env::var("CLEARGATE_HOME") {
        Ok(home) if !home.is_empty() => Ok(PathBuf::from(home)),
        _ => bail!("{} is not inside a checkout of Cleargate; go there, or set CLEARGATE_HOME to it", here.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_what_was_recorded_and_that_over_the_defaults() {
        let recorded = Ports { kafka: 1, postgres: 2, ..Ports::default() };
        let args = StackArgs { kafka_port: Some(9), ..StackArgs::default() };
        assert_eq!(args.ports(Some(recorded)), Ports { kafka: 9, postgres: 2, grpc: 7101, http: 7201 });
    }
}
