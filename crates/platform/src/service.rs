//! From a definition to a running process: the same `main` for every service.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{PgPool, migrate::Migrator};
use tokio::{net::TcpListener, runtime::Handle, sync::mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::service::Routes;

use crate::{
    callers::{RoleTable, Verifier},
    commands::{CommandLoop, Commands, Decide},
    database::{self, SchemaError},
    health::Health,
    http,
    inbox::Pruning,
    journal::Journal,
    kafka::{
        group::{Member, Owned},
        topics::{self, Topic, TopicError},
    },
    laboratory,
    metrics::Metrics,
    operations::{Desk, Told},
    peers::Peers,
    protocol::owning::Owning,
    reader::{Handler, Source, drive::Loop, step::Reader},
    relay::{Relay, Wake},
    serving,
    settings::{self, Settings},
    shutdown,
    streams::{Class, Layout},
    telemetry,
    timers::{self, Ground, Timer},
    unknown,
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
            _ => run::<S>(definition, settings, telemetry.registry.clone()).await,
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

/// Runs until asked to stop.
async fn run<S: Service>(definition: Definition, settings: Settings<S::Settings>, registry: prometheus::Registry) -> anyhow::Result<()> {
    tracing::info!(service = definition.name, settings = %serde_json::to_string(&settings)?, "starting");
    let layout = Layout::from(settings.streams);
    let pool = database::pool(&settings.database, definition.name).context("database.url")?;
    let journal = Journal { layout, largest_payload: settings.kafka.largest_message as usize };
    let health = Health::default();
    let stop = CancellationToken::new();
    let http = TcpListener::bind(settings.http.listen).await.with_context(|| format!("http.listen {}", settings.http.listen))?;
    let grpc = TcpListener::bind(settings.grpc.listen).await.with_context(|| format!("grpc.listen {}", settings.grpc.listen))?;
    let asked = tokio::spawn(shutdown::requested());
    let probes = CancellationToken::new();
    let http = tokio::spawn(http::serve(http, health.clone(), registry, probes.clone()));

    tokio::select! {
        ready = wait_for_schema(&pool, definition.migrations, &health) => ready?,
        _ = shutdown::requested() => return Ok(()),
    }
    let context = Context { settings, pool, journal };
    let parts = S::build(&context)?;
    let desk = Desk { pool: context.pool.clone(), handler: Arc::clone(&parts.handler), journal, wake: Wake::default(), told: definition.told };
    apply_unknown(&desk, &health).await;
    health.migrated();
    let settings = &context.settings;
    let metrics = Metrics::new(definition.name);
    let wake = desk.wake.clone();
    let owner = owner(definition.name);
    let tasks = TaskTracker::new();

    let relay =
        Relay::new(context.pool.clone(), settings.kafka.clone(), settings.relay, owner.clone(), wake.clone(), health.clone(), metrics.clone());
    let relay_stop = CancellationToken::new();
    let relay = tokio::spawn(relay.run(relay_stop.clone()));

    let (commands, command_loop) = CommandLoop::new(
        context.pool.clone(),
        parts.decide,
        Arc::clone(&parts.handler),
        journal,
        wake.clone(),
        health.clone(),
        metrics.clone(),
        settings.commands,
    );
    tasks.spawn(command_loop.run(stop.clone()));

    let ground = Ground { pool: context.pool.clone(), journal, owner: owner.clone(), wake: wake.clone(), health: health.clone() };
    let witness: Arc<dyn Timer> = Arc::new((definition.witness)());
    let pruning: Arc<dyn Timer> = Arc::new(Pruning { days: settings.reader.inbox_days });
    for timer in parts.timers.into_iter().chain([witness, pruning]) {
        tasks.spawn(timers::run(ground.clone(), timer, stop.clone()));
    }

    let reading = Reading::start(&definition, &context, &parts.handler, &owner, &wake, &health, &metrics, &tasks, &stop)?;
    tasks.spawn(watch_topics(settings.kafka.clone(), kafka_topics(&definition, layout), health.clone(), stop.clone()));
    tasks.spawn(watch_database(context.pool.clone(), health.clone(), stop.clone()));

    tasks.spawn(unknown::watch(desk.clone(), health.clone(), stop.clone()));
    let routes = (parts.routes)(commands).add_service(contracts::common::operations_server::OperationsServer::new(desk));
    let verifier = Arc::new(Verifier::new(&settings.auth, definition.roles));
    let serving_stop = CancellationToken::new();
    let server = tokio::spawn(serving::serve(grpc, routes, verifier, health.clone(), settings.grpc.clone(), serving_stop.clone()));
    tracing::info!(service = definition.name, grpc = %settings.grpc.listen, http = %settings.http.listen, "ready");

    let _ = asked.await;
    health.stopping();
    let bound = Duration::from_secs(settings.shutdown.finish_s);
    serving_stop.cancel();
    let _ = tokio::time::timeout(bound, server).await;
    stop.cancel();
    tasks.close();
    if tokio::time::timeout(bound, tasks.wait()).await.is_err() {
        tracing::warn!("not everything in hand was finished in time; nothing is lost, it is done again");
    }
    reading.leave(bound).await;
    relay_stop.cancel();
    let _ = tokio::time::timeout(bound, relay).await;
    probes.cancel();
    let _ = tokio::time::timeout(Duration::from_secs(1), http).await;
    tracing::info!(service = definition.name, "stopped");
    Ok(())
}

/// The group member on its own thread and a consume loop for each class.
struct Reading {
    thread: std::thread::JoinHandle<()>,
}

impl Reading {
    #[expect(clippy::too_many_arguments, reason = "the parts of the process, named at the only call")]
    fn start<S>(
        definition: &Definition,
        context: &Context<S>,
        handler: &Arc<dyn Handler>,
        owner: &str,
        wake: &Wake,
        health: &Health,
        metrics: &Metrics,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let settings = &context.settings;
        let journals = Arc::new(Peers::new(&settings.peers, &settings.auth.token_file)?);
        let owned = Owned::default();
        let client = Arc::new(Mutex::new(None));
        let mut loops = BTreeMap::new();
        for (class, name) in [(Class::Cargo, "cargo"), (Class::Parcels, "parcels")] {
            let (sender, queue) = mpsc::channel(settings.reader.batch);
            loops.insert(class, sender);
            let reader = Reader {
                pool: context.pool.clone(),
                handler: Arc::clone(handler),
                journal: context.journal,
                sources: definition.hears.to_vec(),
                journals: journals.clone(),
                owner: owner.to_owned(),
                metrics: metrics.clone(),
                owning: Owning::default(),
            };
            let consume = Loop::new(reader, queue, Arc::clone(&owned), Arc::clone(&client), wake.clone(), health.clone(), settings.reader, name);
            tasks.spawn(consume.run(stop.clone()));
        }
        let member = Member {
            settings: settings.kafka.clone(),
            group: definition.name,
            owner: owner.to_owned(),
            sources: definition.hears.to_vec(),
            layout: context.journal.layout,
            pool: context.pool.clone(),
            health: health.clone(),
            loops,
        };
        let (runtime, stop) = (Handle::current(), stop.clone());
        let thread = std::thread::Builder::new().name("group".to_owned()).spawn(move || member.run(&runtime, &owned, &client, &stop))?;
        Ok(Self { thread })
    }

    /// Dropping the consumer leaves the group at once, so that nobody waits for a session to run out.
    async fn leave(self, bound: Duration) {
        let left = tokio::task::spawn_blocking(move || self.thread.join());
        let _ = tokio::time::timeout(bound, left).await;
    }
}

async fn wait_for_schema(pool: &PgPool, migrations: &Migrator, health: &Health) -> anyhow::Result<()> {
    loop {
        match database::check(pool, migrations).await {
            Ok(()) => {
                health.database(true);
                return Ok(());
            }
            Err(SchemaError::Database(error)) => {
                health.progressed("start");
                tracing::error!(%error, "the database does not answer, trying again; set <SERVICE>__DATABASE__URL if the address is wrong");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Before the service is ready, so that it never tells of a subject without what it had kept of it.
async fn apply_unknown(desk: &Desk, health: &Health) {
    while let Err(refusal) = unknown::redrive(desk, health).await {
        tracing::warn!(?refusal, "facts of unknown kinds could not be applied yet, trying again");
        health.progressed("start");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A broker that is away is waited for; a topic with other partitions than needed ends the process.
async fn watch_topics(kafka: settings::Kafka, topics: Vec<Topic>, health: Health, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let (settings, wanted) = (kafka.clone(), topics.clone());
        match tokio::task::spawn_blocking(move || topics::check(&settings, &wanted)).await {
            Ok(Ok(())) => {
                health.broker(true);
                return;
            }
            Ok(Err(error @ TopicError::Unreachable(..))) => {
                health.broker(false);
                tracing::error!(%error, "the broker does not answer, trying again; calls by gRPC are answered meanwhile");
            }
            // A topic that was made a moment ago is not in every broker's metadata yet.
            Ok(Err(error @ TopicError::Missing(_))) => tracing::error!(%error, "waiting for the topic"),
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot go on");
                std::process::exit(1);
            }
            Err(_) => return,
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

async fn watch_database(pool: PgPool, health: Health, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let usable = sqlx::query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(&pool).await.is_ok();
        health.database(usable);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Name of this process among its replicas.
fn owner(service: &str) -> String {
    let suffix = crate::clock::random::<4>().map(hex::encode).unwrap_or_default();
    format!("{service}-{}-{suffix}", std::process::id())
}
