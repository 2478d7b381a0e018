//! Tracking with its database, fed and asked by the tests.
use std::{sync::Arc, time::Duration};

use contracts::{
    Event as _,
    gate::v1::Observation,
    intake::IntakeEvent,
    tracking::{TrackingEvent, tracking_event::Fact as Told},
};
use platform::{
    Entry, Instant, clock,
    cloudevent::Headers,
    commands::CommandLoop,
    health::Health,
    journal,
    metrics::Metrics,
    reader::{Delivery, step::Reader},
    relay::Wake,
    secret::Secret,
    settings,
    streams::Class,
};
use prost::Message as _;
use system_tests::{
    Sandbox,
    toy::{NoPeers, delivery},
};
use tokio_util::sync::CancellationToken;
use tracking::{Calls, Deciding, FACTS, HEARS, Hearing, INTAKE, MIGRATIONS, OBSERVATIONS, RISK, Rules, Settings};

use crate::{GATE, KEY, OFFICE};

pub fn rules(gates: &str, look_outs: &str) -> Arc<Rules> {
    let settings = Settings {
        repeat_window_s: 60,
        min_confidence: 800,
        clock_ahead_s: 300,
        announcement_h: 72,
        secret: Secret::from("5a".repeat(32)),
        gates: gates.to_owned(),
        look_outs: Secret::from(look_outs.to_owned()),
    };
    #[expect(clippy::unwrap_used, reason = "a test that cannot build its rules has failed")]
    Arc::new(settings.rules().unwrap())
}

/// Tracking with its database, fed without Kafka.
pub struct House {
    pub sandbox: Sandbox,
    pub reader: Reader,
    rules: Arc<Rules>,
    offset: i64,
    start: Instant,
}

impl House {
    pub async fn new() -> anyhow::Result<Self> {
        Self::with(rules("", "")).await
    }

    pub async fn with(rules: Arc<Rules>) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(&MIGRATIONS, &[FACTS, INTAKE, RISK]).await?;
        let mut reader = Reader {
            pool: sandbox.pool.clone(),
            handler: Arc::new(Hearing { rules: Arc::clone(&rules) }),
            journal: sandbox.journal,
            sources: HEARS.to_vec(),
            journals: Arc::new(NoPeers),
            owner: "one".to_owned(),
            metrics: Metrics::new("tracking"),
            owning: Default::default(),
            told: Vec::new(),
        };
        let ours = [INTAKE, RISK].into_iter().flat_map(|topic| (0..8).map(move |n| (topic.into(), n)));
        reader.claim(&ours.chain([(OBSERVATIONS.into(), 0)]).collect::<Vec<_>>()).await?;
        Ok(Self { sandbox, reader, rules, offset: 0, start: clock::now() - Duration::from_secs(7200) })
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    pub fn observation(&self, way: &str, plate: &str, seconds: u64) -> Observation {
        Observation {
            camera: format!("LB-{way}"),
            gate: GATE.to_owned(),
            direction: way.to_owned(),
            plate: plate.to_owned(),
            country: "LAO".to_owned(),
            observed_at: Some(self.at(seconds).into()),
            confidence: 990,
            image: String::new(),
        }
    }

    pub fn message(&mut self, id: &str, kind: &str, content_type: &str, payload: Vec<u8>) -> Delivery {
        let headers = Headers::from_iter([
            ("ce_specversion", "1.0"),
            ("ce_source", "/gate/laobao"),
            ("ce_id", id),
            ("ce_type", kind),
            ("content-type", content_type),
        ]);
        self.offset += 1;
        Delivery {
            topic: OBSERVATIONS.into(),
            partition: 0,
            offset: self.offset,
            key: OFFICE.into(),
            headers: headers.into(),
            payload: payload.into(),
        }
    }

    pub fn seen(&mut self, observation: &Observation) -> Delivery {
        let id = format!("m{}", self.offset);
        self.message(&id, "gate.v1.Observed", "application/protobuf", observation.encode_to_vec())
    }

    pub async fn observe(&mut self, way: &str, plate: &str, seconds: u64) -> anyhow::Result<()> {
        let delivery = self.seen(&self.observation(way, plate, seconds));
        self.reader.step(vec![delivery]).await?;
        Ok(())
    }

    /// Facts of intake, as Kafka would deliver them.
    pub async fn say(&self, events: Vec<IntakeEvent>) -> anyhow::Result<Vec<Delivery>> {
        let entries: Vec<Entry> = events
            .into_iter()
            .map(|event| Entry {
                topic: INTAKE,
                class: Class::Cargo,
                kind: event.kind().into(),
                subject: KEY.to_owned(),
                office: OFFICE.to_owned(),
                actor: "intake".to_owned(),
                cause: "grpc:test:intake:1".to_owned(),
                recorded_at: clock::now(),
                trace: String::new(),
                payload: event.encode_to_vec(),
                headers: Headers::default(),
                answer: false,
                answers: None,
            })
            .collect();
        let mut tx = self.sandbox.pool.begin().await?;
        let mut deliveries = Vec::new();
        for told in journal::append(&mut tx, self.sandbox.journal, entries).await? {
            let row = journal::read(&mut tx, INTAKE, told.stream, told.position, 1).await?.remove(0);
            deliveries.push(delivery(&row));
        }
        tx.commit().await?;
        Ok(deliveries)
    }

    pub async fn hear(&mut self, events: Vec<IntakeEvent>) -> anyhow::Result<()> {
        let deliveries = self.say(events).await?;
        self.reader.step(deliveries).await?;
        Ok(())
    }

    /// What tracking has told so far.
    pub async fn told(&self) -> anyhow::Result<Vec<Told>> {
        let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT payload FROM journal WHERE topic = $1 ORDER BY stream, position")
            .bind(FACTS)
            .fetch_all(&self.sandbox.pool)
            .await?;
        rows.into_iter().map(|(payload,)| Ok(TrackingEvent::decode(payload.as_slice())?.fact.expect("every row has a fact"))).collect()
    }

    pub async fn names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.told().await?.iter().map(name).collect())
    }

    pub async fn codes(&self) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar(r#"SELECT code FROM dead_letters WHERE redriven_at IS NULL ORDER BY topic, "offset""#)
            .fetch_all(&self.sandbox.pool)
            .await?)
    }

    pub fn calls(&self, stop: &CancellationToken) -> Calls {
        let (commands, command_loop) = CommandLoop::new(
            self.sandbox.pool.clone(),
            Arc::new(Deciding { rules: Arc::clone(&self.rules) }),
            Arc::new(Hearing { rules: Arc::clone(&self.rules) }),
            self.sandbox.journal,
            Wake::default(),
            Health::default(),
            Metrics::new("tracking"),
            settings::Commands { batch: 128, queue: 1024, queue_bytes: 1 << 26 },
        );
        tokio::spawn(command_loop.run(stop.clone()));
        Calls { pool: self.sandbox.pool.clone(), rules: Arc::clone(&self.rules), commands }
    }
}

/// A fact as `Kind` or `Kind REASON`.
fn name(fact: &Told) -> String {
    match fact {
        Told::Announced(_) => "Announced".to_owned(),
        Told::Arrived(_) => "Arrived".to_owned(),
        Told::Held(f) => format!("Held {}", f.reason),
        Told::Unrecognised(f) => format!("Unrecognised {}", f.reason),
        Told::Departed(_) => "Departed".to_owned(),
        Told::Linked(_) => "Linked".to_owned(),
        Told::Released(_) => "Released".to_owned(),
        Told::HeadsWitnessed(_) | Told::DeadLetterDiscarded(_) => "Platform".to_owned(),
    }
}
