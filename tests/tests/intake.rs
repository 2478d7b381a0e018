//! Intake on a real PostgreSQL: what is accepted, what waits, and amendments racing with the lane.
use std::sync::Arc;

use contracts::{
    Event as _,
    common::Lane,
    nsw::v1::{Declaration, Payment},
    risk::{Decided, RiskEvent},
};
use intake::{FACTS, IntakeHandler, MIGRATIONS, RESPONSES, RISK, Rules, SOURCES, Settings};
use platform::{
    cloudevent::Headers,
    journal::{GENESIS, Hash, Link, Row},
    metrics::Metrics,
    reader::{Delivery, step::Reader},
};
use prost::Message as _;
use system_tests::{
    LAYOUT, Sandbox,
    system::declaration,
    toy::{NoPeers, delivery},
};

/// Intake with its database, fed without Kafka.
struct Desk {
    sandbox: Sandbox,
    reader: Reader,
    messages: i64,
    risk: (i64, Hash),
}

impl Desk {
    async fn open() -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(&MIGRATIONS, &[FACTS, RESPONSES]).await?;
        let rules = Rules::new(&Settings { region: 9, answer_waiting_s: 900, offices: vec![] })?;
        let mut reader = Reader {
            pool: sandbox.pool.clone(),
            handler: Arc::new(IntakeHandler::new(Arc::new(rules), LAYOUT)),
            journal: sandbox.journal,
            sources: SOURCES.to_vec(),
            journals: Arc::new(NoPeers),
            owner: "test".to_owned(),
            metrics: Metrics::new("intake"),
            owning: Default::default(),
            told: Vec::new(),
        };
        reader.claim(&[(intake::DECLARATIONS.into(), 0), (intake::PAYMENTS.into(), 0), (RISK.into(), 0)]).await?;
        Ok(Self { sandbox, reader, messages: 0, risk: (0, GENESIS) })
    }

    /// A message of the single window.
    async fn say<M: serde::Serialize>(&mut self, topic: &str, kind: &str, message: &M) -> anyhow::Result<()> {
        let id = format!("m{}", self.messages);
        let headers = Headers::from_iter([
            ("ce_specversion", "1.0"),
            ("ce_type", kind),
            ("ce_source", "/nsw/TESTER"),
            ("ce_id", &id),
            ("content-type", "application/json"),
        ]);
        let offset = self.messages;
        self.messages += 1;
        let payload = serde_json::to_vec(message)?;
        let message = Delivery { topic: topic.into(), partition: 0, offset, key: "32BB".into(), headers: headers.into(), payload: payload.into() };
        self.reader.step(vec![message]).await?;
        Ok(())
    }

    /// A decision of risk about a version.
    async fn decide(&mut self, key: &str, version: u32, lane: Lane) -> anyhow::Result<()> {
        let event = RiskEvent::from(Decided { key: key.to_owned(), version, lane: lane.into(), officer: "A".to_owned(), ..Decided::default() });
        let (position, previous) = self.risk;
        let mut row = Row {
            topic: RISK.into(),
            stream: 0,
            position: position + 1,
            kind: event.kind().into(),
            subject: key.to_owned(),
            office: "32BB".to_owned(),
            actor: "risk".to_owned(),
            cause: "test".to_owned(),
            recorded_at: platform::clock::now(),
            trace: String::new(),
            headers: String::new(),
            payload: event.encode_to_vec(),
            hash: Vec::new(),
        };
        let link: Link<'_> = row.link();
        let hash = link.hash(&previous);
        row.hash = hash.to_vec();
        self.risk = (position + 1, hash);
        self.reader.step(vec![delivery(&row)]).await?;
        Ok(())
    }

    async fn standing(&self, key: &str) -> anyhow::Result<(i16, String)> {
        Ok(sqlx::query_as("SELECT version, state FROM declarations WHERE key = $1").bind(key).fetch_one(&self.sandbox.pool).await?)
    }

    async fn only_key(&self) -> anyhow::Result<String> {
        Ok(sqlx::query_scalar("SELECT key FROM declarations").fetch_one(&self.sandbox.pool).await?)
    }

    async fn waiting(&self) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM awaiting").fetch_one(&self.sandbox.pool).await?)
    }
}

