//! One experiment's own ground: databases and topics under a name nobody else uses, and how its processes are started.
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context as _, Result, ensure};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::process::Command;

use crate::{clock, ground::Ground};

/// The services in the order of their ports.
pub const SERVICES: [&str; 4] = ["intake", "risk", "tracking", "reporting"];
/// Topics that a service's journal holds.
pub const TELLS: [(&str, &[&str]); 4] = [
    ("intake", &["customs.intake.v1", "nsw.responses.v1"]),
    ("risk", &["customs.risk.v1", "customs.risk.traces.v1"]),
    ("tracking", &["customs.tracking.v1"]),
    ("reporting", &["customs.reporting.v1"]),
];
/// Topics of ours that a service reads.
pub const HEARS: [(&str, &[&str]); 4] = [
    ("intake", &["customs.risk.v1", "customs.tracking.v1"]),
    ("risk", &["customs.intake.v1", "customs.tracking.v1"]),
    ("tracking", &["customs.intake.v1", "customs.risk.v1"]),
    ("reporting", &["customs.intake.v1", "customs.risk.v1", "customs.tracking.v1"]),
];
/// Topics of the single window that intake reads.
pub const OUTSIDE: [&str; 3] = ["nsw.declarations.v1", "nsw.parcels.v1", "nsw.payments.v1"];
pub const OFFICES: [&str; 9] = ["32BC", "32BB", "31BB", "33BA", "33CF", "31CD", "32CD", "33CC", "33PD"];

/// What differs from a plain pair of replicas.
#[derive(Debug, Clone)]
pub struct Plan {
    pub replicas: u16,
    /// Environment of every process, by `SECTION__KEY` without the service's prefix.
    pub settings: BTreeMap<String, String>,
    /// Ports at which single services find PostgreSQL and Kafka, when something stands between.
    pub postgres: BTreeMap<&'static str, u16>,
    pub kafka: BTreeMap<&'static str, u16>,
    /// Ports at which the other services find a replica, and callers one of intake, when something stands between.
    pub peers: BTreeMap<(&'static str, u16), u16>,
    pub callers: BTreeMap<u16, u16>,
    /// Port of another cluster than the laboratory's that holds this site's databases.
    pub cluster: Option<u16>,
    /// The laboratory build, with failpoints, instead of the release build.
    pub laboratory: bool,
    /// Further environment as it is.
    pub environment: BTreeMap<String, String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            replicas: 2,
            settings: BTreeMap::new(),
            postgres: BTreeMap::new(),
            kafka: BTreeMap::new(),
            peers: BTreeMap::new(),
            callers: BTreeMap::new(),
            cluster: None,
            laboratory: false,
            environment: BTreeMap::new(),
        }
    }
}

/// Databases, topics and addresses of one experiment.
pub struct Site {
    pub ground: Arc<Ground>,
    pub name: String,
    pub plan: Plan,
    urls: BTreeMap<&'static str, String>,
    pub tokens: BTreeMap<&'static str, String>,
}

