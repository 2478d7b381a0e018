//! The load's own single window: publishes, and reacts as declarants do. It keeps nothing of a declaration that needs no reaction.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use contracts::nsw::v1::{Declaration, Payment, Withdrawal};
use prost::Message;
use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    answer::Answer,
    states::{Reaction, States},
};
use crate::load::mix::{Fate, Sample};

/// A broker that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where and in whose name messages are published.
pub struct Wire {
    producer: ThreadedProducer<DefaultProducerContext>,
    prefix: String,
    pub run: String,
    /// Ours: parcels, protobuf, amendments, withdrawals and payments. The floor knows cargo in JSON alone.
    pub whole: bool,
    /// Those under way that will be amended or withdrawn.
    wishes: Mutex<HashMap<usize, Sample>>,
}

impl Wire {
    pub fn new(brokers: &str, prefix: &str, run: &str, whole: bool, hurried: bool) -> Result<Self> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("partitioner", "murmur2_random")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", if hurried { "0" } else { "5" })
            .set("batch.size", "262144")
            .set("queue.buffering.max.messages", "100000")
            .set("queue.buffering.max.kbytes", "32768")
            .create()
            .context("Kafka producer")?;
        Ok(Self { producer, prefix: prefix.to_owned(), run: run.to_owned(), whole, wishes: Mutex::default() })
    }

    /// Publishes declaration `n` of the run; `place`: which office it goes to.
    pub fn lodge(&self, states: &States, n: usize, sample: Sample, place: u16) -> Result<()> {
        let sample = if self.whole { sample } else { Sample { fate: Fate::Plain, parcel: false, protobuf: false, ..sample } };
        let payload = bytes(&sample.declaration, sample.protobuf)?;
        let topic = topic(&sample);
        let (sender, office) = (sample.declaration.sender.clone(), sample.declaration.office.clone());
        let protobuf = sample.protobuf;
        states.publish(n, sample.fate, place);
        if sample.fate != Fate::Plain {
            self.wishes.lock().unwrap_or_else(PoisonError::into_inner).insert(n, sample);
        }
        self.publish(topic, "nsw.v1.Lodged", &self.id(n, "lodge"), &sender, &office, protobuf, &payload)
    }

    /// Does what an answer asks for.
    pub fn react(&self, states: &States, n: usize, reaction: Reaction, answer: &Answer<'_>) -> Result<()> {
        if reaction == Reaction::Pay {
            return self.pay(answer, states.office(n));
        }
        let Some(sample) = self.wishes.lock().unwrap_or_else(PoisonError::into_inner).remove(&n) else { return Ok(()) };
        let (topic, protobuf, number) = (topic(&sample), sample.protobuf, answer.number.clone().into_owned());
        let Declaration { sender, reference, office, .. } = sample.declaration.clone();
        states.publish_again(n);
        if reaction == Reaction::Amend {
            let packages = sample.declaration.packages.parse::<u32>().map_or(1, |p| p + 1).to_string();
            let amended = Declaration { number, packages, ..sample.declaration };
            return self.publish(topic, "nsw.v1.Amended", &self.id(n, "amend"), &sender, &office, protobuf, &bytes(&amended, protobuf)?);
        }
        let withdrawal = Withdrawal { sender: sender.clone(), reference, number, reason: "DUPLICATE".to_owned() };
        self.publish(topic, "nsw.v1.Withdrawn", &self.id(n, "withdraw"), &sender, &office, protobuf, &bytes(&withdrawal, protobuf)?)
    }

    fn pay(&self, answer: &Answer<'_>, office: &str) -> Result<()> {
        let payment = Payment {
            reference: format!("PAY-{}-{}", answer.number, answer.amount_due),
            number: answer.number.clone().into_owned(),
            amount: answer.amount_due.clone().into_owned(),
            currency: "VND".to_owned(),
            sender: "TREASURY".to_owned(),
            office: office.to_owned(),
        };
        let payload = bytes(&payment, false)?;
        self.publish("nsw.payments.v1", "nsw.v1.Paid", &payment.reference, "TREASURY", office, false, &payload)
    }

    /// Ids begin as references do: an answer tells by either which declaration it is about.
    fn id(&self, n: usize, what: &str) -> String {
        format!("{}-{:07}/{what}", self.run, n + 1)
    }

    #[expect(clippy::too_many_arguments, reason = "one message has all of these attributes")]
    fn publish(&self, topic: &str, kind: &str, id: &str, sender: &str, key: &str, protobuf: bool, payload: &[u8]) -> Result<()> {
        let topic = format!("{}{topic}", self.prefix);
        let (source, trace) = (format!("/nsw/{sender}"), traceparent(id));
        let attributes = [
            ("ce_specversion", "1.0"),
            ("ce_type", kind),
            ("ce_source", source.as_str()),
            ("ce_id", id),
            ("content-type", if protobuf { "application/protobuf" } else { "application/json" }),
            ("traceparent", trace.as_str()),
        ];
        let begun = Instant::now();
        loop {
            let mut wire = OwnedHeaders::new_with_capacity(attributes.len());
            for (key, value) in attributes {
                wire = wire.insert(Header { key, value: Some(value) });
            }
            match self.producer.send(BaseRecord::to(&topic).key(key).payload(payload).headers(wire)) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err((error, _)) => bail!("publishing to {topic}: {error}"),
            }
        }
    }

    pub fn flush(&self) -> Result<()> {
        self.producer.flush(Duration::from_secs(30)).context("flushing the producer")
    }
}

fn topic(sample: &Sample) -> &'static str {
    if sample.parcel { "nsw.parcels.v1" } else { "nsw.declarations.v1" }
}

fn bytes<M: Message + Serialize>(message: &M, protobuf: bool) -> Result<Vec<u8>> {
    Ok(if protobuf { message.encode_to_vec() } else { serde_json::to_vec(message)? })
}

/// A trace that the single window begins: FNV-1a of the id, so that it costs nothing beside what is measured.
fn traceparent(id: &str) -> String {
    let fold = |seed: u64| id.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let (high, low) = (fold(0xcbf2_9ce4_8422_2325), fold(0x8422_2325_cbf2_9ce4) | 1);
    format!("00-{high:016x}{low:016x}-{low:016x}-01")
}
