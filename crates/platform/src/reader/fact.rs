//! A message as Kafka delivered it, and a fact as handlers see it.
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::{
    Instant,
    cloudevent::{self, Headers},
    journal::{Hash, Link, Row},
    protocol::screen::Arrival,
};

/// A message as it came.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// Logical topic name.
    pub topic: Arc<str>,
    pub partition: i32,
    pub offset: i64,
    /// Shared, as all that follows: a batch that is tried again copies nothing.
    pub key: Arc<str>,
    pub headers: Arc<Headers>,
    pub payload: Arc<[u8]>,
}

impl Delivery {
    /// The same as far as our tables can keep it.
    pub fn storable(self) -> Self {
        if self.key.contains('\0') || self.headers.has_nul() {
            let headers = Arc::new(cloudevent::storable(Headers::clone(&self.headers)));
            return Self { key: cloudevent::printable(self.key.to_string()).into(), headers, ..self };
        }
        self
    }
}

/// A message with its attributes in binary mode, wherever it came from: the wire, the producer's journal, or one of our tables.
#[derive(Debug, Clone)]
pub struct Fact {
    pub topic: Arc<str>,
    pub partition: i32,
    /// Kafka offset; minus the position for a row repaired from the producer's journal.
    pub offset: i64,
    /// Position in the producer's stream; 0 from outside.
    pub position: i64,
    pub key: Arc<str>,
    pub headers: Arc<Headers>,
    pub payload: Arc<[u8]>,
    /// From outside: the id was used before, with other content.
    pub reused: bool,
    /// Applied again from the dead letters.
    pub redriven: bool,
}

impl Fact {
    pub fn new(
        topic: impl Into<Arc<str>>,
        partition: i32,
        offset: i64,
        position: i64,
        key: impl Into<Arc<str>>,
        headers: impl Into<Arc<Headers>>,
        payload: impl Into<Arc<[u8]>>,
    ) -> Self {
        let (topic, key, headers, payload) = (topic.into(), key.into(), headers.into(), payload.into());
        Self { topic, partition, offset, position, key, headers, payload, reused: false, redriven: false }
    }

    /// A row that never came by the wire.
    pub fn repaired(row: Row) -> Self {
        let headers = row.wire_headers();
        Self::new(&*row.topic, row.stream, -row.position, row.position, row.office, headers, row.payload)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name)
    }

    /// `ce_type`.
    pub fn kind(&self) -> &str {
        self.header(cloudevent::TYPE)
    }

    pub fn subject(&self) -> &str {
        self.header(cloudevent::SUBJECT)
    }

    pub fn office(&self) -> &str {
        self.header(cloudevent::OFFICE)
    }

    pub fn actor(&self) -> &str {
        self.header(cloudevent::ACTOR)
    }

    /// (`ce_source`, `ce_id`).
    pub fn message_id(&self) -> (String, String) {
        (self.header(cloudevent::SOURCE).to_owned(), self.header(cloudevent::ID).to_owned())
    }

    pub fn content_type(&self) -> &str {
        self.header(cloudevent::CONTENT_TYPE)
    }

    /// `recorded_at` of the producer.
    pub fn at(&self) -> Option<Instant> {
        DateTime::parse_from_rfc3339(self.header(cloudevent::TIME)).ok().map(|t| t.with_timezone(&Utc))
    }

    /// W3C traceparent as it came.
    pub fn traceparent(&self) -> &str {
        self.header(cloudevent::TRACEPARENT)
    }

    /// What a row that follows from this fact names as its cause.
    pub fn cause(&self) -> String {
        let place = if self.position > 0 {
            format!("{}/{}/{}", self.topic, self.partition, self.position)
        } else {
            format!("{}/{}@{}", self.topic, self.partition, self.offset)
        };
        if self.redriven { format!("redrive:{place}") } else { place }
    }

    /// Name in the dead letters: `topic/partition@offset`.
    pub fn place(&self) -> String {
        format!("{}/{}@{}", self.topic, self.partition, self.offset)
    }
}

impl Arrival for Fact {
    fn claimed_position(&self) -> Option<i64> {
        self.header(cloudevent::SEQUENCE).parse().ok().filter(|p| *p > 0)
    }

    fn claimed_hash(&self) -> Option<Hash> {
        let mut hash = Hash::default();
        hex::decode_to_slice(self.header(cloudevent::CHAIN), &mut hash).ok().map(|()| hash)
    }

    fn hash_behind(&self, position: i64, previous: &Hash) -> Option<Hash> {
        let link = Link {
            stream: self.partition.unsigned_abs(),
            position: position.unsigned_abs(),
            topic: &self.topic,
            kind: self.kind(),
            subject: self.subject(),
            office: self.office(),
            actor: self.actor(),
            cause: self.header(cloudevent::CAUSE),
            recorded_at: self.at()?,
            payload: &self.payload,
        };
        Some(link.hash(previous))
    }

    /// Id, key and the beginning of the content: cheap, and enough to tell one message from another.
    fn mark(&self) -> Hash {
        let (source, id) = self.message_id();
        let mut hash = Sha256::new();
        for part in [source.as_bytes(), id.as_bytes(), self.key.as_bytes(), &self.payload[..self.payload.len().min(64)]] {
            hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.update(u64::try_from(self.payload.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.finalize().into()
    }
}

impl Row {
    /// The headers under which the relay sends this row, one after the other: name and value.
    pub fn each_wire_header(&self, mut put: impl FnMut(&str, &str)) {
        let own = cloudevent::pairs(&self.headers);
        put(cloudevent::SPECVERSION, "1.0");
        put(cloudevent::SOURCE, &format!("/{}", self.topic));
        put(cloudevent::ID, &format!("{}-{}", self.stream, self.position));
        put(cloudevent::TYPE, &self.kind);
        put(cloudevent::SUBJECT, &self.subject);
        put(cloudevent::TIME, &self.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        put(cloudevent::SEQUENCE, &format!("{:020}", self.position));
        put(cloudevent::OFFICE, &self.office);
        put(cloudevent::ACTOR, &self.actor);
        put(cloudevent::CAUSE, &self.cause);
        // Into memory that is there: this is done for every row that is sent.
        let mut digits = [0; 2 * size_of::<Hash>()];
        let digits = hex::encode_to_slice(&self.hash, &mut digits).ok().and_then(|()| std::str::from_utf8(&digits).ok());
        put(cloudevent::CHAIN, digits.unwrap_or_default());
        if !self.trace.is_empty() {
            put(cloudevent::TRACEPARENT, &self.trace);
        }
        if own.clone().all(|(name, value)| name != cloudevent::CONTENT_TYPE || value.is_empty()) {
            put(cloudevent::CONTENT_TYPE, cloudevent::PROTOBUF);
        }
        own.for_each(|(name, value)| put(name, value));
    }

    /// The same, kept.
    pub fn wire_headers(&self) -> Headers {
        let mut headers = Headers::with_capacity(16, 640 + self.headers.len());
        self.each_wire_header(|name, value| headers.push(name, value));
        headers
    }
}
