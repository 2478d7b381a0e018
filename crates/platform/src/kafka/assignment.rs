//! What happens when partitions come and go: claims before anything is fetched, signals to the loops, offsets that the broker does not have.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use rdkafka::{
    ClientContext, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, RebalanceProtocol},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
    types::RDKafkaRespErr,
};
use sqlx::PgPool;
use tokio::runtime::Handle;

use super::{
    group::{Client, Owned, class_of, lock},
    queues::{Queues, Signal},
};
use crate::{
    cloudevent, laboratory,
    protocol::{
        resume::{Resume, first, resume},
        screen::Progress,
    },
    reader::{
        Delivery, Origin, Source,
        claim::{self, Partition},
    },
    streams::{Class, Layout},
};

/// What happens on assignment: the partitions are claimed in our database before Kafka is told from where to fetch.
pub struct Assignment {
    pub(super) runtime: Handle,
    pub(super) pool: PgPool,
    pub(super) owner: String,
    pub(super) prefix: String,
    pub(super) owned: Owned,
    pub(super) queues: Mutex<Queues>,
    pub(super) sources: Vec<Source>,
    /// Logical names of the sources.
    pub(super) topics: Vec<Arc<str>>,
    pub(super) layout: Layout,
    /// Why this consumer must end and another begin.
    pub(super) failed: Mutex<Option<String>>,
}

impl ClientContext for Assignment {}

impl ConsumerContext for Assignment {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, err: RDKafkaRespErr, tpl: &mut TopicPartitionList) {
        let outcome = match err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, tpl),
            _ => self.revoke(consumer, tpl),
        };
        if let Err(reason) = outcome {
            *lock(&self.failed) = Some(reason);
        }
    }
}

