//! A single window for trying the floor alone: generated declarations in, every lane heard, every report counted.
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use clap::Args;
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};
use tokio::{task::spawn_blocking, time::Instant};

use crate::{
    Place, prepare,
    topology::{DECLARATIONS, PARTITIONS, RESPONSES, Service, stream},
    wire::Answer,
};

#[derive(Args, Clone)]
pub struct Load {
    #[arg(long, default_value_t = 10_000)]
    count: usize,
    /// Declarations a second; without it as fast as it goes
    #[arg(long)]
    rate: Option<u32>,
    /// Seconds without an answer before it gives up
    #[arg(long, default_value_t = 30)]
    patience: u64,
}

/// Offices with their share in a thousand: one carries well over a third.
const OFFICES: [(&str, u32); 9] =
    [("32BC", 380), ("32BB", 220), ("31BB", 170), ("33BA", 60), ("33CF", 50), ("31CD", 40), ("32CD", 30), ("33CC", 25), ("33PD", 25)];

impl Load {
    pub async fn run(self, place: Place) -> Result<()> {
        let mut reporting = prepare::connect(&place, Some(&prepare::database(&place.name, Service::Reporting))).await?;
        let reported = "SELECT count(*) FROM declarations WHERE reported_at IS NOT NULL";
        let before: i64 = sqlx::query_scalar(reported).fetch_one(&mut reporting).await?;
        let run = format!("{before}-{}", std::process::id());
        let window = Window { place, run, load: self.clone(), start: Instant::now() };
        let (count, patience) = (self.count, Duration::from_secs(self.patience));
        let waits = spawn_blocking(move || window.drive()).await??;
        let mut done: i64 = 0;
        while done < i64::try_from(count)? {
            ensure!(waits.start.elapsed() < waits.took + patience, "{done} of {count} were reported");
            tokio::time::sleep(Duration::from_millis(10)).await;
            done = sqlx::query_scalar::<_, i64>(reported).fetch_one(&mut reporting).await? - before;
        }
        let took = waits.start.elapsed().as_millis().max(1);
        let at = |percent: usize| waits.micros[(count * percent / 100).min(count - 1)] / 1000;
        println!(
            "{count} declarations in {took} ms: {}/s; publishing to lane p50 {} ms, p99 {} ms; published in {} ms",
            count as u128 * 1000 / took,
            at(50),
            at(99),
            waits.published.as_millis()
        );
        Ok(())
    }
}

struct Window {
    place: Place,
    run: String,
    load: Load,
    start: Instant,
}

/// What was seen on the topics.
struct Waits {
    start: Instant,
    published: Duration,
    took: Duration,
    /// From publishing to the answer with a lane, sorted.
    micros: Vec<u64>,
}

impl Window {
    fn drive(&self) -> Result<Waits> {
        let consumer = self.listener()?;
        let sent: Vec<AtomicU64> = (0..self.load.count).map(|_| AtomicU64::new(0)).collect();
        std::thread::scope(|scope| {
            let publishing = scope.spawn(|| self.publish(&sent));
            let micros = self.listen(&consumer, &sent)?;
            let took = self.start.elapsed();
            let published = publishing.join().unwrap_or_else(|_| bail!("the publisher panicked"))?;
            Ok(Waits { start: self.start, published, took, micros })
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// At the present ends of the responses.
    fn listener(&self) -> Result<BaseConsumer> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.place.brokers)
            .set("group.id", format!("{}.load", self.place.name))
            .set("enable.auto.commit", "false")
            .set("queued.max.messages.kbytes", "8192")
            .set("fetch.queue.backoff.ms", "5")
            .create()?;
        let topic = prepare::topic(&self.place.name, RESPONSES);
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            let (_, end) = consumer.fetch_watermarks(&topic, partition, Duration::from_secs(10))?;
            list.add_partition_offset(&topic, partition, Offset::Offset(end))?;
        }
        consumer.assign(&list)?;
        Ok(consumer)
    }