impl Site {
    /// Makes databases, applies migrations and creates topics.
    pub async fn new(ground: &Arc<Ground>, plan: Plan) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("f{}x{}", clock::now().timestamp() % 10_000_000, NEXT.fetch_add(1, Ordering::Relaxed));
        let placed =
            |url: String| plan.cluster.map_or(url.clone(), |port| url.replace(&format!(":{}/", ground.ports.postgres), &format!(":{port}/")));
        let mut admin = PgConnection::connect(&placed(ground.url("admin").await?)).await?;
        let mut urls = BTreeMap::new();
        for service in SERVICES {
            let database = format!("{name}_{service}");
            sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {database} OWNER {service}"))).execute(&mut admin).await?;
            let url = placed(ground.url(service).await?);
            let (server, _) = url.rsplit_once('/').context("a database URL has a path")?;
            urls.insert(service, format!("{server}/{database}"));
        }
        let mut tokens = BTreeMap::new();
        for (role, subject) in [("sender", "LAB"), ("auditor", "lab-auditor"), ("head", "lab-head"), ("operator", "lab-operator")] {
            tokens.insert(role, ground.token(subject, role).await?);
        }
        let site = Self { ground: Arc::clone(ground), name, plan, urls, tokens };
        let migrations = SERVICES.iter().map(|service| site.migrate(service));
        futures::future::try_join_all(migrations).await?;
        Ok(site)
    }

    async fn migrate(&self, service: &'static str) -> Result<()> {
        let mut command = self.command(service, 0);
        // As its own role but without the limits that guard the service's work.
        let unhurried = format!("{}?options=-c%20statement_timeout%3D0%20-c%20lock_timeout%3D0", self.url(service)?);
        command.arg("migrate").env(variable(service, "DATABASE__URL"), unhurried);
        let output = command.output().await?;
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()).join(" ");
        ensure!(output.status.success(), "{service} migrate: {said}");
        Ok(())
    }

    /// A replica's program with all that it must know.
    pub fn command(&self, service: &'static str, replica: u16) -> Command {
        let mut command = if self.plan.laboratory {
            let mut faulty = Command::new(self.ground.programs.join("faulty"));
            faulty.env("FAULTY_SERVICE", service);
            faulty
        } else {
            Command::new(self.ground.programs.join(service))
        };
        let issuer = self.ground.state.join("issuer");
        let file = |name: &str| issuer.join(name).display().to_string();
        let mut settings: BTreeMap<String, String> = BTreeMap::from(
            [
                ("DATABASE__URL", self.through(service)),
                ("KAFKA__BROKERS", format!("127.0.0.1:{}", self.plan.kafka.get(service).copied().unwrap_or(self.ground.ports.kafka))),
                ("KAFKA__PREFIX", format!("{}.", self.name)),
                // As on the local stack.
                ("KAFKA__SESSION_MS", "3000".to_owned()),
                ("GRPC__LISTEN", format!("127.0.0.1:{}", self.grpc(service, replica))),
                ("HTTP__LISTEN", format!("127.0.0.1:{}", self.http(service, replica))),
                ("AUTH__JWKS", file("jwks.json")),
                ("AUTH__ISSUER", "cleargate-local".to_owned()),
                ("AUTH__AUDIENCE", "cleargate".to_owned()),
                ("AUTH__TOKEN_FILE", file(&format!("{service}.token"))),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        for peer in SERVICES {
            settings.insert(format!("PEERS__{}", peer.to_uppercase()), self.peers(peer));
        }
        if service == "risk" {
            settings.insert("SERVICE__MASTER_KEY_FILE".to_owned(), self.ground.master_key_file().display().to_string());
        }
        settings.extend(self.plan.settings.clone());
        for (key, value) in settings {
            command.env(variable(service, &key), value);
        }
        command.envs(&self.plan.environment);
        command
    }

    fn peers(&self, service: &'static str) -> String {
        let port = |replica| self.plan.peers.get(&(service, replica)).copied().unwrap_or_else(|| self.grpc(service, replica));
        (0..self.plan.replicas).map(|k| format!("http://127.0.0.1:{}", port(k))).collect::<Vec<_>>().join(",")
    }

    /// Port at which callers find a replica of intake.
    pub fn called(&self, replica: u16) -> u16 {
        self.plan.callers.get(&replica).copied().unwrap_or_else(|| self.grpc("intake", replica))
    }

    /// The URL that services use: through whatever stands between.
    fn through(&self, service: &str) -> String {
        let direct = self.urls.get(service).cloned().unwrap_or_default();
        match self.plan.postgres.get(service) {
            Some(port) => direct.replace(&format!(":{}/", self.plan.cluster.unwrap_or(self.ground.ports.postgres)), &format!(":{port}/")),
            None => direct,
        }
    }

    /// The URL that the laboratory itself uses: always direct.
    pub fn url(&self, service: &str) -> Result<&str> {
        self.urls.get(service).map(String::as_str).with_context(|| format!("{service} is no service"))
    }

    /// A service's database, read from outside.
    pub async fn database(&self, service: &str) -> Result<PgPool> {
        let unhurried = format!("{}?options=-c%20statement_timeout%3D0", self.url(service)?);
        Ok(PgPoolOptions::new().max_connections(2).connect(&unhurried).await?)
    }

    pub fn topic(&self, logical: &str) -> String {
        format!("{}.{logical}", self.name)
    }

    pub fn grpc(&self, service: &str, replica: u16) -> u16 {
        self.ground.ports.grpc + place(service) + 10 * replica
    }

    pub fn http(&self, service: &str, replica: u16) -> u16 {
        self.ground.ports.http + place(service) + 10 * replica
    }

    /// Removes topics and databases: a broker that keeps the topics of every experiment needs longer for every start.
    pub async fn remove(&self) -> Result<()> {
        let topics: Vec<String> =
            TELLS.iter().flat_map(|(_, told)| *told).chain(&OUTSIDE).chain(&["gate.observations.v1"]).map(|t| self.topic(t)).collect();
        let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", self.ground.brokers()).create()?;
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        admin.delete_topics(&names, &AdminOptions::new()).await?;
        if self.plan.cluster.is_some() {
            return Ok(());
        }
        let mut admin = PgConnection::connect(&self.ground.url("admin").await?).await?;
        for service in SERVICES {
            sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {}_{service} WITH (FORCE)", self.name))).execute(&mut admin).await?;
        }
        Ok(())
    }
}

/// Place of a service among the ports.
pub fn place(service: &str) -> u16 {
    (0..).zip(SERVICES).find(|(_, s)| *s == service).map_or(0, |(n, _)| n)
}

/// `RISK__KAFKA__BROKERS` for `risk` and `KAFKA__BROKERS`.
fn variable(service: &str, key: &str) -> String {
    format!("{}__{key}", service.to_uppercase())
}
