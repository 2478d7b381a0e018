//! `cleargate token`: signs in at the local issuer, for grpcurl and for tests.

use crate::clock;
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
    /// Seconds until it expires, instead of minutes; below zero it has expired already.
    #[arg(long, allow_negative_numbers = true, conflicts_with = "minutes")]
    expires_in_s: Option<i64>,
}

impl Token {
    pub fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        let issuer = Issuer::open_or_create(&stack.state.issuer())?;
        println!("{}", issuer.sign_until(&self.subject, &self.roles, &self.offices, self.expires_at(clock::now()))?);
        Ok(ExitCode::SUCCESS)
    }

    fn expires_at(&self, now: Duration) -> Duration {
        match self.expires_in_s {
            None => now.saturating_add(Duration::from_secs(self.minutes.saturating_mul(60))),
            Some(seconds) => Duration::from_secs(now.as_secs().saturating_add_signed(seconds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    #[test]
    fn a_token_may_have_expired_before_it_was_printed() {
        let rest = |arguments: &[&str]| {
            let all = ["token", "--subject", "me", "--role", "head"].iter().chain(arguments);
            let matches = Token::augment_args(clap::Command::new("token")).try_get_matches_from(all)?;
            Ok::<_, clap::Error>(Token::from_arg_matches(&matches)?.expires_at(Duration::from_secs(1_000)).as_secs())
        };
        assert_eq!(rest(&["--minutes", "2"]).unwrap(), 1_120);
        assert_eq!(rest(&["--expires-in-s", "-300"]).unwrap(), 700);
        assert_eq!(rest(&["--expires-in-s=300"]).unwrap(), 1_300);
        assert!(rest(&["--expires-in-s", "5", "--minutes", "2"]).is_err());
    }
}
