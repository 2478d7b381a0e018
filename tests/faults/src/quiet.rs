//! Quiet: everything journaled is on its topic, everything on a topic is read, and no reader is behind.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Result, bail};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    metadata::MetadataTopic,
};
use sqlx::PgPool;
use tokio::time::Instant;

use crate::site::{HEARS, OUTSIDE, SERVICES, Site};

/// (topic, stream) and how far.
pub type Places = BTreeMap<(String, i32), i64>;

/// Waits until nothing moves any more; fails with what is still behind. Returns how long it took.
pub async fn wait(site: &Site, patience: Duration) -> Result<Duration> {
    let mut pools = BTreeMap::new();
    for service in SERVICES {
        pools.insert(service, site.database(service).await?);
    }
    let began = Instant::now();
    let mut calm = 0;
    loop {
        let behind = behind(site, &pools).await.unwrap_or_else(|error| vec![error.to_string()]);
        calm = if behind.is_empty() { calm + 1 } else { 0 };
        if calm >= 3 {
            return Ok(began.elapsed());
        }
        if began.elapsed() > patience {
            bail!("not quiet after {} s: {}", patience.as_secs(), behind.into_iter().take(6).collect::<Vec<_>>().join("; "));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Where every journal ends.
pub async fn heads(site: &Site) -> Result<Places> {
    let mut heads = Places::new();
    for service in SERVICES {
        let rows: Vec<(String, i32, i64)> =
            sqlx::query_as("SELECT topic, stream, position FROM streams").fetch_all(&site.database(service).await?).await?;
        heads.extend(rows.into_iter().map(|(topic, stream, position)| ((topic, stream), position)));
    }
    Ok(heads)
}

async fn behind(site: &Site, pools: &BTreeMap<&'static str, PgPool>) -> Result<Vec<String>> {
    let mut behind = Vec::new();
    let mut heads = Places::new();
    for (service, pool) in pools {
        let rows: Vec<(String, i32, i64, i64)> = sqlx::query_as("SELECT topic, stream, position, published FROM streams").fetch_all(pool).await?;
        for (topic, stream, position, published) in rows {
            if published < position {
                behind.push(format!("{service} has not published {topic}/{stream} beyond {published} of {position}"));
            }
            heads.insert((topic, stream), position);
        }
    }
    let ends = Outside::open(site).await?.ends().await?;
    for (service, topics) in HEARS {
        let Some(pool) = pools.get(service) else { continue };
        let rows: Vec<(String, i32, i64, i64)> =
            sqlx::query_as("SELECT topic, partition, position, next_offset FROM consumers").fetch_all(pool).await?;
        let read: BTreeMap<(String, i32), (i64, i64)> = rows.into_iter().map(|(t, p, position, offset)| ((t, p), (position, offset))).collect();
        for ((topic, stream), head) in heads.iter().filter(|((topic, _), _)| topics.contains(&topic.as_str())) {
            let (position, _) = read.get(&(topic.clone(), *stream)).copied().unwrap_or_default();
            if position < *head {
                behind.push(format!("{service} has read {topic}/{stream} to {position} of {head}"));
            }
        }
        if service == "intake" {
            for ((topic, partition), end) in &ends {
                let (_, next) = read.get(&(topic.clone(), *partition)).copied().unwrap_or_default();
                if next < *end {
                    behind.push(format!("intake has read {topic}/{partition} to offset {next} of {end}"));
                }
            }
        }
    }
    Ok(behind)
}

/// The single window's topics as the broker knows them, asked again and again.
#[derive(Clone)]
pub struct Outside {
    client: Arc<BaseConsumer>,
    /// Logical topic, topic, partition.
    places: Arc<[(&'static str, String, i32)]>,
}

impl Outside {
    pub async fn open(site: &Site) -> Result<Self> {
        let (brokers, topics) = (site.ground.brokers(), OUTSIDE.map(|t| (t, site.topic(t))));
        tokio::task::spawn_blocking(move || {
            let client: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "faults-outside").create()?;
            let mut places = Vec::new();
            for (logical, topic) in topics {
                let metadata = client.fetch_metadata(Some(&topic), Duration::from_secs(5))?;
                let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
                places.extend(partitions.map(|p| (logical, topic.clone(), p.id())));
            }
            Ok(Self { client: Arc::new(client), places: places.into() })
        })
        .await?
    }

    /// The end of every partition, by logical topic. Whoever asks last closes the client too, on a thread that may block.
    pub async fn ends(self) -> Result<Places> {
        tokio::task::spawn_blocking(move || {
            let end = |(logical, topic, partition): &(&str, String, i32)| {
                let (_, end) = self.client.fetch_watermarks(topic, *partition, Duration::from_secs(5))?;
                Ok((((*logical).to_owned(), *partition), end))
            };
            self.places.iter().map(end).collect()
        })
        .await?
    }
}
