//! What runs, where and since when: one value, shown as a table or as JSON.

use super::process::Process;
use super::{Stack, issuer, kafka, postgres, procfs, services};
use crate::clock;
use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The state of one part.
#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    Running,
    /// The process lives and does not answer: starting, or its database is away.
    NotReady,
    Down,
}

/// What is known of one process.
#[derive(Clone, Serialize)]
pub struct Part {
    state: Condition,
    address: String,
    pid: Option<i32>,
    /// Seconds since 1970.
    since: Option<u64>,
    memory_kb: Option<u64>,
    log: PathBuf,
}

#[derive(Serialize)]
struct Database {
    #[serde(flatten)]
    part: Part,
    place: Option<PathBuf>,
}

#[derive(Serialize)]
struct Service {
    #[serde(flatten)]
    part: Part,
    grpc: String,
    http: String,
    /// Without limits on statements and transactions: for audits and scripts.
    database_url: Option<String>,
    token_file: PathBuf,
    /// All of them, replica 0 first; the fields above are its.
    replicas: Vec<ReplicaPart>,
}

#[derive(Serialize)]
struct ReplicaPart {
    replica: u16,
    #[serde(flatten)]
    part: Part,
    grpc: String,
    http: String,
}

#[derive(Serialize)]
struct Keys {
    issuer: &'static str,
    audience: &'static str,
    jwks: PathBuf,
    key: PathBuf,
}

/// The whole stack at one moment.
#[derive(Serialize)]
pub struct Report {
    /// Whether every part runs and answers.
    pub running: bool,
    home: PathBuf,
    state_dir: PathBuf,
    logs: PathBuf,
    issuer: Keys,
    kafka: Part,
    postgres: Database,
    services: BTreeMap<&'static str, Service>,
}

impl Report {
    /// Asks every part.
    pub async fn gather(stack: &Stack) -> Result<Self> {
        let kafka = part(stack, kafka::PART, kafka::address(stack).to_string(), kafka::answers(stack).await);
        let part_of_postgres = part(stack, postgres::PART, postgres::address(stack).to_string(), postgres::answers(stack).await);
        let postgres = Database { part: part_of_postgres, place: stack.state.postgres_place() };
        let keys = stack.state.issuer();
        let mut services = BTreeMap::new();
        for name in services::NAMES {
            services.insert(name, service(stack, name).await?);
        }
        let replicas = services.values().flat_map(|service| service.replicas.iter().map(|replica| &replica.part));
        let parts = [&kafka, &postgres.part].into_iter().chain(replicas);
        let running = parts.into_iter().all(|part| matches!(part.state, Condition::Running));
        Ok(Self {
            running,
            home: stack.home.clone(),
            state_dir: stack.state.dir().to_path_buf(),
            logs: stack.state.logs(),
            issuer: Keys { issuer: issuer::ISSUER, audience: issuer::AUDIENCE, jwks: issuer::jwks_file(&keys), key: issuer::key_file(&keys) },
            kafka,
            postgres,
            services,
        })
    }

    /// At most 80 columns wide.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["PART", "STATE", "ADDRESS", "HEALTH", "PID", "SINCE", "MEMORY"]);
        let backing = [(postgres::PART, &self.postgres.part), (kafka::PART, &self.kafka)].map(|(name, part)| (name, part, ""));
        let backing = backing.map(|(name, part, health)| (name.to_owned(), part, health));
        let services = services::NAMES.iter().filter_map(|name| self.services.get_key_value(name));
        let replicas = services.flat_map(|(name, service)| service.replicas.iter().map(|replica| (*name, replica)));
        let replicas = replicas.map(|(name, replica)| {
            let name = if replica.replica == 0 { name.to_owned() } else { format!("{name}-{}", replica.replica) };
            (name, &replica.part, replica.http.trim_start_matches("http://127.0.0.1"))
        });
        for (name, part, health) in backing.into_iter().chain(replicas) {
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            table.add_row([
                name,
                part.state.word().to_owned(),
                part.address.clone(),
                health.to_owned(),
                or_dash(part.pid.map(|pid| pid.to_string())),
                or_dash(part.since.map(|since| age(clock::now().as_secs().saturating_sub(since)))),
                or_dash(part.memory_kb.map(|kb| format!("{} MB", kb.div_ceil(1024)))),
            ]);
        }
        for column in [4, 6] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let table = table.to_string();
        let lines: Vec<&str> = table.lines().map(str::trim_end).collect();
        format!("{}\n logs: {}", lines.join("\n"), relative(&self.logs, &self.home))
    }
}

impl Condition {
    fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::NotReady => "not ready",
            Self::Down => "down",
        }
    }
}

/// As many replicas as the stack should have, and whoever runs beyond that.
async fn service(stack: &Stack, name: &'static str) -> Result<Service> {
    let mut replicas = Vec::new();
    for replica in services::of(name, services::MOST) {
        if replica.number < stack.scale.replicas || services::running(stack, replica).is_some() {
            let grpc = replica.grpc(stack);
            let part = part(stack, &replica.part(), grpc.to_string(), services::answers(stack, replica).await);
            let http = format!("http://{}", replica.health(stack));
            replicas.push(ReplicaPart { replica: replica.number, part, grpc: format!("http://{grpc}"), http });
        }
    }
    let first = replicas.first().context("every service has a replica")?;
    Ok(Service {
        part: first.part.clone(),
        grpc: first.grpc.clone(),
        http: first.http.clone(),
        database_url: stack.database_url(name)?.as_deref().map(postgres::url::unhurried),
        token_file: issuer::token_file(&stack.state.issuer(), name),
        replicas,
    })
}

fn part(stack: &Stack, name: &str, address: String, answers: bool) -> Part {
    let process = Process::running(&stack.state.pid_file(name));
    let state = match (&process, answers) {
        (Some(_), true) => Condition::Running,
        (Some(_), false) => Condition::NotReady,
        (None, _) => Condition::Down,
    };
    Part {
        state,
        address,
        pid: process.map(|process| process.pid),
        since: process.map(|process| process.since),
        memory_kb: process.and_then(|process| procfs::tree_memory_kb(process.pid)),
        log: stack.state.log(name),
    }
}

fn age(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

fn relative(path: &Path, home: &Path) -> String {
    path.strip_prefix(home).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn an_age_is_told_in_the_two_largest_units() {
        assert_eq!([age(59), age(61), age(3_720), age(90_000)], ["59 s", "1 min", "1 h 2 min", "1 d 1 h"]);
    }
}
