//! The consume loop of the platform with a handler that does nothing: position, chain and fence are all that is left.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Result, anyhow, bail};
use async_trait::async_trait;
use platform::{
    Fact, Failure, Handler, Outcome, Work,
    health::Health,
    journal::Row,
    kafka::{
        group::{Member, Owned},
        queue::queue,
    },
    metrics::Metrics,
    peers::Journals,
    protocol::{heads, owning::Owning},
    reader::{Origin, Source, SourceClass, drive::Loop, step::Reader},
    relay::Wake,
    streams::Class,
};
use tokio::{runtime::Handle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    alone::ROWS,
    scratch::{Scratch, TOPIC},
};

const SOURCE: Source = Source { topic: TOPIC, origin: Origin::Ours { producer: "bench" }, class: SourceClass::ByStream };

/// An empty effect, and nobody to ask for missing rows.
struct Idle;

#[async_trait]
impl Handler for Idle {
    async fn apply(&self, _: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        Ok(vec![Outcome::Done; facts.len()])
    }
}

#[async_trait]
impl Journals for Idle {
    async fn read(&self, _: &str, _: &str, _: i32, _: i64, _: i64) -> Result<Vec<Row>, Failure> {
        Err(Failure::Retry("no peer".to_owned()))
    }

    async fn head(&self, _: &str, _: &str, _: i32, _: i64) -> Result<heads::Source, Failure> {
        Err(Failure::Retry("no peer".to_owned()))
    }
}

/// Events a second between the first commit that is seen and the last; joining the group is no part of it.
pub async fn rate(scratch: &Scratch) -> Result<f64> {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let thread = start(scratch, &stop, &tasks)?;
    let measured = watch(scratch).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| anyhow!("the group's thread panicked"))?;
    measured
}

/// As `platform::service` starts it: a member of the group on its own thread and a loop for each class.
fn start(scratch: &Scratch, stop: &CancellationToken, tasks: &TaskTracker) -> Result<std::thread::JoinHandle<()>> {
    let (owned, client): (Owned, _) = (Owned::default(), Arc::new(Mutex::new(None)));
    let (settings, health) = (&scratch.settings, Health::new(scratch.settings.health));
    let mut loops = BTreeMap::new();
    for class in [Class::Cargo, Class::Parcels] {
        let (feed, queue) = queue(settings.reader.room(), settings.reader.batch_bytes);
        loops.insert(class, feed);
        let reader = Reader {
            pool: scratch.pool.clone(),
            handler: Arc::new(Idle),
            journal: scratch.journal,
            sources: vec![SOURCE],
            journals: Arc::new(Idle),
            owner: "bench".to_owned(),
            metrics: Metrics::new("bench"),
            owning: Owning::default(),
            told: Vec::new(),
        };
        let consume = Loop::new(reader, queue, Arc::clone(&owned), Arc::clone(&client), Wake::default(), health.clone(), settings.reader, class);
        tasks.spawn(consume.run(stop.clone()));
    }
    let member = Member {
        settings: settings.kafka.clone(),
        group: "bench",
        owner: "bench".to_owned(),
        sources: vec![SOURCE],
        layout: scratch.journal.layout,
        pool: scratch.pool.clone(),
        health,
        loops,
    };
    let (runtime, cancelled) = (Handle::current(), stop.clone());
    Ok(std::thread::Builder::new().name("group".to_owned()).spawn(move || member.run(&runtime, &owned, &client, &cancelled))?)
}

async fn watch(scratch: &Scratch) -> Result<f64> {
    let mut first = None;
    let mut moved = (0, Instant::now());
    loop {
        let (read,): (i64,) = sqlx::query_as("SELECT COALESCE(sum(position), 0)::bigint FROM consumers").fetch_one(&scratch.pool).await?;
        let now = Instant::now();
        if read > moved.0 {
            first.get_or_insert((now, read));
            moved = (read, now);
        } else if moved.1.elapsed() > Duration::from_secs(60) {
            bail!("{read} of {ROWS} rows are read and nothing has moved for 60 s");
        }
        if let Some((began, before)) = first
            && read >= i64::try_from(ROWS)?
        {
            return Ok((read - before) as f64 / (now - began).as_secs_f64().max(0.001));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
