//! The single window's side of Kafka: what the broker acknowledged is accepted.
use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail};
use rdkafka::{
    ClientConfig, ClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, Header, OwnedHeaders},
    producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer},
};

use super::{Ledger, Lodging, Standing};
use crate::site::Site;

struct Acknowledging(Arc<Ledger>);

impl ClientContext for Acknowledging {}

impl ProducerContext for Acknowledging {
    /// The sender's reference; empty for what the ledger does not know.
    type DeliveryOpaque = Box<String>;

    fn delivery(&self, result: &DeliveryResult<'_>, reference: Self::DeliveryOpaque) {
        if result.is_ok() {
            self.0.change(&reference, |item| item.standing = Standing::Accepted);
        }
    }
}

/// Publishes as a single window does: keyed by office, acknowledged by all, never given up.
pub struct Publisher {
    producer: ThreadedProducer<Acknowledging>,
    ledger: Arc<Ledger>,
    prefix: String,
}

impl Publisher {
    pub fn new(site: &Site, ledger: Arc<Ledger>) -> Result<Self> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", site.ground.brokers())
            .set("partitioner", "murmur2_random")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("message.timeout.ms", "0")
            .set("linger.ms", "5")
            .set("reconnect.backoff.max.ms", "500")
            .set("queue.buffering.max.messages", "2000000")
            .set("queue.buffering.max.kbytes", "2097151")
            .create_with_context(Acknowledging(Arc::clone(&ledger)))?;
        Ok(Self { producer, ledger, prefix: format!("{}.", site.name) })
    }

    pub fn lodge(&self, lodging: &Lodging) -> Result<()> {
        let id = format!("{}/lodge", lodging.reference);
        self.ledger.sent(lodging, &id);
        let topic = if lodging.parcel { "nsw.parcels.v1" } else { "nsw.declarations.v1" };
        self.publish(topic, "nsw.v1.Lodged", &id, &lodging.office, &serde_json::to_vec(&lodging.json)?, &lodging.reference)
    }

    /// Publishes any payload as a CloudEvent; `reference` names the item that its acknowledgement accepts.
    pub fn publish(&self, topic: &str, kind: &str, id: &str, office: &str, payload: &[u8], reference: &str) -> Result<()> {
        let topic = format!("{}{topic}", self.prefix);
        let headers = [("ce_specversion", "1.0"), ("ce_type", kind), ("ce_source", "/nsw/LAB"), ("ce_id", id), ("content-type", "application/json")];
        loop {
            let wire = headers.iter().fold(OwnedHeaders::new_with_capacity(5), |h, (key, value)| h.insert(Header { key, value: Some(*value) }));
            let record = BaseRecord::with_opaque_to(&topic, Box::new(reference.to_owned())).key(office).payload(payload).headers(wire);
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => std::thread::sleep(Duration::from_millis(2)),
                Err((error, _)) => bail!("publishing to {topic}: {error}"),
            }
        }
    }

    /// Publishes bytes without any header.
    pub fn raw(&self, topic: &str, office: &str, payload: &[u8]) -> Result<()> {
        let topic = format!("{}{topic}", self.prefix);
        let record = BaseRecord::with_opaque_to(&topic, Box::default()).key(office).payload(payload);
        self.producer.send(record).map_err(|(error, _)| error)?;
        Ok(())
    }

    /// Blocks until everything is acknowledged.
    pub fn flush(&self, patience: Duration) -> Result<()> {
        Ok(self.producer.flush(patience)?)
    }
}
