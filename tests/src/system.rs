//! The whole system from outside: the four services of the local stack, spoken to as a single window and as callers.
use std::{collections::BTreeMap, process::Command, sync::OnceLock, time::Duration};

use anyhow::{Context as _, Result, ensure};
use contracts::nsw::v1::{Declaration, Invoice, Line, Response, Trader};
use platform::handover::Replicas;
use prost::Message as _;
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::{Header, Headers, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::sync::{Mutex, MutexGuard};
use tonic::{Request, metadata::MetadataValue, transport::Channel};

use crate::{binary, cleargate, kafka, token, unique};

/// The running local stack; one test at a time, because some of them kill services.
pub struct System {
    producer: BaseProducer,
    answers: BaseConsumer,
    _turn: MutexGuard<'static, ()>,
}

static TURN: OnceLock<Mutex<()>> = OnceLock::new();

impl System {
    /// Starts what is not running and begins to listen to answers.
    pub async fn start() -> Result<Self> {
        let turn = TURN.get_or_init(Mutex::default).lock().await;
        cleargate(&["up", "--replicas", "2"])?;
        let brokers = kafka("").brokers;
        let producer = ClientConfig::new().set("bootstrap.servers", &brokers).set("partitioner", "murmur2_random").create()?;
        let answers: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", &brokers).set("group.id", unique("answers")).set("enable.auto.commit", "false").create()?;
        let mut list = TopicPartitionList::new();
        for partition in 0..8 {
            let (_, end) = answers.fetch_watermarks("nsw.responses.v1", partition, Duration::from_secs(10))?;
            list.add_partition_offset("nsw.responses.v1", partition, Offset::Offset(end))?;
        }
        answers.assign(&list)?;
        Ok(Self { producer, answers, _turn: turn })
    }

    /// Publishes bytes under headers, to the partition of the key.
    pub fn publish(&self, topic: &str, key: &str, headers: &[(&str, &str)], payload: &[u8]) -> Result<()> {
        let mut wire = OwnedHeaders::new();
        for (key, value) in headers {
            wire = wire.insert(Header { key, value: Some(*value) });
        }
        self.producer.send(BaseRecord::to(topic).key(key).payload(payload).headers(wire)).map_err(|(e, _)| e)?;
        self.producer.flush(Duration::from_secs(10))?;
        Ok(())
    }

    /// Publishes a message of the single window as JSON.
    pub fn say<M: serde::Serialize>(&self, topic: &str, kind: &str, id: &str, message: &M) -> Result<()> {
        self.publish(topic, "32BB", &event(kind, id), &serde_json::to_vec(message)?)
    }

    /// Waits for answers to these message ids and returns each by its id; notices are passed over.
    pub fn answers_to(&self, ids: &[String]) -> Result<BTreeMap<String, Response>> {
        let mut found = BTreeMap::new();
        self.listen(|response, _| {
            if ids.contains(&response.in_reply_to) {
                found.insert(response.in_reply_to.clone(), response);
            }
            found.len() == ids.len()
        })?;
        Ok(found)
    }

    /// Reads answers until `enough` says so; each comes with its answer id.
    pub fn listen(&self, mut enough: impl FnMut(Response, String) -> bool) -> Result<()> {
        let until = tokio::time::Instant::now() + Duration::from_secs(60);
        while tokio::time::Instant::now() < until {
            let Some(message) = self.answers.poll(Duration::from_millis(100)) else { continue };
            let message = message?;
            let header = |name: &str| {
                let headers = message.headers()?;
                let found = headers.iter().find(|h| h.key == name)?.value?;
                Some(String::from_utf8_lossy(found).into_owned())
            };
            let payload = message.payload().unwrap_or_default();
            let json = header("content-type").is_some_and(|kind| kind.contains("json"));
            let response = if json { serde_json::from_slice(payload)? } else { Response::decode(payload)? };
            if enough(response, header("ce_answer").unwrap_or_default()) {
                return Ok(());
            }
        }
        anyhow::bail!("waited a minute for answers in vain")
    }

    /// A service's database.
    pub async fn database(&self, service: &str) -> Result<PgPool> {
        Ok(PgPoolOptions::new().max_connections(2).connect(&cleargate(&["status", "--url", service])?).await?)
    }

    /// A connection to all replicas of a service.
    pub fn channel(&self, service: &str) -> Result<Replicas> {
        let addresses = addresses(service)?;
        ensure!(addresses.len() == 2, "two replicas are the normal case: {addresses:?}");
        Ok(Replicas::new(&addresses.join(","), |endpoint| endpoint.timeout(Duration::from_secs(10)))?)
    }

    /// A connection to one replica of a service.
    pub fn replica(&self, service: &str, replica: usize) -> Result<Channel> {
        Ok(Channel::from_shared(addresses(service)?.swap_remove(replica))?.connect_lazy())
    }

    /// How many facts a service has told on its own topic.
    pub async fn told(&self, service: &str) -> Result<i64> {
        let heads = "SELECT coalesce(sum(position), 0)::bigint FROM streams WHERE topic = $1";
        Ok(sqlx::query_scalar(heads).bind(format!("customs.{service}.v1")).fetch_one(&self.database(service).await?).await?)
    }
}

/// `cleargate status --json`, also when something is down.
pub fn status() -> Result<serde_json::Value> {
    let output = Command::new(binary("cleargate")?).args(["status", "--json"]).output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn addresses(service: &str) -> Result<Vec<String>> {
    let status = status()?;
    let replicas = status["services"][service]["replicas"].as_array().context("status tells the replicas")?;
    Ok(replicas.iter().filter_map(|replica| replica["grpc"].as_str().map(str::to_owned)).collect())
}

/// Sends a signal to a replica.
pub fn signal(signal: &str, service: &str, replica: usize) -> Result<()> {
    let status = status()?;
    let pid = status["services"][service]["replicas"][replica]["pid"].as_i64().with_context(|| format!("{service} {replica} runs"))?;
    ensure!(Command::new("kill").args([signal, &pid.to_string()]).status()?.success());
    Ok(())
}

/// Headers of a CloudEvent of the single window in JSON.
pub fn event<'a>(kind: &'a str, id: &'a str) -> [(&'a str, &'a str); 5] {
    [("ce_specversion", "1.0"), ("ce_type", kind), ("ce_source", "/nsw/TESTER"), ("ce_id", id), ("content-type", "application/json")]
}

/// A request in somebody's name.
pub fn signed<M>(message: M, subject: &str, role: &str, office: &str) -> Result<Request<M>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", MetadataValue::try_from(format!("Bearer {}", token(subject, role, office)?))?);
    Ok(request)
}