    fn listen(&self, consumer: &BaseConsumer, sent: &[AtomicU64]) -> Result<Vec<u64>> {
        let mut micros = Vec::with_capacity(sent.len());
        let mut heard = Instant::now();
        while micros.len() < sent.len() {
            ensure!(heard.elapsed() < Duration::from_secs(self.load.patience), "{} of {} were answered", micros.len(), sent.len());
            let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
            let message = message?;
            let answer: Answer<'_> = serde_json::from_slice(message.payload().unwrap_or_default())?;
            let place = answer.reference.strip_prefix(&self.run).and_then(|rest| rest.strip_prefix('/')?.parse::<usize>().ok());
            if let (false, Some(place)) = (answer.lane.is_empty(), place) {
                micros.push(self.now().saturating_sub(sent[place].load(Ordering::Relaxed)));
                heard = Instant::now();
            }
        }
        micros.sort_unstable();
        Ok(micros)
    }

    fn publish(&self, sent: &[AtomicU64]) -> Result<Duration> {
        let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
            .set("bootstrap.servers", &self.place.brokers)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "2")
            .set("queue.buffering.max.kbytes", "16384")
            .create()?;
        let topic = prepare::topic(&self.place.name, DECLARATIONS);
        let mut draw = 1_u32;
        for (place, at) in sent.iter().enumerate() {
            if let Some(rate) = self.load.rate {
                let due = Duration::from_micros(place as u64 * 1_000_000 / u64::from(rate.max(1)));
                std::thread::sleep(due.saturating_sub(self.start.elapsed()));
            }
            draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let office = office(draw >> 8);
            let payload = declaration(office, &self.run, place, draw);
            let id = format!("{}/{place}/lodge", self.run);
            let trace = format!("00-{:032x}-{:016x}-01", place + 1, draw);
            let headers = [("ce_id", id.as_str()), ("ce_source", "/nsw/0101234567"), ("ce_type", "nsw.v1.Lodged"), ("traceparent", &trace)];
            let headers = headers.into_iter().chain([("content-type", "application/json")]);
            let headers = headers.fold(OwnedHeaders::new_with_capacity(5), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
            let mut record = BaseRecord::to(&topic).partition(stream(office)).key(office).payload(&payload).headers(headers);
            at.store(self.now(), Ordering::Relaxed);
            while let Err((error, same)) = producer.send(record) {
                let KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) = error else { bail!("publishing: {error}") };
                std::thread::sleep(Duration::from_millis(1));
                record = same;
            }
        }
        producer.flush(Duration::from_secs(60))?;
        Ok(self.start.elapsed())
    }
}

fn office(draw: u32) -> &'static str {
    let mut left = draw % 1000;
    for (code, weight) in OFFICES {
        if left < weight {
            return code;
        }
        left -= weight;
    }
    OFFICES[0].0
}

/// About a kilobyte.
fn declaration(office: &str, run: &str, place: usize, draw: u32) -> String {
    let (kilos, plate) = (draw % 40_000 + 500, draw % 100_000);
    let line = format!(
        r#"{{"commodityCode":"27011290","description":"Than đá bitum, nhiệt năng cao","origin":"LA","tariffTable":"B04","quantity":"{kilos}","quantityUnit":"KGM","value":"{kilos}.09","unitPrice":"0.09","unitPriceCurrency":"USD","unitPriceUnit":"KGM","dutyRate":"3","duty":"{kilos}00","netMass":"{kilos}"}}"#
    );
    format!(
        r#"{{"sender":"0101234567","reference":"{run}/{place}","direction":"import","kind":"A11","cargoClass":"A","transportMode":"4","personClass":"3","office":"{office}","team":"00","plannedDate":"2026-11-26","trader":{{"code":"3200123456","name":"Công ty TNHH Than Quảng Trị","address":"Đông Hà, Quảng Trị","country":"VN"}},"counterparty":{{"code":"LA00123","name":"Sekong Coal Co","address":"Sekong","country":"LA"}},"declarant":"A1234","packages":"1","packageUnit":"BLK","grossMass":"{kilos}","massUnit":"KGM","warehouse":"{office}OZZ","vehicle":"74C-{plate:05}","vehicleCountry":"VN","arrivalDate":"2026-11-26","unloadingPlace":"VNLLY","loadingPlace":"LALMM","invoice":{{"class":"A","number":"INV-{place}","date":"2026-11-25","priceKind":"A","deliveryTerm":"DAP","currency":"USD","total":"{kilos}.09"}},"taxPayer":"1","lines":[{line}]}}"#
    )
}
