//! A service at work: its parts are started in the order in which they need each other, and stopped in the reverse.
use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Context, Definition, Service, kafka_topics, reading::Reading, watch};
use crate::{
    callers::Verifier,
    commands::CommandLoop,
    database,
    health::Health,
    http,
    inbox::Pruning,
    journal::Journal,
    limits::Limits,
    metrics::{Metrics, collect::Collector},
    operations::Desk,
    relay::{Relay, Wake},
    serving,
    settings::Settings,
    shutdown,
    streams::Layout,
    timers::{self, Ground, Timer},
    unknown,
};

/// Runs until asked to stop.
pub(super) async fn run<S: Service>(definition: Definition, settings: Settings<S::Settings>, registry: prometheus::Registry) -> anyhow::Result<()> {
    tracing::info!(service = definition.name, settings = %serde_json::to_string(&settings)?, "starting");
    let layout = Layout::from(settings.streams);
    let pool = database::pool(&settings.database, definition.name).context("database.url")?;
    let journal = Journal { layout, largest_payload: settings.kafka.largest_message as usize };
    let health = Health::new(settings.health);
    let stop = CancellationToken::new();
    let http = TcpListener::bind(settings.http.listen).await.with_context(|| format!("http.listen {}", settings.http.listen))?;
    let grpc = TcpListener::bind(settings.grpc.listen).await.with_context(|| format!("grpc.listen {}", settings.grpc.listen))?;
    let asked = tokio::spawn(shutdown::requested());
    let probes = CancellationToken::new();
    let http = tokio::spawn(http::serve(http, health.clone(), registry, settings.http.requests, probes.clone()));

    tokio::select! {
        ready = watch::schema(&pool, definition.migrations, &health) => ready?,
        _ = shutdown::requested() => return Ok(()),
    }
    let context = Context { settings, pool, journal };
    let parts = S::build(&context)?;
    let desk = Desk { pool: context.pool.clone(), handler: Arc::clone(&parts.handler), journal, wake: Wake::default(), told: definition.told };
    watch::unknown_kinds(&desk, &health).await;
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
    tasks.spawn(watch::topics(settings.kafka.clone(), kafka_topics(&definition, layout), health.clone(), stop.clone()));
    tasks.spawn(watch::database(context.pool.clone(), health.clone(), stop.clone()));

    tasks.spawn(unknown::watch(desk.clone(), health.clone(), stop.clone()));
    let routes = (parts.routes)(commands)
        .add_service(contracts::common::operations_server::OperationsServer::new(desk).max_decoding_message_size(settings.grpc.largest_message));
    let longest = Duration::from_millis(settings.grpc.deadline_ms);
    let limits = Arc::new(Limits::new(settings.limits, longest, metrics.clone()).context("the descriptors of the protocol")?);
    let collector = Collector {
        pool: context.pool.clone(),
        connections: settings.database.connections,
        kafka: settings.kafka.clone(),
        sources: definition.hears.to_vec(),
        owner: owner.clone(),
        health: health.clone(),
        metrics: metrics.clone(),
        share: limits.share.clone(),
        period: Duration::from_secs(settings.telemetry.gauges_s.max(1)),
    };
    tasks.spawn(collector.run(stop.clone()));
    let verifier = Arc::new(Verifier::new(&settings.auth, definition.roles));
    let serving_stop = CancellationToken::new();
    let server = tokio::spawn(serving::serve(grpc, routes, verifier, limits, health.clone(), settings.grpc.clone(), serving_stop.clone()));
    tracing::info!(service = definition.name, grpc = %settings.grpc.listen, http = %settings.http.listen, "ready");

    let _ = asked.await;
    health.stopping();
    // Whoever sends calls here learns it from the probes; until then they are answered.
    tokio::time::sleep(Duration::from_millis(settings.shutdown.linger_ms)).await;
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

/// Name of this process among its replicas.
fn owner(service: &str) -> String {
    let suffix = crate::clock::random::<4>().map(hex::encode).unwrap_or_default();
    format!("{service}-{}-{suffix}", std::process::id())
}
