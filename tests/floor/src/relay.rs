//! From memory to Kafka after each commit; `published` follows what is acknowledged, late.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use rdkafka::{
    ClientConfig, ClientContext, Message as _,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext},
};
use sqlx::PgConnection;
use tokio::time::sleep;

use crate::{
    journal::Row,
    prepare, store,
    topology::{PARTITIONS, Service},
};

/// A service tells two topics at most.
const TOLD: usize = 2;
const PLACES: usize = TOLD * PARTITIONS as usize;

pub struct Relay {
    producer: Arc<BaseProducer<Acknowledged>>,
    tells: &'static [&'static str],
    /// As Kafka names what it tells.
    topics: Vec<String>,
    published: [i64; PLACES],
}

/// The last acknowledged position of each place: an idempotent producer is acknowledged in order.
#[derive(Default)]
struct Acknowledged {
    reached: [AtomicI64; PLACES],
    failed: AtomicBool,
}

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    /// Position and topic in one number, so that a message needs no memory of its own.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: usize) {
        match result {
            Ok(message) => {
                let place = place(sent % TOLD, message.partition());
                self.reached[place].fetch_max(i64::try_from(sent / TOLD).unwrap_or(0), Ordering::Release);
            }
            Err(_) => self.failed.store(true, Ordering::Release),
        }
    }
}

fn place(topic: usize, stream: i32) -> usize {
    topic * PARTITIONS as usize + usize::try_from(stream).unwrap_or(0)
}

/// What the topic gets of a row.
struct Told<'r> {
    topic: usize,
    stream: i32,
    position: i64,
    kind: &'r str,
    office: &'r str,
    trace: &'r str,
    payload: &'r [u8],
}

impl Relay {
    pub fn new(brokers: &str, name: &str, service: Service) -> Result<Self> {
        let producer: BaseProducer<Acknowledged> = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("enable.idempotence", "true")
            // A row that is refused ends the process: nothing after it may be acknowledged.
            .set("enable.gapless.guarantee", "true")
            .set("acks", "all")
            .set("message.timeout.ms", "0")
            .set("linger.ms", "2")
            .set("batch.size", "262144")
            .set("queue.buffering.max.kbytes", "16384")
            .set("socket.nagle.disable", "true")
            .create_with_context(Acknowledged::default())?;
        let producer = Arc::new(producer);
        let polled = Arc::clone(&producer);
        // The client's own thread asks every tenth of a second and spins through the last millisecond of each.
        thread::spawn(move || {
            loop {
                polled.poll(Duration::from_secs(1));
            }
        });
        let topics = service.tells().iter().map(|topic| prepare::topic(name, topic)).collect();
        Ok(Self { producer, tells: service.tells(), topics, published: [0; PLACES] })
    }

    /// Sends what was committed and is not known to have arrived; readers drop by position what they have.
    pub async fn resume(&mut self, conn: &mut PgConnection) -> Result<()> {
        for row in store::unsent(conn).await? {
            let topic = self.tells.iter().position(|topic| *topic == row.topic).context("a topic that is not told")?;
            let (stream, position) = (row.stream, row.position);
            self.produce(&Told { topic, stream, position, kind: &row.kind, office: &row.office, trace: &row.trace, payload: &row.payload }).await?;
        }
        Ok(())
    }

    pub async fn send(&self, row: &Row<'_>) -> Result<()> {
        let &Row { topic, stream, position, kind, office, trace, ref payload, .. } = row;
        self.produce(&Told { topic, stream, position, kind, office, trace, payload }).await
    }

    async fn produce(&self, told: &Told<'_>) -> Result<()> {
        let id = format!("{}-{}", told.stream, told.position);
        let sequence = format!("{:020}", told.position);
        let source = format!("/{}", self.tells[told.topic]);
        let headers = [("ce_id", id.as_str()), ("ce_source", &source), ("ce_type", told.kind), ("ce_sequence", &sequence)];
        let headers = headers.into_iter().chain([("content-type", "application/json"), ("traceparent", told.trace)]);
        let headers = headers.fold(OwnedHeaders::new_with_capacity(6), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
        let opaque = usize::try_from(told.position)? * TOLD + told.topic;
        let mut record = BaseRecord::with_opaque_to(&self.topics[told.topic], opaque)
            .partition(told.stream)
            .key(told.office)
            .payload(told.payload)
            .headers(headers);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                // The broker is behind: so is this process.
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), same)) => record = same,
                Err((error, _)) => bail!("sending: {error}"),
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Moves `published` to the acknowledged prefix.
    pub async fn advance(&mut self, conn: &mut PgConnection) -> Result<()> {
        let acknowledged = self.producer.context();
        ensure!(!acknowledged.failed.load(Ordering::Acquire), "a row was not acknowledged");
        let mut reached = Vec::new();
        for (topic, name) in self.tells.iter().enumerate() {
            for stream in 0..PARTITIONS {
                let position = acknowledged.reached[place(topic, stream)].load(Ordering::Acquire);
                if position > self.published[place(topic, stream)] {
                    self.published[place(topic, stream)] = position;
                    reached.push((*name, stream, position));
                }
            }
        }
        if !reached.is_empty() {
            store::publish(conn, &reached).await?;
        }
        Ok(())
    }

    pub async fn end(mut self, conn: &mut PgConnection) -> Result<()> {
        tokio::task::block_in_place(|| self.producer.flush(Duration::from_secs(3)))?;
        self.advance(conn).await
    }
}
