//! What the system tests share: a database of their own, topics of their own, and callers of the local issuer.
use std::{
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use platform::{
    database,
    journal::Journal,
    kafka::topics::{self, Topic},
    settings::{self, GroupProtocol},
    streams::Layout,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, migrate::Migrator, postgres::PgPoolOptions};

pub mod issuer;
pub mod process;
pub mod producer;
pub mod relaying;
pub mod system;
pub mod topic;
pub mod toy;

/// One database and one prefix of topics, gone with the local stack.
pub struct Sandbox {
    pub url: String,
    pub pool: PgPool,
    pub journal: Journal,
    pub kafka: settings::Kafka,
}

pub const LAYOUT: Layout = Layout { cargo: 6, parcels: 2 };

impl Sandbox {
    /// A migrated database with the stream heads of `topics`, on the running local stack.
    pub async fn new(migrations: &'static Migrator, topics: &[&'static str]) -> Result<Self> {
        let name = unique("t");
        let url = database(&name).await?;
        database::migrate(&url, migrations, topics, LAYOUT).await?;
        let pool = PgPoolOptions::new().max_connections(40).connect(&url).await?;
        let journal = Journal { layout: LAYOUT, largest_payload: 1 << 20 };
        Ok(Self { url, pool, journal, kafka: kafka(&format!("{name}.")) })
    }

    /// Creates topics under this sandbox's prefix.
    pub async fn create_topics(&self, names: &[&'static str]) -> Result<()> {
        let topics: Vec<Topic> = names.iter().map(|name| Topic { name, partitions: LAYOUT.streams() }).collect();
        topics::create(&self.kafka, &topics).await?;
        Ok(())
    }
}

/// Kafka settings of the local stack.
#[expect(clippy::disallowed_methods, reason = "a test is told by environment of a stack that is not the local one")]
pub fn kafka(prefix: &str) -> settings::Kafka {
    settings::Kafka {
        brokers: std::env::var("CLEARGATE_TEST_BROKERS").unwrap_or_else(|_| "127.0.0.1:19092".to_owned()),
        prefix: prefix.to_owned(),
        protocol: GroupProtocol::Classic,
        session_ms: 6000,
        largest_message: 1 << 20,
        replication: 1,
        fetched_kb: 2048,
        unsent_kb: 16384,
        properties: Default::default(),
    }
}

/// A name that no other test of this or another process uses.
pub fn unique(stem: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let moment = platform::clock::now().timestamp_micros();
    format!("{stem}_{}_{}_{}", std::process::id(), moment % 100_000_000, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Creates an empty database in the cluster of the local stack; returns its URL.
pub async fn database(name: &str) -> Result<String> {
    let admin = admin_url()?;
    let mut conn = PgConnection::connect(&admin).await.context("the local stack does not run: cleargate up --no-services")?;
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut conn).await?;
    let (server, _) = admin.rsplit_once('/').context("a database URL has a path")?;
    Ok(format!("{server}/{name}"))
}

/// URL of the cluster's superuser.
#[expect(clippy::disallowed_methods, reason = "a test is told by environment of a stack that is not the local one")]
pub fn admin_url() -> Result<String> {
    match std::env::var("CLEARGATE_TEST_DATABASE") {
        Ok(url) => Ok(url),
        Err(_) => cleargate(&["status", "--url", "admin"]),
    }
}

/// Runs the command line and returns what it printed.
pub fn cleargate(arguments: &[&str]) -> Result<String> {
    let output = Command::new(binary("cleargate")?).args(arguments).output()?;
    ensure!(output.status.success(), "cleargate {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A binary of the workspace, built beside this test.
pub fn binary(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.ancestors().nth(2).context("tests lie in target/<profile>/deps")?.join(name);
    ensure!(path.exists(), "{} is not built: cargo build --release", path.display());
    Ok(path)
}

/// A token of the local issuer.
pub fn token(subject: &str, role: &str, office: &str) -> Result<String> {
    cleargate(&["token", "--subject", subject, "--role", role, "--office", office])
}

/// Waits until a condition holds; fails with what was waited for.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let wait = async {
        while !condition().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.with_context(|| format!("waited in vain until {what}"))?
}
