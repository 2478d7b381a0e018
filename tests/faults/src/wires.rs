//! Topics as they are: read whole, written again, emptied, made anew.
use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    message::{BorrowedMessage, OwnedMessage},
    metadata::MetadataTopic,
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use tokio::time::Instant;

use crate::site::Site;

/// Every message of a topic, partition by partition, from the earliest.
pub async fn read(site: &Site, logical: &str) -> Result<Vec<OwnedMessage>> {
    fold(site, logical, Vec::new(), |mut messages, message| {
        messages.push(message.detach());
        Ok(messages)
    })
    .await
}

/// Takes every message of a topic in, each partition from the earliest to the end that it has now.
pub async fn fold<T: Send + 'static>(
    site: &Site,
    logical: &str,
    into: T,
    take: impl FnMut(T, &BorrowedMessage<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (brokers, topic) = (site.ground.brokers(), site.topic(logical));
    tokio::task::spawn_blocking(move || fold_blocking(&brokers, &topic, into, take)).await?
}

fn fold_blocking<T>(brokers: &str, topic: &str, mut into: T, mut take: impl FnMut(T, &BorrowedMessage<'_>) -> Result<T>) -> Result<T> {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "faults-read").set("enable.auto.commit", "false").create()?;
    let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(10))?;
    let mut open = BTreeMap::new();
    let mut list = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
        let (low, end) = consumer.fetch_watermarks(topic, partition.id(), Duration::from_secs(10))?;
        if end > low {
            open.insert(partition.id(), end);
            list.add_partition_offset(topic, partition.id(), Offset::Offset(low))?;
        }
    }
    consumer.assign(&list)?;
    let mut moved = Instant::now();
    while !open.is_empty() {
        match consumer.poll(Duration::from_millis(200)) {
            Some(message) => {
                let message = message?;
                moved = Instant::now();
                if open.get(&message.partition()).is_some_and(|end| message.offset() + 1 >= *end) {
                    open.remove(&message.partition());
                }
                into = take(into, &message)?;
            }
            None if moved.elapsed() > Duration::from_secs(20) => bail!("{topic} cannot be read to its end"),
            None => {}
        }
    }
    Ok(into)
}

/// Writes messages again to the partitions that they came from, with key, headers and payload as they were.
pub async fn write(site: &Site, messages: Vec<OwnedMessage>) -> Result<()> {
    let brokers = site.ground.brokers();
    tokio::task::spawn_blocking(move || {
        let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("acks", "all")
            .set("linger.ms", "5")
            .set("queue.buffering.max.messages", "2000000")
            .create()?;
        for message in &messages {
            let mut record = BaseRecord::to(message.topic())
                .partition(message.partition())
                .key(message.key().unwrap_or_default())
                .payload(message.payload().unwrap_or_default());
            if let Some(headers) = message.headers() {
                record = record.headers(headers.clone());
            }
            producer.send(record).map_err(|(error, _)| error)?;
        }
        Ok(producer.flush(Duration::from_secs(60))?)
    })
    .await?
}

fn admin(site: &Site) -> Result<AdminClient<DefaultClientContext>> {
    Ok(ClientConfig::new().set("bootstrap.servers", site.ground.brokers()).create()?)
}

/// Deletes a topic and makes it again, empty, with as many partitions.
pub async fn make_anew(site: &Site, logical: &str) -> Result<()> {
    let (admin, topic) = (admin(site)?, site.topic(logical));
    let metadata = admin.inner().fetch_metadata(Some(&topic), Duration::from_secs(10))?;
    let partitions = metadata.topics().first().map_or(0, |t| t.partitions().len());
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(15)));
    admin.delete_topics(&[&topic], &options).await?.pop().context("an answer")?.map_err(|(_, code)| anyhow::anyhow!("{code}"))?;
    let wanted = NewTopic::new(&topic, i32::try_from(partitions)?, TopicReplication::Fixed(1)).set("retention.ms", "-1");
    for _ in 0..100 {
        match admin.create_topics([&wanted], &options).await?.pop().context("an answer")? {
            Ok(_) => return Ok(()),
            // Deleting takes a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    bail!("{topic} cannot be made anew")
}

/// Removes every message that is there, as retention would.
pub async fn empty(site: &Site, logical: &str) -> Result<()> {
    let (admin, topic) = (admin(site)?, site.topic(logical));
    let metadata = admin.inner().fetch_metadata(Some(&topic), Duration::from_secs(10))?;
    let mut list = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
        list.add_partition_offset(&topic, partition.id(), Offset::End)?;
    }
    admin.delete_records(&list, &AdminOptions::new()).await?;
    Ok(())
}
