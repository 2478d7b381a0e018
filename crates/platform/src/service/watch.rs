//! What a service waits for and keeps an eye on: schema, topics, database.
use std::time::Duration;

use sqlx::{PgPool, migrate::Migrator};
use tokio_util::sync::CancellationToken;

use crate::{
    database::SchemaError,
    health::Health,
    kafka::topics::{Topic, TopicError, check},
    operations::Desk,
    settings, unknown,
};

/// A database that answers later than this does not answer.
const HANGS: Duration = Duration::from_secs(5);

/// Waits for the database; a schema that this version cannot use ends the process.
pub(super) async fn schema(pool: &PgPool, migrations: &Migrator, health: &Health) -> anyhow::Result<()> {
    loop {
        match crate::database::check(pool, migrations).await {
            Ok(()) => {
                health.database(true);
                return Ok(());
            }
            Err(SchemaError::Database(error)) => {
                tracing::error!(%error, "the database does not answer, trying again; set <SERVICE>__DATABASE__URL if the address is wrong");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Before the service is ready, so that it never tells of a subject without what it had kept of it.
pub(super) async fn unknown_kinds(desk: &Desk, health: &Health) {
    while let Err(refusal) = unknown::redrive(desk, health).await {
        tracing::warn!(?refusal, "facts of unknown kinds could not be applied yet, trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A broker that is away is waited for; a topic with other partitions than needed ends the process.
pub(super) async fn topics(kafka: settings::Kafka, topics: Vec<Topic>, health: Health, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let (settings, wanted) = (kafka.clone(), topics.clone());
        match tokio::task::spawn_blocking(move || check(&settings, &wanted)).await {
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

/// Asks the database every second; one that hangs is away too.
pub(super) async fn database(pool: PgPool, health: Health, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let answer = tokio::time::timeout(HANGS, sqlx::query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(&pool)).await;
        health.database(answer.is_ok_and(|answer| answer.is_ok()));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}
