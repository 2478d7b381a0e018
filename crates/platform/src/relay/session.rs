//! One producer: rows in, acknowledgements out. After its first failure another one takes its place.
use std::{
    collections::BTreeMap,
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
    line::{Gap, Line},
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
    pending: BTreeMap<Place, Line>,
    waiting: Waiting,
}

/// Bytes that a stream is given at once: less than a batch of the producer. While the library holds rows of a partition behind a batch that is under
/// way, and their linger is over, its thread polls its sockets without a pause.
const PIECE: usize = 220_000;

impl Session {
    pub fn new(kafka: &settings::Kafka, wake: Wake) -> Result<Self, KafkaError> {
        let heard = Arc::new(Heard { wake, ..Heard::default() });
        let producer = crate::kafka::ordered_producer(kafka).create_with_context(Context(Arc::clone(&heard)))?;
        Ok(Self { producer, heard, relaying: Relaying::new(Sound), pending: BTreeMap::new(), waiting: Waiting::default() })
    }

    /// Nothing that waits can be given to the producer before what lies in the journal.
    pub fn is_starved(&self) -> bool {
        self.pending.iter().all(|(place, line)| self.relaying.last_sent(place).is_none_or(|sent| !line.goes_on(sent)))
    }

    /// Keeps rows that were committed here. False when something before them is missing, or when too many wait already: then the journal has to be read.
    pub fn queue(&mut self, rows: Vec<Row>) -> bool {
        if !self.waiting.has_room(&rows) {
            return rows.is_empty();
        }
        let mut unbroken = true;
        for row in rows {
            unbroken &= self.keep(row);
        }
        unbroken
    }

    /// Keeps rows that were read because they are missing. Where there is no room for them, what waits behind them is read again later.
    pub fn fill(&mut self, rows: Vec<Row>) {
        if !self.waiting.has_room(&rows) {
            self.pending.clear();
            self.waiting = Waiting::default();
        }
        for row in rows {
            self.keep(row);
        }
    }

    /// Whether nothing is missing before the row.
    fn keep(&mut self, row: Row) -> bool {
        let place = (row.topic.clone(), row.stream);
        let Some(sent) = self.relaying.last_sent(&place) else { return false };
        if row.position <= sent {
            return true;
        }
        let line = self.pending.entry(place).or_default();
        let bytes = weight(&row);
        if line.put(row) {
            self.waiting.add(bytes);
        }
        line.is_unbroken(sent)
    }

    /// What lies in the journal alone of a stream that goes as far as `head`: so many rows that are wanted next, about.
    pub fn gaps(&self, place: &Place, head: i64, rows: i64) -> Vec<Gap> {
        let Some(sent) = self.relaying.last_sent(place) else { return Vec::new() };
        self.pending.get(place).unwrap_or(&Line::default()).gaps(sent, head, rows)
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
        let (mut sent, half) = (0, pending.values().map(Line::len).sum::<usize>() / 2);
        for (place, line) in &mut pending {
            let Some(last) = self.relaying.last_sent(place).filter(|_| self.relaying.settled(place)) else { continue };
            let topic = format!("{prefix}{}", place.0);
            // All headers are made before the first row is given: what comes within the producer's linger goes out as one batch.
            let piece: Vec<(&Row, OwnedHeaders)> = line.piece(last, PIECE).map(|row| (row, headers(row))).collect();
            let (mut given, mut bytes, mut full) = (0, 0, false);
            for (row, headers) in piece.into_iter().take_while(|_| go_on()) {
                if sent > 0 && sent == half {
                    laboratory::point("relay::middle-of-send");
                }
                match self.give(&topic, row, headers) {
                    Ok(()) => {
                        self.relaying.sent(place, row.position);
                        (given, bytes, sent) = (given + 1, bytes + weight(row), sent + 1);
                    }
                    Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) => {
                        full = true;
                        break;
                    }
                    Err(error) => {
                        self.relaying.fail();
                        return Err(error);
                    }
                }
            }
            line.drop_first(given);
            self.waiting.remove(bytes);
            if full {
                break;
            }
        }
        pending.retain(|_, line| !line.is_empty());
        self.pending = pending;
        Ok(sent)
    }

    fn give(&self, topic: &str, row: &Row, headers: OwnedHeaders) -> Result<(), KafkaError> {
        let opaque = Box::new(((row.topic.clone(), row.stream), row.position));
        let record = BaseRecord::with_opaque_to(topic, opaque).partition(row.stream).key(&row.office).payload(&row.payload).headers(headers);
        self.producer.send(record).map_err(|(error, _)| error)
    }

    /// Forgets what was not sent, so that the producer ends at once.
    pub fn purge(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
    }
}

fn headers(row: &Row) -> OwnedHeaders {
    let mut headers = Some(OwnedHeaders::new_with_capacity(16));
    row.each_wire_header(|key, value| headers = headers.take().map(|given| given.insert(Header { key, value: Some(value) })));
    headers.unwrap_or_default()
}
