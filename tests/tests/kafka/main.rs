//! Relay and group on a real Kafka: rows in order, each at least once on the topic, each exactly once in its effects.
mod anew;
mod groups;
mod relays;

use std::collections::BTreeMap;

use platform::{
    Entry,
    journal::{self, Row},
    settings::GroupProtocol,
    streams::Class,
};
use system_tests::{
    LAYOUT, Sandbox,
    toy::{self, ANSWERS, MIGRATIONS, OUTSIDE, TOPIC, entry},
    until,
};

async fn sandbox(protocol: GroupProtocol) -> anyhow::Result<Sandbox> {
    let mut sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await?;
    sandbox.kafka.protocol = protocol;
    sandbox.create_topics(&[TOPIC, OUTSIDE, ANSWERS]).await?;
    Ok(sandbox)
}

/// `rounds` facts of each of twelve subjects in twelve offices, numbered from `from` on; every third office sends parcels.
async fn publish(sandbox: &Sandbox, from: usize, rounds: usize) -> anyhow::Result<()> {
    for round in from..from + rounds {
        let entries: Vec<Entry> = (0..12).map(|n| said(n, round)).collect();
        append(sandbox, entries).await?;
    }
    Ok(())
}

fn said(office: usize, round: usize) -> Entry {
    let class = if office.is_multiple_of(3) { Class::Parcels } else { Class::Cargo };
    Entry { class, ..entry(TOPIC, &format!("OFF{office}"), &format!("s{office}"), &round.to_string()) }
}

async fn append(sandbox: &Sandbox, entries: Vec<Entry>) -> anyhow::Result<()> {
    let mut tx = sandbox.pool.begin().await?;
    journal::append(&mut tx, sandbox.journal, entries).await?;
    Ok(tx.commit().await?)
}

async fn rows(sandbox: &Sandbox, topic: &str) -> anyhow::Result<Vec<Row>> {
    let (mut conn, mut rows) = (sandbox.pool.acquire().await?, Vec::new());
    for stream in 0..i32::try_from(LAYOUT.streams())? {
        rows.extend(journal::read(&mut conn, topic, stream, 1, i64::MAX).await?);
    }
    Ok(rows)
}

async fn published(sandbox: &Sandbox) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar("SELECT sum(published)::bigint FROM streams").fetch_one(&sandbox.pool).await?)
}

/// Waits until `rounds` facts of every subject have had an effect, then asserts that each had one and that they came in order.
async fn assert_once_and_in_order(sandbox: &Sandbox, rounds: usize) -> anyhow::Result<()> {
    until("every fact has its effect", async || Ok(toy::effects(sandbox).await?.len() >= 12 * rounds)).await?;
    let mut by_subject: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (subject, body) in toy::effects(sandbox).await? {
        by_subject.entry(subject).or_default().push(body.parse()?);
    }
    assert_eq!(by_subject.len(), 12);
    for (subject, bodies) in by_subject {
        assert_eq!(bodies, (0..rounds).collect::<Vec<_>>(), "{subject}");
    }
    Ok(())
}
