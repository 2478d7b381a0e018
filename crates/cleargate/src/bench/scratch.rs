//! A database and a topic for one measurement of the platform alone, with the settings that services ship with.
use std::time::Duration;

use anyhow::{Context, Result};
use platform::{
    Entry, clock,
    cloudevent::Headers,
    database,
    journal::{self, Journal},
    kafka::{self, topics},
    settings::{self, Settings},
    streams::{Class, Layout},
};
use rdkafka::{
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, migrate::Migrator};

use crate::{load::mix::OFFICES, stack::Stack};

/// Logical name of the scratch topic.
pub const TOPIC: &str = "customs.bench.v1";
/// The platform's own tables are enough.
static NO_TABLES: Migrator = Migrator::DEFAULT;
/// Rows of one transaction, as a busy reader leaves them.
const BATCH: usize = 2_000;

/// The section that a service would have of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Nothing {
    nothing: bool,
}

pub struct Scratch {
    pub pool: PgPool,
    pub settings: Settings<Nothing>,
    pub journal: Journal,
    admin: String,
    name: String,
}

impl Scratch {
    pub async fn new(stack: &Stack) -> Result<Self> {
        let admin = stack.database_url("admin")?.context("no database yet; run `cleargate up`")?;
        let name = format!("bench_{}", clock::now().timestamp_millis() % 1_000_000_000);
        let mut conn = PgConnection::connect(&admin).await?;
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut conn).await?;
        let made = Self::furnish(stack, &admin, &name).await;
        if made.is_err() {
            drop_database(&admin, &name).await?;
        }
        made
    }

    async fn furnish(stack: &Stack, admin: &str, name: &str) -> Result<Self> {
        let server = admin.rsplit_once('/').map_or(admin, |(server, _)| server);
        let url = format!("{server}/{name}");
        let told = format!(
            "[database]\nurl = {url:?}\n[kafka]\nbrokers = {:?}\nprefix = \"{name}.\"\n[auth]\njwks = \"-\"\n[service]\nnothing = true\n",
            stack.brokers()
        );
        let settings: Settings<Nothing> = settings::load("bench", &told)?;
        let layout = Layout::from(settings.streams);
        database::migrate(&url, &NO_TABLES, &[TOPIC], layout).await?;
        topics::create(&settings.kafka, &[topics::Topic { name: TOPIC, partitions: layout.streams() }]).await?;
        let journal = Journal { layout, largest_payload: settings.kafka.largest_message as usize };
        let pool = database::pool(&settings.database, "bench")?;
        Ok(Self { pool, settings, journal, admin: admin.to_owned(), name: name.to_owned() })
    }

    /// Journals facts of 400 bytes about all offices.
    pub async fn fill(&self, rows: usize) -> Result<()> {
        let mut written = 0;
        while written < rows {
            let count = BATCH.min(rows - written);
            let entries: Vec<Entry> = (written..written + count).map(entry).collect();
            let mut tx = self.pool.begin().await?;
            journal::append(&mut tx, self.journal, entries).await?;
            tx.commit().await?;
            written += count;
        }
        Ok(())
    }

    pub async fn remove(self) -> Result<()> {
        // What still holds a connection loses it with the database.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.pool.close()).await;
        let broker: AdminClient<DefaultClientContext> = kafka::client(&self.settings.kafka).create()?;
        let topic = format!("{}.{TOPIC}", self.name);
        let removed = broker.delete_topics(&[&topic], &AdminOptions::new()).await;
        drop_database(&self.admin, &self.name).await?;
        removed?;
        Ok(())
    }
}

async fn drop_database(admin: &str, name: &str) -> Result<()> {
    let mut conn = PgConnection::connect(admin).await?;
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut conn).await?;
    Ok(())
}

fn entry(n: usize) -> Entry {
    let office = &OFFICES[n % OFFICES.len()];
    Entry {
        topic: TOPIC,
        class: if n.is_multiple_of(20) { Class::Parcels } else { Class::Cargo },
        kind: "customs.bench.v1.Noted".into(),
        subject: format!("2{n:010}"),
        office: office.code.to_owned(),
        actor: "bench".to_owned(),
        cause: format!("timer:bench:{n}"),
        recorded_at: clock::now(),
        trace: String::new(),
        payload: n.to_be_bytes().repeat(50),
        headers: Headers::default(),
        answer: false,
        answers: None,
    }
}
