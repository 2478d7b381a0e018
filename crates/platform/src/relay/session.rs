//! One producer: rows in, acknowledgements out. After its first failure another one takes its place.
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{
    ClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, Header, OwnedHeaders},
    producer::{BaseRecord, Producer, ProducerContext, PurgeConfig, ThreadedProducer},
};

use super::{Place, wake::Wake};
use crate::{
    journal::Row,
    kafka::group::lock,
    laboratory,
    protocol::{Sound, relaying::Relaying},
    settings,
};

/// What the producer's thread has heard from the broker and the relay has not looked at yet.
#[derive(Default)]
struct Heard {
    acknowledged: Mutex<Vec<(Place, i64)>>,
    failed: AtomicBool,
    wake: Wake,
}

struct Context(Arc<Heard>);

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<(Place, i64)>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Self::DeliveryOpaque) {
        match result {
            Ok(_) => lock(&self.0.acknowledged).push(*sent),
            Err((error, _)) => {
                if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PurgeQueue) {
                    tracing::warn!(%error, "a row was not acknowledged");
                }
                self.0.failed.store(true, Ordering::Release);
            }
        }
        self.0.wake.heard();
    }
}

/// One producer and what it has been given.
pub(super) struct Session {
    producer: ThreadedProducer<Context>,
    heard: Arc<Heard>,
    pub relaying: Relaying<Place, Sound>,
    /// Not given to the producer yet.
    pub pending: VecDeque<Row>,
    /// Position of the last row of each stream that is or was pending.
    queued: BTreeMap<Place, i64>,
}

impl Session {
    pub fn new(kafka: &settings::Kafka, wake: Wake) -> Result<Self, KafkaError> {
        let heard = Arc::new(Heard { wake, ..Heard::default() });
        let producer = crate::kafka::ordered_producer(kafka).create_with_context(Context(Arc::clone(&heard)))?;
        Ok(Self { producer, heard, relaying: Relaying::new(Sound), pending: VecDeque::new(), queued: BTreeMap::new() })
    }

    /// Queues rows that follow what each stream was given. False when something between is missing: then the journal has to be read.
    pub fn queue(&mut self, rows: impl IntoIterator<Item = Row>) -> bool {
        let mut complete = true;
        for row in rows {
            let place = (row.topic.clone(), row.stream);
            let Some(sent) = self.relaying.last_sent(&place) else {
                complete = false;
                continue;
            };
            let last = self.queued.get(&place).copied().unwrap_or(sent).max(sent);
            if row.position == last + 1 {
                self.queued.insert(place, row.position);
                self.pending.push_back(row);
            } else {
                complete &= row.position <= last;
            }
        }
        complete
    }

    /// Takes in what the broker has acknowledged since the last time.
    pub fn hear(&mut self) {
        for (place, position) in std::mem::take(&mut *lock(&self.heard.acknowledged)) {
            self.relaying.acknowledged(&place, position);
        }
        if self.heard.failed.load(Ordering::Acquire) {
            self.relaying.fail();
        }
    }

    /// Gives rows to the producer until it takes no more, or `go_on` says no. Returns how many.
    pub fn send(&mut self, prefix: &str, go_on: impl Fn() -> bool) -> Result<usize, KafkaError> {
        let (mut sent, half) = (0, self.pending.len() / 2);
        while go_on()
            && let Some(row) = self.pending.pop_front()
        {
            if sent > 0 && sent == half {
                laboratory::point("relay::middle-of-send");
            }
            match self.give(prefix, &row) {
                Ok(()) => {
                    self.relaying.sent(&(row.topic, row.stream), row.position);
                    sent += 1;
                }
                Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) => {
                    self.pending.push_front(row);
                    break;
                }
                Err(error) => {
                    self.relaying.fail();
                    return Err(error);
                }
            }
        }
        Ok(sent)
    }

    fn give(&self, prefix: &str, row: &Row) -> Result<(), KafkaError> {
        let topic = format!("{prefix}{}", row.topic);
        let mut headers = OwnedHeaders::new_with_capacity(16);
        for (key, value) in row.wire_headers().iter() {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let opaque = Box::new(((row.topic.clone(), row.stream), row.position));
        let record = BaseRecord::with_opaque_to(&topic, opaque).partition(row.stream).key(&row.office).payload(&row.payload).headers(headers);
        self.producer.send(record).map_err(|(error, _)| error)
    }

    /// Forgets what was not sent, so that the producer ends at once.
    pub fn purge(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
    }
}
