//! What a service is told of its stack: a program and its environment. What the caller has set already wins.

use super::replica::{self, Replica};
use crate::stack::{Stack, issuer, kafka, postgres, secrets};
use anyhow::{Context, Result, anyhow, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An owner silent for so long loses its partitions; the local broker allows less than the stock one.
const SESSION_MS: &str = "3000";

/// The program of a replica with all that it must know of this stack.
pub fn command(stack: &Stack, replica: Replica, program: Option<&Path>) -> Result<Command> {
    let program = program.map_or_else(|| self::program(replica.service), |named| Ok(named.to_path_buf()))?;
    let mut command = Command::new(program);
    let url = postgres::url::of(stack, replica.service)?;
    let url = url.with_context(|| format!("{} has no database password; run `cleargate up`", replica.service))?;
    command.current_dir(&stack.home);
    // Of this replica alone, so that no one else's value can be meant.
    command.env(variable(replica.service, "GRPC__LISTEN"), replica.grpc(stack).to_string());
    command.env(variable(replica.service, "HTTP__LISTEN"), replica.health(stack).to_string());
    for (key, value) in told(stack, replica.service, url)? {
        let variable = variable(replica.service, &key);
        if of_caller(&variable).is_none() {
            command.env(variable, value);
        }
    }
    Ok(command)
}

/// `<service> migrate`, without limits on statements and locks.
pub fn migration(stack: &Stack, service: &str, program: Option<&Path>) -> Result<Command> {
    let mut command = command(stack, Replica::named(service, 0)?, program)?;
    let variable = variable(service, "DATABASE__URL");
    let url = of_caller(&variable).map_or_else(|| postgres::url::of(stack, service), |url| Ok(Some(url)))?.unwrap_or_default();
    command.arg("migrate").env(variable, postgres::url::unhurried(&url));
    Ok(command)
}

fn told(stack: &Stack, service: &str, url: String) -> Result<Vec<(String, String)>> {
    let keys = stack.state.issuer();
    let mut told = vec![
        ("DATABASE__URL".to_owned(), url),
        ("KAFKA__BROKERS".to_owned(), kafka::address(stack).to_string()),
        ("KAFKA__SESSION_MS".to_owned(), SESSION_MS.to_owned()),
        ("AUTH__JWKS".to_owned(), issuer::jwks_file(&keys).display().to_string()),
        ("AUTH__ISSUER".to_owned(), issuer::ISSUER.to_owned()),
        ("AUTH__AUDIENCE".to_owned(), issuer::AUDIENCE.to_owned()),
        ("AUTH__TOKEN_FILE".to_owned(), issuer::token_file(&keys, service).display().to_string()),
    ];
    if ["reporting", "risk"].contains(&service) {
        // A demonstration closes the day it runs on; what arrives later shows as correction due.
        told.push(("SERVICE__CLOSE_OPEN_DAYS".to_owned(), "true".to_owned()));
    }
    if service == "risk" {
        told.push(("SERVICE__MASTER_KEY_FILE".to_owned(), secrets::master_key(&stack.state.secrets())?.display().to_string()));
    }
    told.extend(replica::NAMES.into_iter().map(|peer| (format!("PEERS__{}", peer.to_uppercase()), stack.grpc_addresses(peer).join(","))));
    Ok(told)
}

/// The service's program: what `CLEARGATE_PROGRAM_<SERVICE>` names, else the one built beside this one.
pub fn program(service: &str) -> Result<PathBuf> {
    if let Some(named) = of_caller(&format!("CLEARGATE_PROGRAM_{}", service.to_uppercase())) {
        return Ok(PathBuf::from(named));
    }
    let own = std::env::current_exe().context("the place of this program is unknown")?;
    let dir = own.parent().ok_or_else(|| anyhow!("{} has no directory", own.display()))?;
    let binary = dir.join(service);
    if !binary.is_file() {
        bail!("{} is not built; run `make up`, or `cargo build --release --locked` and this command again", binary.display());
    }
    Ok(binary)
}

#[expect(clippy::disallowed_methods, reason = "the caller's environment is the edge: it overrides what the stack would set")]
fn of_caller(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// `INTAKE__DATABASE__URL` for `intake` and `DATABASE__URL`.
fn variable(service: &str, key: &str) -> String {
    format!("{}__{key}", service.to_uppercase())
}
