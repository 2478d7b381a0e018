//! Kafka's jars, resolved by Maven from `deploy/local/kafka/pom.xml` and kept, so that Maven runs once per version.

use crate::stack::{Stack, tools};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// What was fetched: for which pom, and each jar with its size.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Stamp {
    pom: String,
    jars: BTreeMap<String, u64>,
}

pub fn dir(stack: &Stack) -> PathBuf {
    stack.state.kafka().join("libs")
}

fn pom(stack: &Stack) -> PathBuf {
    stack.home.join("deploy/local/kafka/pom.xml")
}

fn stamp_file(stack: &Stack) -> PathBuf {
    stack.state.kafka().join("libs.json")
}

/// Whether every jar of the present pom is there in full.
pub fn are_cached(stack: &Stack) -> bool {
    let recorded = fs::read(stamp_file(stack)).ok().and_then(|text| serde_json::from_slice::<Stamp>(&text).ok());
    recorded.is_some_and(|stamp| look(&pom(stack), &dir(stack)).is_ok_and(|found| found == stamp))
}

/// Runs Maven and records what it brought.
pub async fn fetch(stack: &Stack) -> Result<()> {
    let fresh = stack.state.kafka().join("libs.new");
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh).with_context(|| format!("cannot create {}", fresh.display()))?;
    let mut maven = Command::new(tools::maven()?);
    maven.args(["-q", "-B", "-ntp", "-f"]).arg(pom(stack)).arg("dependency:copy-dependencies").arg(format!("-DoutputDirectory={}", fresh.display()));
    let hint = "fetching Kafka's jars (is there a network, or a mirror in ~/.m2/settings.xml?)";
    tools::run(maven, &stack.state.log("maven"), hint).await?;
    let stamp = look(&pom(stack), &fresh)?;
    if stamp.jars.is_empty() {
        bail!("Maven brought no jars; see {}", stack.state.log("maven").display());
    }
    let _ = fs::remove_dir_all(dir(stack));
    fs::rename(&fresh, dir(stack))?;
    Ok(fs::write(stamp_file(stack), serde_json::to_vec_pretty(&stamp)?)?)
}

fn look(pom: &Path, dir: &Path) -> Result<Stamp> {
    let text = fs::read(pom).with_context(|| format!("cannot read {}", pom.display()))?;
    let mut jars = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        jars.insert(entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len());
    }
    Ok(Stamp { pom: hex::encode(Sha256::digest(&text)), jars })
}
