//! A topic as any stock client sees it.
use std::time::Duration;

use anyhow::{Context as _, Result};
use platform::{cloudevent, kafka, reader::Delivery};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    message::{Header, Headers, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};

use crate::{LAYOUT, Sandbox};

const PATIENCE: Duration = Duration::from_secs(20);

/// How many messages the topic holds.
pub fn length(sandbox: &Sandbox, topic: &str) -> Result<usize> {
    let consumer: BaseConsumer = kafka::client(&sandbox.kafka).create()?;
    ends(sandbox, &consumer, topic).map(|ends| ends.iter().sum())
}

/// Every message of the topic up to its present end, by partition and offset, names without the prefix.
pub fn read(sandbox: &Sandbox, topic: &str) -> Result<Vec<Delivery>> {
    let consumer: BaseConsumer = kafka::client(&sandbox.kafka).set("group.id", "onlooker").set("enable.auto.commit", "false").create()?;
    let physical = format!("{}{topic}", sandbox.kafka.prefix);
    let mut list = TopicPartitionList::new();
    let wanted = ends(sandbox, &consumer, topic)?.into_iter().sum();
    for partition in 0..i32::try_from(LAYOUT.streams())? {
        list.add_partition_offset(&physical, partition, Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    let mut messages = Vec::with_capacity(wanted);
    while messages.len() < wanted {
        let message = consumer.poll(PATIENCE).context("the topic ended early")??;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = message.headers().into_iter().flat_map(Headers::iter);
        let headers: cloudevent::Headers = headers.map(|h| (h.key.to_owned(), text(h.value.unwrap_or_default()))).collect();
        messages.push(Delivery {
            topic: topic.into(),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(text).unwrap_or_default().into(),
            headers: headers.into(),
            payload: message.payload().unwrap_or_default().to_vec().into(),
        });
    }
    messages.sort_by_key(|m| (m.partition, m.offset));
    Ok(messages)
}

fn ends(sandbox: &Sandbox, consumer: &BaseConsumer, topic: &str) -> Result<Vec<usize>> {
    let physical = format!("{}{topic}", sandbox.kafka.prefix);
    let end = |partition| anyhow::Ok(usize::try_from(consumer.fetch_watermarks(&physical, partition, PATIENCE)?.1)?);
    (0..i32::try_from(LAYOUT.streams())?).map(end).collect()
}

/// Publishes messages as a single window would, to the partitions that they name.
pub fn write(sandbox: &Sandbox, messages: &[Delivery]) -> Result<()> {
    let producer: BaseProducer = kafka::client(&sandbox.kafka).set("acks", "all").set("enable.idempotence", "true").create()?;
    for message in messages {
        let headers = message.headers.iter().fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
        let physical = format!("{}{}", sandbox.kafka.prefix, message.topic);
        let record = BaseRecord::to(&physical).partition(message.partition).key(&*message.key).payload(&*message.payload).headers(headers);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    Ok(producer.flush(PATIENCE)?)
}

/// Deletes a topic with all it holds.
pub async fn delete(sandbox: &Sandbox, topic: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = kafka::client(&sandbox.kafka).create()?;
    let physical = format!("{}{topic}", sandbox.kafka.prefix);
    for deleted in admin.delete_topics(&[&physical], &AdminOptions::new()).await? {
        deleted.map_err(|(name, code)| anyhow::anyhow!("{name}: {code}"))?;
    }
    Ok(())
}

/// Removes every message of a topic, as retention does; what follows keeps counting.
pub async fn empty(sandbox: &Sandbox, topic: &str) -> Result<()> {
    let consumer: BaseConsumer = kafka::client(&sandbox.kafka).create()?;
    let physical = format!("{}{topic}", sandbox.kafka.prefix);
    let mut list = TopicPartitionList::new();
    for (partition, end) in ends(sandbox, &consumer, topic)?.into_iter().enumerate() {
        list.add_partition_offset(&physical, i32::try_from(partition)?, Offset::Offset(i64::try_from(end)?))?;
    }
    let admin: AdminClient<DefaultClientContext> = kafka::client(&sandbox.kafka).create()?;
    for element in admin.delete_records(&list, &AdminOptions::new()).await?.elements() {
        element.error()?;
    }
    Ok(())
}
