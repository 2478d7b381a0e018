//! The programs from the system's packages: Java, Maven, PostgreSQL.

use super::{Stack, kafka, log_tail};
use anyhow::{Context, Result, anyhow, bail};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// Runs the installer of the checkout when something is missing; it installs as root, else names the command to run.
pub async fn install_missing(stack: &Stack) -> Result<()> {
    let missing = missing(stack);
    if missing.is_empty() {
        return Ok(());
    }
    let script = stack.home.join("deploy/local/prepare.sh");
    eprintln!("  packages   {} missing", missing.join(", "));
    let status = Command::new("bash").arg(&script).stdin(Stdio::null()).status().await.with_context(|| format!("cannot run {}", script.display()))?;
    if !status.success() {
        bail!("{} missing; run the command named above, then this one again", missing.join(", "));
    }
    Ok(())
}

fn missing(stack: &Stack) -> Vec<&'static str> {
    let maven_needed = !kafka::jars::are_cached(stack);
    let found = [("Java 17", java().is_ok()), ("Maven", !maven_needed || maven().is_ok()), ("PostgreSQL 15", postgres_bin().is_ok())];
    found.into_iter().filter(|(_, found)| !found).map(|(name, _)| name).collect()
}

/// `java` of `JAVA_HOME`, of the path, or of the newest package.
#[expect(clippy::disallowed_methods, reason = "JAVA_HOME is how a system names its Java")]
pub fn java() -> Result<PathBuf> {
    let named = std::env::var("JAVA_HOME").ok().map(|home| Path::new(&home).join("bin/java")).filter(|java| java.is_file());
    named.or_else(|| on_path("java")).or_else(|| newest("/usr/lib/jvm", "bin/java")).ok_or_else(|| anyhow!("no Java; install a JDK 17 or newer"))
}

pub fn maven() -> Result<PathBuf> {
    on_path("mvn").ok_or_else(|| anyhow!("no Maven; install it"))
}

/// The directory of `initdb`, `postgres` and `psql`.
pub fn postgres_bin() -> Result<PathBuf> {
    const OLDEST: u32 = 15;
    let packaged = newest_version("/usr/lib/postgresql", OLDEST).map(|dir| dir.join("bin"));
    let beside = || on_path("initdb").and_then(|found| Some(found.canonicalize().ok()?.parent()?.to_path_buf()));
    packaged.filter(|bin| bin.join("initdb").is_file()).or_else(beside).ok_or_else(|| anyhow!("no PostgreSQL {OLDEST} or newer; install its server"))
}

#[expect(clippy::disallowed_methods, reason = "PATH is where programs are looked for")]
fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").ok()?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn newest(dir: &str, inside: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path().join(inside))).filter(|file| file.is_file()).max()
}

fn newest_version(dir: &str, oldest: u32) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    let versions = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    versions.filter(|version| *version >= oldest).max().map(|version| Path::new(dir).join(version.to_string()))
}

/// Runs a command to its end, output into `log`.
pub async fn run(mut command: Command, log: &Path, what: &str) -> Result<()> {
    let out = std::fs::OpenOptions::new().create(true).append(true).open(log).with_context(|| format!("cannot open {}", log.display()))?;
    command.stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out);
    let status = command.status().await.with_context(|| format!("{what}: cannot run {:?}", command.as_std().get_program()))?;
    if !status.success() {
        bail!("{what} failed ({status}); {}", log_tail(log));
    }
    Ok(())
}
