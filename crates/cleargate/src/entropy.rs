//! The one place of the command line that draws random bytes: passwords, the issuer's key, the Kafka cluster's id.

use anyhow::{Result, anyhow};

/// `N` bytes from the operating system.
#[expect(clippy::disallowed_methods, reason = "the command line is an edge: it makes secrets for the local stack")]
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the operating system gives no random bytes: {error}"))?;
    Ok(bytes)
}
