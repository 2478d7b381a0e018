//! Reads every answer on a thread of its own and lets the window react.
use std::{sync::Arc, sync::atomic::Ordering::Relaxed, thread::JoinHandle, time::Duration};

use anyhow::{Context, Result, bail};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    metadata::MetadataTopic,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{answer::Answer, states::States, wire::Wire};

const PATIENCE: Duration = Duration::from_secs(10);

/// Begins at the present end of `<prefix>nsw.responses.v1`; ends when told to.
pub fn listen(brokers: &str, prefix: &str, hurried: bool, wire: Arc<Wire>, states: Arc<States>, stop: CancellationToken) -> Result<JoinHandle<()>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("bench-{}", wire.run))
        .set("enable.auto.commit", "false")
        // A busy broker answers fewer, larger fetches; a quiet one answers at once.
        .set("fetch.min.bytes", if hurried { "1" } else { "65536" })
        .set("fetch.wait.max.ms", if hurried { "100" } else { "50" })
        .set("queued.max.messages.kbytes", "8192")
        // A full queue is filled again at once, not after the stock second.
        .set("fetch.queue.backoff.ms", "10")
        .create()?;
    let topic = format!("{prefix}nsw.responses.v1");
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions(&consumer, &topic)? {
        let (_, end) = consumer.fetch_watermarks(&topic, partition, PATIENCE)?;
        list.add_partition_offset(&topic, partition, Offset::Offset(end))?;
    }
    consumer.assign(&list)?;
    Ok(std::thread::spawn(move || {
        while !stop.is_cancelled() {
            if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
                hear(&wire, &states, message.payload().unwrap_or_default());
            }
        }
    }))
}

/// How many partitions a topic has, once all of them have a leader: it may have been made a moment ago.
fn partitions(consumer: &BaseConsumer, topic: &str) -> Result<i32> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).context("the broker does not answer")?;
        let known = metadata.topics().first().map(MetadataTopic::partitions).unwrap_or_default();
        if !known.is_empty() && known.iter().all(|partition| partition.leader() >= 0) {
            return Ok(i32::try_from(known.len())?);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!("topic {topic} has no partitions that can be read")
}

fn hear(wire: &Wire, states: &States, payload: &[u8]) {
    states.heard.fetch_add(1, Relaxed);
    let Some(mut answer) = Answer::read(payload) else { return };
    let Some(n) = answer.about(&wire.run) else { return };
    if !wire.whole {
        states.name(n, &answer.number);
        // The floor counts its numbers in another way: the last digit tells nothing.
        answer.number = "".into();
    }
    if let Some(reaction) = states.hear(n, &answer)
        && let Err(error) = wire.react(states, n, reaction, &answer)
    {
        tracing::warn!(%error, "reacting to an answer");
    }
}
