//! From a definition to a running process: the same `main` for every service.
mod reading;
mod run;
mod watch;

use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{PgPool, migrate::Migrator};
use tonic::service::Routes;

use crate::{
    callers::RoleTable,
    commands::{Commands, Decide},
    database,
    journal::Journal,
    kafka::topics::{self, Topic},
    laboratory,
    operations::Told,
    reader::{Handler, Source},
    settings::{self, Settings},
    streams::Layout,
    telemetry,
    timers::Timer,
    witness::Witness,
};

/// How many partitions a topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One for each stream of cargo and of parcels.
    Both,
    /// One for each stream of cargo.
    Cargo,
    /// One for each stream of parcels.
    Parcels,
}

/// What the platform must know of a service.
pub struct Definition {
    /// The one word: crate, binary, database, consumer group, settings section.
    pub name: &'static str,
    /// Defaults of its settings, TOML.
    pub settings: &'static str,
    pub migrations: &'static Migrator,
    /// Topics that its journal holds.
    pub tells: &'static [&'static str],
    /// Topics that it hears.
    pub hears: &'static [Source],
    /// Topics from outside that it hears, to be created with its own.
    pub outside: &'static [(&'static str, Size)],
    pub roles: RoleTable,
    pub told: Told,
    pub witness: fn() -> Witness,
}

/// What a service is built from.
pub struct Context<S> {
    pub settings: Settings<S>,
    pub pool: PgPool,
    pub journal: Journal,
}

/// What a service consists of.
pub struct Parts<D: Decide> {
    pub handler: Arc<dyn Handler>,
    pub decide: Arc<D>,
    pub timers: Vec<Arc<dyn Timer>>,
    /// gRPC services, given where to leave commands.
    pub routes: Box<dyn FnOnce(Commands<D::Command>) -> Routes + Send>,
}

/// One of the four services.
pub trait Service: Sized + 'static {
    type Settings: DeserializeOwned + Serialize + Clone + Send + Sync + 'static;
    type Decide: Decide;

    fn definition() -> Definition;
    fn build(context: &Context<Self::Settings>) -> anyhow::Result<Parts<Self::Decide>>;
}

#[derive(Parser)]
#[command(
    version,
    about = "A service of Cleargate.",
    after_help = "Settings come from the environment: <SERVICE>__<SECTION>__<KEY>; `settings` prints them."
)]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Run the service (default)
    Serve,
    /// Create topics, apply migrations, create stream heads
    Migrate,
    /// Print the settings with secrets redacted
    Settings,
}

/// What `main` of every service does.
pub fn main<S: Service>() -> anyhow::Result<()> {
    let definition = S::definition();
    let settings: Settings<S::Settings> = settings::load(definition.name, definition.settings)?;
    let task = Arguments::parse().task.unwrap_or(Task::Serve);
    if matches!(task, Task::Settings) {
        println!("{}", serde_json::to_string_pretty(&settings)?);
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let telemetry = telemetry::install(definition.name, &settings.telemetry)?;
        let _scenario = laboratory::begin();
        let outcome = match task {
            Task::Migrate => migrate(&definition, &settings).await,
            _ => run::run::<S>(definition, settings, telemetry.registry.clone()).await,
        };
        tokio::task::spawn_blocking(move || telemetry.flush()).await?;
        outcome
    })
}

fn kafka_topics(definition: &Definition, layout: Layout) -> Vec<Topic> {
    let told = definition.tells.iter().map(|name| (*name, Size::Both));
    told.chain(definition.outside.iter().copied())
        .map(|(name, size)| {
            let partitions = match size {
                Size::Both => layout.streams(),
                Size::Cargo => layout.cargo,
                Size::Parcels => layout.parcels,
            };
            Topic { name, partitions }
        })
        .collect()
}

/// Topics, then tables. Running it again changes nothing.
pub async fn migrate<S>(definition: &Definition, settings: &Settings<S>) -> anyhow::Result<()> {
    let layout = Layout::from(settings.streams);
    topics::create(&settings.kafka, &kafka_topics(definition, layout)).await.context("creating topics")?;
    laboratory::point("migrate::after-topics");
    database::migrate(settings.database.url.expose(), definition.migrations, definition.tells, layout).await.context("migrating the database")?;
    tracing::info!(service = definition.name, "migrated");
    Ok(())
}
