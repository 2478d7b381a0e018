//! The node's configuration, its one-time formatting and its command line.

use super::{PART, jars};
use crate::entropy;
use crate::stack::ready::local;
use crate::stack::scale::Listener;
use crate::stack::{Stack, tools};
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The controller listens beside the broker.
pub fn controller(stack: &Stack) -> SocketAddr {
    local(stack.ports.kafka.saturating_add(1))
}

fn properties_file(stack: &Stack) -> PathBuf {
    stack.state.kafka().join("server.properties")
}

fn data(stack: &Stack) -> PathBuf {
    stack.state.kafka().join("data")
}

/// Writes `server.properties` anew, so that a changed port or a changed template takes effect at the next start.
pub fn configure(stack: &Stack) -> Result<()> {
    let template = stack.home.join("deploy/local/kafka/server.properties");
    let text = fs::read_to_string(&template).with_context(|| format!("cannot read {}", template.display()))?;
    let further = |entry: fn(&Listener) -> String| stack.scale.kafka_listeners.iter().map(|l| format!(",{}", entry(l))).collect::<String>();
    let text = text
        .replace("@listeners@", &further(|l| format!("{}://{}", l.name, local(l.port))))
        .replace("@advertised@", &further(|l| format!("{}://{}", l.name, local(l.advertised))))
        .replace("@protocols@", &further(|l| format!("{}:PLAINTEXT", l.name)))
        .replace("@broker@", &super::address(stack).to_string())
        .replace("@controller@", &controller(stack).to_string())
        .replace("@data@", &data(stack).display().to_string());
    fs::create_dir_all(stack.state.kafka())?;
    Ok(fs::write(properties_file(stack), text)?)
}

pub fn is_formatted(stack: &Stack) -> bool {
    data(stack).join("meta.properties").is_file()
}

/// Gives the log directory a random cluster id.
pub async fn format(stack: &Stack, java: &Path) -> Result<()> {
    // Kafka's tools take a leading `-` for an option.
    let cluster = URL_SAFE_NO_PAD.encode(entropy::bytes::<16>()?).replacen('-', "A", 1);
    let mut command = jvm(stack, java, "64m");
    command.args(["kafka.tools.StorageTool", "format", "--standalone", "--cluster-id", &cluster, "--config"]).arg(properties_file(stack));
    tools::run(command.into(), &stack.state.log(PART), "formatting Kafka's log directory").await
}

/// The broker's command line.
pub fn serve(stack: &Stack, java: &Path) -> Command {
    let mut command = jvm(stack, java, "512m");
    command.arg("kafka.Kafka").arg(properties_file(stack));
    command
}

fn jvm(stack: &Stack, java: &Path, heap: &str) -> Command {
    let mut command = Command::new(java);
    command
        .current_dir(stack.state.kafka())
        .arg(format!("-Xmx{heap}"))
        .args(["-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true"])
        // Log to standard error, quietly: the backend is slf4j-simple.
        .args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"])
        .arg("-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
        .arg("-cp")
        .arg(format!("{}/*", jars::dir(stack).display()));
    command
}
