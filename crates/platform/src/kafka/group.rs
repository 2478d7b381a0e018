//! One member of the consumer group, on a thread of its own: claims what it is assigned and feeds the consume loop of each class.
//!
//! Every class has a bounded queue. When one is full its partitions are paused, so a flood of parcels fills its own queue and no other.
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rdkafka::{
    ClientContext, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, RebalanceProtocol},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Headers},
    types::RDKafkaRespErr,
};
use sqlx::PgPool;
use tokio::{runtime::Handle, sync::mpsc::error::TrySendError};
use tokio_util::sync::CancellationToken;

use crate::{
    health::Health,
    kafka::queue::Feed,
    laboratory,
    reader::{
        Delivery, Source, SourceClass,
        claim::{self, Partition},
        screen::Progress,
    },
    settings,
    streams::{Class, Layout},
};

/// What the group tells a consume loop.
#[derive(Debug)]
pub enum Signal {
    Delivered(Delivery),
    /// Partitions that were claimed for this loop, and from where they are read.
    Assigned(BTreeMap<Partition, Progress>),
    Revoked(Vec<Partition>),
    /// Partitions whose offsets begin anew: what follows is counted from the earliest message.
    Rewound(Vec<Partition>),
}

/// What a member needs to know.
pub struct Member {
    pub settings: settings::Kafka,
    pub group: &'static str,
    pub owner: String,
    pub sources: Vec<Source>,
    pub layout: Layout,
    pub pool: PgPool,
    pub health: Health,
    pub loops: BTreeMap<Class, Feed>,
}

/// Partitions that this process is assigned now; shared with the consume loops.
pub type Owned = Arc<Mutex<BTreeSet<Partition>>>;

/// A consumer that the loops use to report offsets and to pause what stopped.
pub type Client = BaseConsumer<Assignment>;

impl Member {
    /// Runs until cancelled; after any fatal error with a new consumer. Call it on a thread of its own.
    pub fn run(&self, runtime: &Handle, owned: &Owned, current: &Mutex<Option<Arc<Client>>>, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            match self.live(runtime, owned, current, stop) {
                Ok(()) => {}
                Err(error) => {
                    self.health.broker(false);
                    tracing::warn!(%error, "the consumer ended, a new one follows");
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
            // Dropped outside the lock: leaving the group takes time, and the loops must not wait for it.
            let gone = lock(current).take();
            drop(gone);
            lock(owned).clear();
        }
    }

    fn live(&self, runtime: &Handle, owned: &Owned, current: &Mutex<Option<Arc<Client>>>, stop: &CancellationToken) -> Result<(), KafkaError> {
        let context = Assignment {
            runtime: runtime.clone(),
            pool: self.pool.clone(),
            owner: self.owner.clone(),
            prefix: self.settings.prefix.clone(),
            owned: Arc::clone(owned),
            queues: Mutex::new(Queues { loops: self.loops.clone(), spilled: BTreeMap::new(), paused: BTreeSet::new() }),
            sources: self.sources.clone(),
            layout: self.layout,
            failed: Mutex::new(None),
        };
        let consumer: Arc<Client> = Arc::new(crate::kafka::consumer(&self.settings, self.group, &self.owner).create_with_context(context)?);
        let topics: Vec<String> = self.sources.iter().map(|s| format!("{}{}", self.settings.prefix, s.topic)).collect();
        consumer.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
        *lock(current) = Some(Arc::clone(&consumer));
        while !stop.is_cancelled() {
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    self.health.broker(true);
                    consumer.context().deliver(&consumer, &message);
                }
                Some(Err(error)) => self.on_error(&consumer, error)?,
                None => {}
            }
            self.health.polled();
            consumer.context().drain(&consumer);
            if let Some(reason) = lock(&consumer.context().failed).take() {
                tracing::warn!(reason, "partitions could not be claimed");
                return Err(KafkaError::Canceled);
            }
        }
        Ok(())
    }

    fn on_error(&self, consumer: &Client, error: KafkaError) -> Result<(), KafkaError> {
        let code = error.rdkafka_error_code();
        match code {
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                // The position or the natural key absorbs what comes again; what is gone is fetched from the producer as a gap.
                if consumer.context().rewind(consumer)? { Ok(()) } else { Err(error) }
            }
            Some(RDKafkaErrorCode::Fatal | RDKafkaErrorCode::UnknownMemberId) => Err(error),
            Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
                self.health.broker(false);
                Ok(())
            }
            _ => {
                tracing::warn!(%error, "consumer");
                Ok(())
            }
        }
    }
}

struct Queues {
    loops: BTreeMap<Class, Feed>,
    /// Signals that found their queue full, in order.
    spilled: BTreeMap<Class, VecDeque<Signal>>,
    paused: BTreeSet<Class>,
}

