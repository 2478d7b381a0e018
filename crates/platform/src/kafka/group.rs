//! One member of the consumer group, on a thread of its own: claims what it is assigned and feeds the consume loop of each class.
//!
//! Every class has a bounded queue. When one is full its partitions are paused, so a flood of parcels fills its own queue and no other.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
};
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::queues::Queues;
pub use super::{assignment::Assignment, queues::Signal};
use crate::{
    health::Health,
    kafka::queue::Feed,
    reader::{Source, SourceClass, claim::Partition},
    settings,
    streams::{Class, Layout},
};

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

/// Partitions that this process is assigned now, and the epoch of the member's last claim of each; shared with the consume loops.
pub type Owned = Arc<Mutex<BTreeMap<Partition, i64>>>;

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
            queues: Mutex::new(Queues::new(self.loops.clone())),
            sources: self.sources.clone(),
            topics: self.sources.iter().map(|s| s.topic.into()).collect(),
            layout: self.layout,
            failed: Mutex::new(None),
        };
        let consumer: Arc<Client> = Arc::new(crate::kafka::consumer(&self.settings, self.group, &self.owner).create_with_context(context)?);
        let topics: Vec<String> = self.sources.iter().map(|s| format!("{}{}", self.settings.prefix, s.topic)).collect();
        consumer.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
        *lock(current) = Some(Arc::clone(&consumer));
        let mut missing = false;
        while !stop.is_cancelled() {
            match consumer.poll(Duration::from_millis(100)) {
                // A topic was away for a while and may be another one of the same name now: it is begun as after an assignment.
                Some(Ok(_)) if missing => {
                    tracing::warn!("a topic was missing, beginning again where the database says");
                    return Ok(());
                }
                Some(Ok(message)) => {
                    self.health.broker(true);
                    consumer.context().deliver(&consumer, &message);
                }
                Some(Err(error)) => missing |= self.on_error(&consumer, error)?,
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

    /// Whether a topic is missing.
    fn on_error(&self, consumer: &Client, error: KafkaError) -> Result<bool, KafkaError> {
        let code = error.rdkafka_error_code();
        match code {
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                // The position or the natural key absorbs what comes again; what is gone is fetched from the producer as a gap.
                if consumer.context().rewind(consumer)? { Ok(false) } else { Err(error) }
            }
            Some(RDKafkaErrorCode::Fatal | RDKafkaErrorCode::UnknownMemberId) => Err(error),
            Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
                self.health.broker(false);
                Ok(false)
            }
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownPartition) => {
                tracing::error!(%error, "a topic is missing");
                Ok(true)
            }
            _ => {
                tracing::warn!(%error, "consumer");
                Ok(false)
            }
        }
    }
}

/// Consume loop of a partition.
pub fn class_of(sources: &[Source], layout: Layout, partition: &Partition) -> Class {
    match sources.iter().find(|s| *s.topic == *partition.0).map(|s| s.class) {
        Some(SourceClass::Parcels) => Class::Parcels,
        Some(SourceClass::ByStream) => layout.class(partition.1.unsigned_abs()),
        Some(SourceClass::Cargo) | None => Class::Cargo,
    }
}

/// A mutex whose holder panicked still guards plain values here.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