#[tokio::test]
async fn an_amendment_races_with_the_lane_and_the_older_lane_changes_nothing() -> anyhow::Result<()> {
    let mut desk = Desk::open().await?;
    let lodged = declaration();
    desk.say(intake::DECLARATIONS, "nsw.v1.Lodged", &lodged).await?;
    let key = desk.only_key().await?;
    let amended = Declaration { number: format!("{key}0"), packages: "11".to_owned(), ..lodged };
    desk.say(intake::DECLARATIONS, "nsw.v1.Amended", &amended).await?;
    // Risk decided version 0 before it heard of the amendment.
    desk.decide(&key, 0, Lane::Green).await?;
    assert_eq!(desk.standing(&key).await?, (1, "REGISTERED".to_owned()));
    desk.decide(&key, 1, Lane::Yellow).await?;
    assert_eq!(desk.standing(&key).await?, (1, "UNDER_EXAMINATION".to_owned()));
    let superseded: i64 =
        sqlx::query_scalar("SELECT count(*) FROM journal WHERE kind = 'customs.intake.v1.Superseded'").fetch_one(&desk.sandbox.pool).await?;
    assert_eq!(superseded, 1);
    Ok(())
}

#[tokio::test]
async fn a_lane_that_comes_before_its_version_waits_for_it() -> anyhow::Result<()> {
    let mut desk = Desk::open().await?;
    let lodged = declaration();
    desk.say(intake::DECLARATIONS, "nsw.v1.Lodged", &lodged).await?;
    let key = desk.only_key().await?;
    desk.decide(&key, 1, Lane::Green).await?;
    assert_eq!((desk.standing(&key).await?, desk.waiting().await?), ((0, "REGISTERED".to_owned()), 1));
    let amended = Declaration { number: format!("{key}0"), packages: "11".to_owned(), ..lodged };
    desk.say(intake::DECLARATIONS, "nsw.v1.Amended", &amended).await?;
    assert_eq!((desk.standing(&key).await?, desk.waiting().await?), ((1, "CLEARED".to_owned()), 0));
    Ok(())
}

#[tokio::test]
async fn a_payment_reference_is_recorded_once_and_tax_clears_when_it_is_whole() -> anyhow::Result<()> {
    let mut desk = Desk::open().await?;
    let mut taxed = declaration();
    taxed.lines[0].duty = "5000".to_owned();
    taxed.lines[0].duty_rate = "3".to_owned();
    desk.say(intake::DECLARATIONS, "nsw.v1.Lodged", &taxed).await?;
    let key = desk.only_key().await?;
    desk.decide(&key, 0, Lane::Green).await?;
    assert_eq!(desk.standing(&key).await?.1, "TAX_DUE");
    let part = Payment {
        reference: "P1".to_owned(),
        number: format!("{key}0"),
        amount: "2500".to_owned(),
        currency: "VND".to_owned(),
        sender: "TREASURY".to_owned(),
        office: "32BB".to_owned(),
    };
    desk.say(intake::DECLARATIONS, "nsw.v1.Paid", &part).await?;
    // The same payment under another message id changes nothing.
    desk.say(intake::DECLARATIONS, "nsw.v1.Paid", &part).await?;
    assert_eq!(desk.standing(&key).await?.1, "TAX_DUE");
    desk.say(intake::DECLARATIONS, "nsw.v1.Paid", &Payment { reference: "P2".to_owned(), ..part }).await?;
    assert_eq!(desk.standing(&key).await?.1, "CLEARED");
    Ok(())
}

#[tokio::test]
async fn the_tenth_amendment_is_refused_with_its_code() -> anyhow::Result<()> {
    let mut desk = Desk::open().await?;
    let lodged = declaration();
    desk.say(intake::DECLARATIONS, "nsw.v1.Lodged", &lodged).await?;
    let key = desk.only_key().await?;
    for n in 0..10 {
        let amended = Declaration { number: format!("{key}{n}"), packages: (20 + n).to_string(), ..lodged.clone() };
        desk.say(intake::DECLARATIONS, "nsw.v1.Amended", &amended).await?;
    }
    assert_eq!(desk.standing(&key).await?.0, 9);
    let refused: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM journal WHERE kind = 'nsw.v1.Response' ORDER BY stream, position DESC LIMIT 1")
            .fetch_all(&desk.sandbox.pool)
            .await?;
    assert!(String::from_utf8_lossy(&refused[0]).contains("CG103"));
    Ok(())
}
