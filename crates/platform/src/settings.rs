//! Settings: documented defaults in the binary, overridden by environment variables with `__` between the levels.
//!
//! `INTAKE__DATABASE__URL=postgres://...` sets `database.url` of intake. `<service> settings` prints the result with secrets redacted.
use std::net::SocketAddr;

use config::{Config, Environment, File, FileFormat};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{limits::bucket::Rate, secret::Secret};

const DEFAULTS: &str = include_str!("defaults.toml");

/// Everything a service can be told; `S` is the section of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings<S> {
    pub database: Database,
    pub kafka: Kafka,
    pub streams: Streams,
    pub grpc: Grpc,
    pub http: Http,
    pub auth: Auth,
    pub peers: Peers,
    pub telemetry: Telemetry,
    pub reader: Reader,
    pub relay: Relay,
    pub commands: Commands,
    pub shutdown: Shutdown,
    pub limits: Limits,
    pub health: Health,
    /// What only this service knows.
    pub service: S,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: Secret,
    pub connections: u32,
    pub acquire_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    pub brokers: String,
    pub prefix: String,
    pub protocol: GroupProtocol,
    pub session_ms: u32,
    pub largest_message: u32,
    pub replication: i32,
    pub fetched_kb: u32,
    pub unsent_kb: u32,
    /// Further librdkafka properties, e.g. for TLS; values are treated as secrets.
    #[serde(default)]
    pub properties: std::collections::BTreeMap<String, Secret>,
}

/// How consumer groups share partitions out: the classic protocol or KIP-848.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupProtocol {
    Classic,
    Consumer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streams {
    pub cargo: u32,
    pub parcels: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grpc {
    pub listen: SocketAddr,
    pub deadline_ms: u64,
    pub connection_age_s: u64,
    pub largest_message: usize,
    pub calls_of_connection: u32,
    pub keepalive_s: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    pub requests: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub jwks: String,
    pub issuer: String,
    pub audience: String,
    pub token_file: String,
}

/// gRPC addresses of the services that own what this one reads, several replicas separated by commas; empty: not reachable.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peers {
    pub intake: String,
    pub risk: String,
    pub tracking: String,
    pub reporting: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub log: String,
    pub format: LogFormat,
    pub otlp_endpoint: String,
    pub gauges_s: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Pretty,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    pub batch: usize,
    pub batch_bytes: usize,
    pub idle_check_s: u64,
    pub inbox_days: u32,
}

impl Reader {
    /// Messages that may wait in the queue of a class. A paused partition is fetched again only when the request that is under way comes back,
    /// up to 100 ms later when nothing else comes: meanwhile the loop lives on what is left. `batch_bytes` bounds it too: of messages above some 3 KB
    /// fewer wait.
    pub const fn room(&self) -> usize {
        self.batch.saturating_mul(4)
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    pub rows: i64,
    pub lease_s: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    pub batch: usize,
    pub queue: usize,
    pub queue_bytes: usize,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    pub linger_ms: u64,
    pub finish_s: u64,
}

/// Calls that may be in hand at once, and what one caller may ask for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub calls: u32,
    pub calls_for_queries: u32,
    pub queries: u32,
    pub commands_of_one: Rate,
    pub queries_of_one: Rate,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    pub stuck_s: u64,
}

/// A setting that cannot be used, with what would be right.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("settings cannot be read: {0}")]
    Unreadable(#[from] config::ConfigError),
    #[error("{0}")]
    Wrong(String),
}

/// Reads the settings of `service`: common defaults, then `defaults` of the service (TOML), then the environment.
pub fn load<S: DeserializeOwned>(service: &str, defaults: &str) -> Result<Settings<S>, SettingsError> {
    let environment = Environment::with_prefix(&service.to_uppercase())
        .prefix_separator("__")
        .separator("__")
        .ignore_empty(true)
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("service.offices");
    let settings: Settings<S> = Config::builder()
        .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
        .add_source(File::from_str(defaults, FileFormat::Toml))
        .add_source(environment)
        .build()?
        .try_deserialize()?;
    settings.validate(service)?;
    Ok(settings)
}

impl<S> Settings<S> {
    fn validate(&self, service: &str) -> Result<(), SettingsError> {
        let prefix = service.to_uppercase();
        let rules = [
            (!self.database.url.expose().is_empty(), format!("database.url is empty: set {prefix}__DATABASE__URL")),
            (!self.kafka.brokers.is_empty(), format!("kafka.brokers is empty: set {prefix}__KAFKA__BROKERS")),
            (
                self.commands.queue_bytes > 0 && u32::try_from(self.commands.queue_bytes).is_ok(),
                "commands.queue_bytes must be between 1 and 4294967295".to_owned(),
            ),
            (self.streams.cargo > 0, "streams.cargo must be at least 1".to_owned()),
            (self.streams.parcels > 0, "streams.parcels must be at least 1".to_owned()),
            (self.database.connections >= 4, "database.connections must be at least 4".to_owned()),
            (self.reader.batch > 0 && self.commands.batch > 0, "reader.batch and commands.batch must be at least 1".to_owned()),
            (self.reader.batch_bytes >= 1 << 16, "reader.batch_bytes must be at least 65536".to_owned()),
            (
                self.limits.calls_for_queries <= self.limits.calls,
                "limits.calls_for_queries must be at most limits.calls: queries are turned away before commands".to_owned(),
            ),
            (!self.auth.jwks.is_empty(), format!("auth.jwks is empty: set {prefix}__AUTH__JWKS to a JWKS file")),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, complaint)) => Err(SettingsError::Wrong(complaint)),
            None => Ok(()),
        }
    }
}