impl Assignment {
    fn assign(&self, consumer: &BaseConsumer<Self>, tpl: &mut TopicPartitionList) -> Result<(), String> {
        let partitions = self.logical(tpl);
        let claimed = self.runtime.block_on(self.claim(&partitions)).unwrap_or_default();
        let complete = claimed.len() == partitions.len();
        for (topic, partition) in &partitions {
            let begin = claimed.get(&(topic.clone(), *partition)).and_then(|progress| first(progress, self.ours(topic)));
            let offset = begin.map_or(Offset::Beginning, Offset::Offset);
            tpl.set_partition_offset(&format!("{}{topic}", self.prefix), *partition, offset).map_err(|e| e.to_string())?;
        }
        laboratory::point("group::after-claim");
        lock(&self.owned).extend(partitions.iter().map(|p| (p.clone(), claimed.get(p).map_or(0, |progress| progress.epoch))));
        self.tell_assigned(&claimed);
        let assigned = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(tpl),
            _ => consumer.assign(tpl),
        };
        assigned.map_err(|e| e.to_string())?;
        // The library keeps what we paused before the partition went away: its queue may have emptied meanwhile, and nobody would resume it.
        consumer.resume(tpl).map_err(|e| e.to_string())?;
        self.pause_again(consumer);
        tracing::info!(partitions = partitions.len(), "partitions assigned and claimed");
        // So that lag can be watched on every partition from the start.
        let _ = consumer.commit(&self.offsets(&claimed), CommitMode::Async);
        if complete { Ok(()) } else { Err("the database did not answer in time".to_owned()) }
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, tpl: &TopicPartitionList) -> Result<(), String> {
        let partitions = self.logical(tpl);
        {
            let mut owned = lock(&self.owned);
            partitions.iter().for_each(|p| {
                owned.remove(p);
            });
        }
        let mut queues = lock(&self.queues);
        for class in [Class::Cargo, Class::Parcels] {
            let gone: Vec<Partition> = partitions.iter().filter(|p| self.class(p) == class).cloned().collect();
            if !gone.is_empty() {
                queues.push(class, Signal::Revoked(gone));
            }
        }
        drop(queues);
        let revoked = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(tpl),
            _ => consumer.unassign(),
        };
        tracing::info!(partitions = partitions.len(), "partitions revoked");
        revoked.map_err(|e| e.to_string())
    }

    /// Bounded, so that the member stays in its group when the database is away: it then starts over.
    async fn claim(&self, partitions: &[Partition]) -> Option<BTreeMap<Partition, Progress>> {
        let attempt = async {
            loop {
                let claimed = async { claim::claim(&mut *self.pool.acquire().await?, partitions, &self.owner).await }.await;
                match claimed {
                    Ok(claimed) => return claimed,
                    Err(error) => tracing::warn!(%error, "claiming partitions"),
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), attempt).await.ok()
    }

    fn tell_assigned(&self, claimed: &BTreeMap<Partition, Progress>) {
        let mut queues = lock(&self.queues);
        for class in [Class::Cargo, Class::Parcels] {
            let of_class: BTreeMap<Partition, Progress> =
                claimed.iter().filter(|(p, _)| self.class(p) == class).map(|(p, progress)| (p.clone(), *progress)).collect();
            if !of_class.is_empty() {
                queues.push(class, Signal::Assigned(of_class));
            }
        }
    }

    pub(super) fn deliver(&self, consumer: &Client, message: &BorrowedMessage<'_>) {
        let delivery = self.delivery(message);
        let class = self.class(&(Arc::clone(&delivery.topic), delivery.partition));
        let mut queues = lock(&self.queues);
        queues.push(class, Signal::Delivered(delivery));
        if queues.full(class) && queues.paused.insert(class) {
            drop(queues);
            let _ = consumer.pause(&self.partitions_of(class));
        }
    }

    pub(super) fn drain(&self, consumer: &Client) {
        let mut queues = lock(&self.queues);
        queues.drain();
        let ready: Vec<Class> = queues.paused.iter().copied().filter(|class| !queues.full(*class)).collect();
        for class in ready {
            queues.paused.remove(&class);
            let _ = consumer.resume(&self.partitions_of(class));
        }
    }

    /// Partitions whose next offset the broker no longer has, or does not have yet, are read from their earliest message.
    /// False when there are none: then a new consumer has to find out.
    pub(super) fn rewind(&self, consumer: &Client) -> Result<bool, KafkaError> {
        let (assignment, positions) = (consumer.assignment()?, consumer.position()?);
        let (mut all, mut lost) = (TopicPartitionList::new(), TopicPartitionList::new());
        for assigned in assignment.elements() {
            let (topic, partition) = (assigned.topic(), assigned.partition());
            let mut from = match positions.find_partition(topic, partition).map(|p| p.offset()) {
                Some(Offset::Offset(next)) => Offset::Offset(next),
                _ => assigned.offset(),
            };
            if let Offset::Offset(next) = from {
                let (low, high) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(5))?;
                if resume(next, low, high) == Resume::Earliest {
                    tracing::error!(topic, partition, next, low, high, "an offset is out of range, reading from the earliest");
                    from = Offset::Beginning;
                    lost.add_partition_offset(topic, partition, from)?;
                }
            }
            all.add_partition_offset(topic, partition, from)?;
        }
        for place in self.logical(&lost) {
            lock(&self.queues).push(self.class(&place), Signal::Rewound(vec![place]));
        }
        // A partition without a valid offset is no longer fetched and cannot be sought: it is assigned once more.
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => {
                consumer.incremental_unassign(&lost)?;
                consumer.incremental_assign(&lost)?;
            }
            _ => consumer.assign(&all)?,
        }
        self.pause_again(consumer);
        Ok(lost.count() > 0)
    }

    /// What is assigned is fetched, even when the queue of its class is full.
    fn pause_again(&self, consumer: &BaseConsumer<Self>) {
        let paused = lock(&self.queues).paused.clone();
        for class in paused {
            let _ = consumer.pause(&self.partitions_of(class));
        }
    }

    fn partitions_of(&self, class: Class) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in lock(&self.owned).keys().filter(|p| self.class(p) == class) {
            list.add_partition(&format!("{}{topic}", self.prefix), *partition);
        }
        list
    }

    fn logical(&self, tpl: &TopicPartitionList) -> Vec<Partition> {
        tpl.elements().iter().map(|e| (self.topic(e.topic()), e.partition())).collect()
    }

    fn ours(&self, topic: &str) -> bool {
        Origin::of(topic, &self.sources).is_ours()
    }

    /// Ends this consumer: another one joins, claims and begins where the database says.
    pub fn begin_again(&self, reason: String) {
        *lock(&self.failed) = Some(reason);
    }

    fn class(&self, partition: &Partition) -> Class {
        class_of(&self.sources, self.layout, partition)
    }

    fn delivery(&self, message: &BorrowedMessage<'_>) -> Delivery {
        let text = |bytes| String::from_utf8_lossy(bytes);
        let mut headers = cloudevent::Headers::default();
        if let Some(carried) = message.headers() {
            let bytes = carried.iter().map(|h| h.key.len() + h.value.map_or(0, <[u8]>::len)).sum();
            headers = cloudevent::Headers::with_capacity(carried.count(), bytes);
            carried.iter().for_each(|h| headers.push(h.key, &text(h.value.unwrap_or_default())));
        }
        Delivery {
            topic: self.topic(message.topic()),
            partition: message.partition(),
            offset: message.offset(),
            key: text(message.key().unwrap_or_default()).into(),
            headers: Arc::new(headers),
            payload: message.payload().unwrap_or_default().into(),
        }
    }

    /// The logical name of a topic; shared by all that is read of it.
    fn topic(&self, physical: &str) -> Arc<str> {
        let logical = physical.strip_prefix(&self.prefix).unwrap_or(physical);
        self.topics.iter().find(|topic| ***topic == *logical).map_or_else(|| logical.into(), Arc::clone)
    }

    /// Offsets to report to Kafka.
    pub fn offsets(&self, progress: &BTreeMap<Partition, Progress>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for ((topic, partition), progress) in progress {
            let _ = list.add_partition_offset(&format!("{}{topic}", self.prefix), *partition, Offset::Offset(progress.next_offset));
        }
        list
    }

    /// One partition as Kafka names it.
    pub fn physical(&self, partition: &Partition) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(&format!("{}{}", self.prefix, partition.0), partition.1);
        list
    }
}
