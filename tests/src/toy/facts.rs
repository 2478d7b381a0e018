//! Facts of the toy and messages from outside, as they are written and as Kafka would deliver them.
use platform::{
    Entry,
    cloudevent::Headers,
    journal::{self, Row},
    reader::Delivery,
    streams::Class,
};

use super::{OUTSIDE, TOPIC};
use crate::Sandbox;

/// A fact of the toy.
pub fn entry(topic: &'static str, office: &str, subject: &str, body: &str) -> Entry {
    Entry {
        topic,
        class: Class::Cargo,
        kind: "customs.toy.v1.Said".into(),
        subject: subject.to_owned(),
        office: office.to_owned(),
        actor: "toy".to_owned(),
        cause: "grpc:test:toy:1".to_owned(),
        recorded_at: platform::clock::now(),
        trace: String::new(),
        payload: body.as_bytes().to_vec(),
        headers: Headers::default(),
        answer: false,
        answers: None,
    }
}

/// Journals facts and returns them as Kafka would deliver them.
pub async fn tell(sandbox: &Sandbox, facts: &[(&str, &str, &str)]) -> anyhow::Result<Vec<Delivery>> {
    let entries: Vec<Entry> = facts.iter().map(|(office, subject, body)| entry(TOPIC, office, subject, body)).collect();
    let mut tx = sandbox.pool.begin().await?;
    let mut deliveries = Vec::new();
    for told in journal::append(&mut tx, sandbox.journal, entries).await? {
        let row = journal::read(&mut tx, TOPIC, told.stream, told.position, 1).await?.remove(0);
        deliveries.push(delivery(&row));
    }
    tx.commit().await?;
    Ok(deliveries)
}

/// A row as Kafka would deliver it, offsets one behind positions.
pub fn delivery(row: &Row) -> Delivery {
    Delivery {
        topic: (*row.topic).into(),
        partition: row.stream,
        offset: row.position - 1,
        key: row.office.as_str().into(),
        headers: row.wire_headers().into(),
        payload: row.payload.clone().into(),
    }
}

/// A message from outside.
pub fn message(offset: i64, id: &str, subject: &str, body: &str) -> Delivery {
    Delivery {
        topic: OUTSIDE.into(),
        partition: 0,
        offset,
        key: "OFF1".into(),
        headers: Headers::from_iter([
            ("ce_specversion", "1.0"),
            ("ce_source", "/sender"),
            ("ce_id", id),
            ("ce_type", "nsw.toy.v1.Said"),
            ("ce_subject", subject),
            ("content-type", "application/json"),
        ])
        .into(),
        payload: body.as_bytes().to_vec().into(),
    }
}
