//! From Kafka: an own assignment from the stored offsets, batches over all partitions, positions without a gap.
use anyhow::{Context as _, Result, ensure};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    message::{BorrowedMessage, Headers as _},
};
use sqlx::PgConnection;

use crate::{
    prepare,
    store::{self, Progress},
    topology::{DECLARATIONS, PARTITIONS, Service},
};

const MOST: usize = 2_000;

pub struct Reading {
    pub consumer: StreamConsumer,
    pub places: Places,
}

/// How far every partition is read.
pub struct Places {
    reads: &'static [&'static str],
    /// Length of the prefix that Kafka's names have.
    prefix: usize,
    progress: Vec<Progress>,
}

/// One message, borrowed from the client's memory.
pub struct Fact<'m> {
    pub topic: &'static str,
    pub partition: i32,
    pub offset: i64,
    /// 0 when it comes from outside.
    pub position: i64,
    pub office: &'m str,
    pub id: &'m str,
    pub source: &'m str,
    pub trace: &'m str,
    pub payload: &'m [u8],
}

impl Reading {
    pub async fn begin(conn: &mut PgConnection, brokers: &str, name: &str, service: Service) -> Result<Self> {
        let consumer: StreamConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", format!("{name}.{}", service.name()))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("fetch.min.bytes", "1")
            .set("fetch.message.max.bytes", "262144")
            .set("queued.max.messages.kbytes", "8192")
            // A full queue is filled again at once, not after the stock second.
            .set("fetch.queue.backoff.ms", "5")
            .set("socket.nagle.disable", "true")
            .create()?;
        let mut progress = store::progress(conn).await?;
        let mut list = TopicPartitionList::new();
        for place in &progress {
            list.add_partition_offset(&prepare::topic(name, &place.topic), place.partition, Offset::Offset(place.next_offset))?;
        }
        consumer.assign(&list)?;
        let reads = service.reads();
        progress.sort_by_key(|p| (reads.iter().position(|topic| *topic == p.topic), p.partition));
        Ok(Self { consumer, places: Places { reads, prefix: name.len() + 1, progress } })
    }
}

pub fn full(batch: &[BorrowedMessage<'_>]) -> bool {
    batch.len() >= MOST
}

/// Takes what the client already has.
pub async fn drain<'c>(consumer: &'c StreamConsumer, batch: &mut Vec<BorrowedMessage<'c>>) {
    while !full(batch) {
        tokio::select! {
            biased;
            message = consumer.recv() => batch.extend(message),
            () = std::future::ready(()) => break,
        }
    }
}

impl Places {
    /// What of a batch was not read before.
    pub fn facts<'m>(&mut self, batch: &'m [BorrowedMessage<'_>]) -> Result<Vec<Fact<'m>>> {
        let mut facts = Vec::with_capacity(batch.len());
        for message in batch {
            let name = &message.topic()[self.prefix..];
            let topic = self.reads.iter().position(|topic| *topic == name).context("a topic that was not asked for")?;
            let place = &mut self.progress[topic * PARTITIONS as usize + usize::try_from(message.partition())?];
            place.next_offset = message.offset() + 1;
            let fact = fact(self.reads[topic], message)?;
            if fact.topic != DECLARATIONS {
                // A relay that begins again repeats what it does not know to be acknowledged.
                if fact.position <= place.position {
                    continue;
                }
                ensure!(fact.position == place.position + 1, "{}/{}: {} after {}", fact.topic, fact.partition, fact.position, place.position);
                place.position = fact.position;
            }
            facts.push(fact);
        }
        Ok(facts)
    }

    /// False when somebody else has moved a position.
    pub async fn store(&mut self, conn: &mut PgConnection) -> Result<bool> {
        let moved: Vec<&mut Progress> = self.progress.iter_mut().filter(|p| p.next_offset != p.stored.0).collect();
        if store::advance(conn, &moved).await? != moved.len() as u64 {
            return Ok(false);
        }
        moved.into_iter().for_each(|p| p.stored = (p.next_offset, p.position));
        Ok(true)
    }
}

fn fact<'m>(topic: &'static str, message: &'m BorrowedMessage<'_>) -> Result<Fact<'m>> {
    let office = std::str::from_utf8(message.key().unwrap_or_default())?;
    let payload = message.payload().unwrap_or_default();
    let (partition, offset) = (message.partition(), message.offset());
    let mut fact = Fact { topic, partition, offset, position: 0, office, id: "", source: "", trace: "", payload };
    for header in message.headers().into_iter().flat_map(|headers| headers.iter()) {
        let value = || std::str::from_utf8(header.value.unwrap_or_default());
        match header.key {
            "ce_id" => fact.id = value()?,
            "ce_source" => fact.source = value()?,
            "ce_sequence" => fact.position = value()?.parse()?,
            "traceparent" => fact.trace = value()?,
            _ => {}
        }
    }
    Ok(fact)
}
