//! One process: a batch of messages, one transaction, and what it left goes to the topics from memory.
use std::{str::FromStr as _, time::Duration};

use anyhow::{Result, ensure};
use sqlx::{ConnectOptions as _, Connection as _, postgres::PgConnectOptions};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use crate::{
    hops,
    reading::{self, Reading},
    relay::Relay,
    store,
    topology::Service,
    wire::Filler,
};

/// A batch that comes so soon after the last commit gathers for a while: transactions of one message cost twenty times their share of a large one.
const CLOSE: Duration = Duration::from_millis(20);
const GATHER: Duration = Duration::from_millis(10);
/// How often `published` follows what the broker has acknowledged.
const PUBLISHED_EVERY: Duration = Duration::from_millis(200);

pub async fn run(service: Service, url: &str, brokers: &str, name: &str) -> Result<()> {
    let mut conn = PgConnectOptions::from_str(url)?.application_name(service.name()).connect().await?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut relay = Relay::new(brokers, name, service)?;
    relay.resume(&mut conn).await?;
    let Reading { consumer, mut places } = Reading::begin(&mut conn, brokers, name, service).await?;
    let filler = Filler::new();
    let mut tick = interval(PUBLISHED_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    println!("ready");

    let mut committed = Instant::now();
    loop {
        let first = tokio::select! {
            message = consumer.recv() => message,
            _ = tick.tick() => {
                relay.advance(&mut conn).await?;
                continue;
            }
            _ = terminated.recv() => break,
        };
        let mut batch = match first {
            Ok(message) => vec![message],
            // The client connects again by itself; a gap would show by position.
            Err(error) => {
                eprintln!("{}: {error}", service.name());
                continue;
            }
        };
        reading::drain(&consumer, &mut batch).await;
        if !reading::full(&batch) && committed.elapsed() < CLOSE {
            sleep(GATHER).await;
            reading::drain(&consumer, &mut batch).await;
        }

        let facts = places.facts(&batch)?;
        let mut tx = conn.begin().await?;
        ensure!(places.store(&mut tx).await?, "another process reads for {}", service.name());
        let rows = match service {
            Service::Intake => hops::intake(&mut tx, &facts, &filler).await?,
            Service::Risk => hops::risk(&mut tx, &facts, &filler).await?,
            Service::Tracking => hops::tracking(&mut tx, &facts).await?,
            Service::Reporting => hops::reporting(&mut tx, &facts).await?,
        };
        store::append(&mut tx, service.tells(), &rows).await?;
        tx.commit().await?;
        committed = Instant::now();
        for row in &rows {
            relay.send(row).await?;
        }
    }
    relay.end(&mut conn).await
}