impl Queues {
    fn push(&mut self, class: Class, signal: Signal) {
        let spilled = self.spilled.entry(class).or_default();
        let Some(queue) = self.loops.get(&class) else { return };
        if !spilled.is_empty() {
            spilled.push_back(signal);
        } else if let Err(TrySendError::Full(signal)) = queue.try_send(signal) {
            spilled.push_back(signal);
        }
    }

    fn drain(&mut self) {
        for (class, spilled) in &mut self.spilled {
            let Some(queue) = self.loops.get(class) else { continue };
            while let Some(signal) = spilled.pop_front() {
                if let Err(TrySendError::Full(signal)) = queue.try_send(signal) {
                    spilled.push_front(signal);
                    break;
                }
            }
        }
    }
}

/// What happens on assignment: the partitions are claimed in our database before Kafka is told from where to fetch.
pub struct Assignment {
    runtime: Handle,
    pool: PgPool,
    owner: String,
    prefix: String,
    owned: Owned,
    queues: Mutex<Queues>,
    sources: Vec<Source>,
    layout: Layout,
    failed: Mutex<Option<String>>,
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
            let next = claimed.get(&(topic.clone(), *partition)).map_or(0, |p| p.next_offset);
            let offset = if next == 0 { Offset::Beginning } else { Offset::Offset(next) };
            tpl.set_partition_offset(&format!("{}{topic}", self.prefix), *partition, offset).map_err(|e| e.to_string())?;
        }
        laboratory::point("group::after-claim");
        lock(&self.owned).extend(partitions.iter().cloned());
        self.tell_assigned(&claimed);
        let assigned = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(tpl),
            _ => consumer.assign(tpl),
        };
        assigned.map_err(|e| e.to_string())?;
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

    fn deliver(&self, consumer: &Client, message: &BorrowedMessage<'_>) {
        let delivery = self.delivery(message);
        let class = self.class(&(delivery.topic.clone(), delivery.partition));
        let mut queues = lock(&self.queues);
        queues.push(class, Signal::Delivered(delivery));
        let full = queues.spilled.get(&class).is_some_and(|s| !s.is_empty());
        if full && queues.paused.insert(class) {
            drop(queues);
            let _ = consumer.pause(&self.partitions_of(class));
        }
    }

    fn drain(&self, consumer: &Client) {
        let mut queues = lock(&self.queues);
        queues.drain();
        let ready: Vec<Class> = queues.paused.iter().copied().filter(|class| queues.spilled.get(class).is_none_or(VecDeque::is_empty)).collect();
        for class in ready {
            queues.paused.remove(&class);
            let _ = consumer.resume(&self.partitions_of(class));
        }
    }

    /// Partitions whose next offset the broker no longer has, or does not have yet, are read from their earliest message.
    /// False when there are none: then a new consumer has to find out.
    fn rewind(&self, consumer: &Client) -> Result<bool, KafkaError> {
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
                if next < low || next > high {
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

    /// A partition comes unpaused, even when the queue of its class is full.
    fn pause_again(&self, consumer: &BaseConsumer<Self>) {
        let paused = lock(&self.queues).paused.clone();
        for class in paused {
            let _ = consumer.pause(&self.partitions_of(class));
        }
    }

    fn partitions_of(&self, class: Class) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in lock(&self.owned).iter().filter(|p| self.class(p) == class) {
            list.add_partition(&format!("{}{topic}", self.prefix), *partition);
        }
        list
    }

    fn logical(&self, tpl: &TopicPartitionList) -> Vec<Partition> {
        tpl.elements().iter().map(|e| (e.topic().strip_prefix(&self.prefix).unwrap_or(e.topic()).to_owned(), e.partition())).collect()
    }

    fn class(&self, partition: &Partition) -> Class {
        class_of(&self.sources, self.layout, partition)
    }

    fn delivery(&self, message: &BorrowedMessage<'_>) -> Delivery {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = message.headers().map(|headers| headers.iter().map(|h| (h.key.to_owned(), text(h.value.unwrap_or_default()))).collect());
        Delivery {
            topic: message.topic().strip_prefix(&self.prefix).unwrap_or(message.topic()).to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(text).unwrap_or_default(),
            headers: Arc::new(headers.unwrap_or_default()),
            payload: Arc::new(message.payload().unwrap_or_default().to_vec()),
        }
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

/// Consume loop of a partition.
pub fn class_of(sources: &[Source], layout: Layout, partition: &Partition) -> Class {
    match sources.iter().find(|s| s.topic == partition.0).map(|s| s.class) {
        Some(SourceClass::Parcels) => Class::Parcels,
        Some(SourceClass::ByStream) => layout.class(partition.1.unsigned_abs()),
        Some(SourceClass::Cargo) | None => Class::Cargo,
    }
}

/// A mutex whose holder panicked still guards plain values here.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