/// A good import by road through Lao Bao, under a reference of its own.
pub fn declaration() -> Declaration {
    let today = platform::clock::now().date_naive().to_string();
    let text = |t: &str| t.to_owned();
    Declaration {
        sender: text("TESTER"),
        reference: unique("ref"),
        direction: text("import"),
        kind: text("A11"),
        transport_mode: text("4"),
        person_class: text("4"),
        office: text("32BB"),
        team: text("00"),
        trader: Some(Trader { code: text("3300000007"), name: text("Công ty 7"), address: text("Quảng Trị"), country: text("VN") }),
        counterparty: Some(Trader { code: text(""), name: text("LAO TRADING"), address: text("SAVANNAKHET"), country: text("LA") }),
        declarant: text("D0007"),
        bills: vec![text("LAOBL000007")],
        packages: text("10"),
        package_unit: text("BX"),
        gross_mass: text("1200.5"),
        mass_unit: text("KGM"),
        warehouse: text("32BBOZZ"),
        vehicle: text("BK 7007"),
        vehicle_country: text("LAO"),
        arrival_date: today.clone(),
        unloading_place: text("VNZZZ"),
        unloading_name: text("32BB"),
        loading_place: text("LAZZZ"),
        loading_name: text("SAVANNAKHET"),
        invoice: Some(Invoice {
            class: text("A"),
            number: text("INV7"),
            date: today,
            payment_term: text("TTR"),
            price_kind: text("A"),
            delivery_term: text("DAP"),
            currency: text("USD"),
            total: text("220"),
            ..Invoice::default()
        }),
        tax_payer: text("1"),
        tax_deadline: text("D"),
        lines: vec![Line {
            commodity_code: text("07141011"),
            description: text("Sắn lát khô"),
            origin: text("LA"),
            tariff_table: text("B01"),
            quantity: text("1000"),
            quantity_unit: text("KGM"),
            value: text("220"),
            duty: text("0"),
            net_mass: text("1000"),
            ..Line::default()
        }],
        ..Declaration::default()
    }
}

/// The audit of the running stack, as it prints it; fails when a law is broken.
pub fn audit() -> Result<String> {
    let printed = cleargate(&["audit"]).context("the audit found faults")?;
    ensure!(!printed.contains("BROKEN"), "{printed}");
    Ok(printed)
}
