//! A single window: publishes declarations, reads every answer, and reacts as declarants do: amends, withdraws, pays.
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use contracts::nsw::v1::{Declaration, Payment, Response, Withdrawal};
use prost::Message;
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Header, Headers, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    ledger::{Entry, Ledger},
    mix::{Fate, Sample},
};

/// Shared by publisher and listener.
pub struct Window {
    producer: ThreadedProducer<DefaultProducerContext>,
    brokers: String,
    run: String,
    ledger: Mutex<Ledger>,
    /// Declarations whose amendment waits for their number.
    amendments: Mutex<std::collections::HashMap<String, Declaration>>,
    next: std::sync::atomic::AtomicU64,
    /// Whether tax is paid when it is asked for.
    pays: bool,
}

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/protobuf";

impl Window {
    pub fn new(brokers: &str, run: &str, pays: bool) -> Result<Self> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("partitioner", "murmur2_random")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "2")
            .set("queue.buffering.max.messages", "100000")
            .create()
            .context("Kafka producer")?;
        Ok(Self {
            producer,
            brokers: brokers.to_owned(),
            run: run.to_owned(),
            ledger: Mutex::default(),
            amendments: Mutex::default(),
            next: std::sync::atomic::AtomicU64::new(0),
            pays,
        })
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a generated declaration.
    pub fn lodge(&self, sample: Sample) -> Result<()> {
        let Sample { declaration, fate, parcel, protobuf, gate } = sample;
        let id = format!("{}-{}/lodge", self.run, self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let entry = Entry {
            sender: declaration.sender.clone(),
            reference: declaration.reference.clone(),
            published: Instant::now(),
            office: declaration.office.clone(),
            fate,
            protobuf,
            parcel,
            gate,
            plate: declaration.vehicle.clone(),
            number: String::new(),
            refused: None,
            lane: String::new(),
            lane_answered: None,
            reported: None,
            cleared: false,
            invalidated: false,
        };
        self.ledger().add(&id, entry);
        if fate == Fate::Amended {
            self.amendments.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), declaration.clone());
        }
        let topic = if parcel { "nsw.parcels.v1" } else { "nsw.declarations.v1" };
        self.publish(topic, "nsw.v1.Lodged", &id, &declaration.sender, &declaration.office, protobuf, &declaration)
    }

    /// Publishes any message as a CloudEvent in binary mode.
    #[expect(clippy::too_many_arguments, reason = "one message has all of these attributes")]
    pub fn publish<M: Message + Serialize>(
        &self,
        topic: &str,
        kind: &str,
        id: &str,
        sender: &str,
        office: &str,
        protobuf: bool,
        message: &M,
    ) -> Result<()> {
        let payload = if protobuf { message.encode_to_vec() } else { serde_json::to_vec(message)? };
        let content_type = if protobuf { PROTOBUF } else { JSON };
        self.publish_raw(
            topic,
            office,
            &payload,
            &[
                ("ce_specversion", "1.0"),
                ("ce_type", kind),
                ("ce_source", &format!("/nsw/{sender}")),
                ("ce_id", id),
                ("content-type", content_type),
                ("traceparent", &traceparent(id)),
            ],
        )
    }

    /// Publishes bytes with headers as they are.
    pub fn publish_raw(&self, topic: &str, key: &str, payload: &[u8], headers: &[(&str, &str)]) -> Result<()> {
        loop {
            let mut wire = OwnedHeaders::new_with_capacity(headers.len());
            for (key, value) in headers {
                wire = wire.insert(Header { key, value: Some(*value) });
            }
            let record = BaseRecord::to(topic).key(key).payload(payload).headers(wire);
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => std::thread::sleep(Duration::from_millis(2)),
                Err((error, _)) => bail!("publishing to {topic}: {error}"),
            }
        }
    }

    pub fn flush(&self) -> Result<()> {
        self.producer.flush(Duration::from_secs(30)).context("flushing the producer")
    }

    /// Reads answers on a thread of its own until told to stop. Reading begins at the present end of the topic.
    pub fn listen(self: &Arc<Self>, stop: tokio_util::sync::CancellationToken) -> Result<std::thread::JoinHandle<()>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", format!("load-{}", self.run))
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "20")
            .set("queued.max.messages.kbytes", "8192")
            .create()?;
        let topic = "nsw.responses.v1";
        let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(10)).context("the broker does not answer; run `cleargate up`")?;
        let partitions = metadata.topics().first().map_or(0, |t| t.partitions().len());
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(partitions)? {
            let (_, end) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(10))?;
            list.add_partition_offset(topic, partition, Offset::Offset(end))?;
        }
        consumer.assign(&list)?;
        let window = Arc::clone(self);
        Ok(std::thread::spawn(move || {
            while !stop.is_cancelled() {
                if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
                    window.heard(&message);
                }
            }
        }))
    }

    fn heard(&self, message: &BorrowedMessage<'_>) {
        let header = |name: &str| message.headers().and_then(|h| h.iter().find(|h| h.key == name).and_then(|h| h.value));
        let payload = message.payload().unwrap_or_default();
        let response = match header("content-type") {
            Some(kind) if kind == PROTOBUF.as_bytes() => Response::decode(payload).ok(),
            _ => serde_json::from_slice::<Response>(payload).ok(),
        };
        let Some(response) = response else { return };
        if let Err(error) = self.react(&response) {
            tracing::warn!(%error, "reacting to an answer");
        }
    }

    fn react(&self, response: &Response) -> Result<()> {
        let mut follow_up = None;
        {
            let mut ledger = self.ledger();
            *ledger.answers.entry(response.function.clone()).or_default() += 1;
            for fault in &response.faults {
                *ledger.refusals.entry(fault.code.clone()).or_default() += 1;
            }
            let about = ledger.about(&response.in_reply_to, &response.recipient, &response.reference);
            let Some((id, entry)) = about else {
                ledger.strange += 1;
                return Ok(());
            };
            match response.function.as_str() {
                "01" => {
                    let first = entry.number.is_empty();
                    entry.number = response.number.clone();
                    if first && entry.fate != Fate::Plain {
                        follow_up = Some((id, entry.clone()));
                    } else if !first {
                        // The lane of the version before no longer counts.
                        entry.lane_answered = None;
                        entry.reported = None;
                    }
                }
                "03" if entry.number.is_empty() => entry.refused = Some(response.faults.first().map(|f| f.code.clone()).unwrap_or_default()),
                "10" => entry.invalidated = true,
                _ => {}
            }
            let current = !response.number.is_empty() && response.number == entry.number;
            if current && !response.lane.is_empty() {
                entry.lane = response.lane.clone();
                entry.lane_answered.get_or_insert_with(Instant::now);
            }
            entry.cleared |= response.function == "09";
        }
        match follow_up {
            Some((id, entry)) if entry.fate == Fate::Amended => self.amend(&id, &entry, &response.number)?,
            Some((id, entry)) => self.withdraw(&id, &entry, &response.number)?,
            None => {}
        }
        if self.pays && response.function == "13" && !response.amount_due.is_empty() {
            self.pay(response)?;
        }
        Ok(())
    }

    fn amend(&self, id: &str, entry: &Entry, number: &str) -> Result<()> {
        let amendment = self.amendments.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        let Some(mut declaration) = amendment else { return Ok(()) };
        declaration.number = number.to_owned();
        declaration.packages = declaration.packages.parse::<u32>().map_or(1, |p| p + 1).to_string();
        let id = id.replace("/lodge", "/amend");
        self.publish(topic(entry), "nsw.v1.Amended", &id, &entry.sender, &entry.office, entry.protobuf, &declaration)
    }

    fn withdraw(&self, id: &str, entry: &Entry, number: &str) -> Result<()> {
        let message = Withdrawal {
            sender: entry.sender.clone(),
            reference: entry.reference.clone(),
            number: number.to_owned(),
            reason: "DUPLICATE".to_owned(),
        };
        self.publish(topic(entry), "nsw.v1.Withdrawn", &id.replace("/lodge", "/withdraw"), &entry.sender, &entry.office, entry.protobuf, &message)
    }

    fn pay(&self, response: &Response) -> Result<()> {
        let office = self.ledger().about(&response.in_reply_to, &response.recipient, &response.reference).map(|(_, e)| e.office.clone());
        let message = Payment {
            reference: format!("PAY-{}-{}", response.number, response.amount_due),
            number: response.number.clone(),
            amount: response.amount_due.clone(),
            currency: "VND".to_owned(),
            sender: "TREASURY".to_owned(),
            office: office.clone().unwrap_or_default(),
        };
        let id = message.reference.clone();
        self.publish("nsw.payments.v1", "nsw.v1.Paid", &id, "TREASURY", &office.unwrap_or_default(), false, &message)
    }
}

fn topic(entry: &Entry) -> &'static str {
    if entry.parcel { "nsw.parcels.v1" } else { "nsw.declarations.v1" }
}

/// A trace that the single window begins.
fn traceparent(id: &str) -> String {
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(id.as_bytes()));
    format!("00-{}-{}-01", &digest[..32], &digest[32..48])
}
