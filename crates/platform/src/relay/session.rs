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

use super::{
    Place,
    waiting::{Waiting, weight},
    wake::Wake,
};
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
    /// Not given to the producer yet, by stream.
    pending: BTreeMap<Place, VecDeque<Row>>,
    waiting: Waiting,
}

/// Bytes that a stream is given at once: less than a batch of the producer. While the library holds a second batch of a partition whose first is
/// under way, it asks its sockets without a pause.
const PIECE: usize = 220_000;

impl Session {
    pub fn new(kafka: &settings::Kafka, wake: Wake) -> Result<Self, KafkaError> {
        let heard = Arc::new(Heard { wake, ..Heard::default() });
        let producer = crate::kafka::ordered_producer(kafka).create_with_context(Context(Arc::clone(&heard)))?;
        Ok(Self { producer, heard, relaying: Relaying::new(Sound), pending: BTreeMap::new(), waiting: Waiting::default() })
    }

    /// Nothing waits to be given to the producer.
    pub fn is_drained(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Queues rows that follow what each stream was given. False when something between is missing, or when too many wait already: then the
    /// journal has to be read.
    pub fn queue(&mut self, rows: Vec<Row>) -> bool {
        if !self.waiting.has_room(&rows) {
            return rows.is_empty();
        }
        let mut complete = true;
        for row in rows {
            let place = (row.topic.clone(), row.stream);
            let Some(sent) = self.relaying.last_sent(&place) else {
                complete = false;
                continue;
            };
            let line = self.pending.entry(place).or_default();
            let last = line.back().map_or(sent, |row| row.position);
            if row.position == last + 1 {
                self.waiting.add(&row);
                line.push_back(row);
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
    ///
    /// A stream whose rows are still under way waits until they are acknowledged (Nagle, RFC 896): at once when idle, in large pieces when busy.
    pub fn send(&mut self, prefix: &str, go_on: impl Fn() -> bool) -> Result<usize, KafkaError> {
        let mut pending = std::mem::take(&mut self.pending);
        let (mut sent, half) = (0, pending.values().map(VecDeque::len).sum::<usize>() / 2);
        let mut full = false;
        for (place, line) in &mut pending {
            if !self.relaying.settled(place) {
                continue;
            }
            let mut piece = 0;
            while !full
                && piece < PIECE
                && go_on()
                && let Some(row) = line.front()
            {
                piece += weight(row);
                if sent > 0 && sent == half {
                    laboratory::point("relay::middle-of-send");
                }
                match self.give(prefix, row) {
                    Ok(()) => {
                        self.relaying.sent(place, row.position);
                        self.waiting.remove(row);
                        line.pop_front();
                        sent += 1;
                    }
                    Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) => full = true,
                    Err(error) => {
                        self.relaying.fail();
                        return Err(error);
                    }
                }
            }
        }
        pending.retain(|_, line| !line.is_empty());
        self.pending = pending;
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
