//! Relays: what they send, when they die, and two of them at once.
use std::{str::FromStr as _, sync::Arc};

use platform::{
    Entry,
    reader::Delivery,
    relay::Relay,
    settings::{self, GroupProtocol},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use system_tests::{
    Sandbox,
    relaying::{relay_all, step},
    topic,
    toy::{self, ANSWERS, READING, Running, TOPIC, Toy, entry, relay},
    until,
};
use tokio_util::sync::CancellationToken;

use crate::{append, assert_once_and_in_order, publish, published, rows, said, sandbox};

/// Sends everything, and dies when the broker has acknowledged it and `published` is about to be moved.
async fn crash_before_published(sandbox: &Sandbox) -> anyhow::Result<()> {
    let options = PgConnectOptions::from_str(&sandbox.url)?.options([("lock_timeout", "200")]);
    let hurried = PgPoolOptions::new().max_connections(2).connect_with(options).await?;
    let mut heads = sandbox.pool.begin().await?;
    sqlx::query("SELECT 1 FROM streams FOR UPDATE").fetch_all(&mut *heads).await?;
    let mut relay = Relay::new(
        hurried,
        sandbox.kafka.clone(),
        settings::Relay { rows: 100, lease_s: 1 },
        "crashing".to_owned(),
        Default::default(),
        Default::default(),
        platform::metrics::Metrics::new("toy"),
    );
    let wanted = rows(sandbox, TOPIC).await?.len();
    let mut refused = false;
    until("the broker has everything and the heads could not be moved", async || {
        refused |= relay.step().await.is_err();
        Ok(refused && topic::length(sandbox, TOPIC)? == wanted)
    })
    .await?;
    drop(relay);
    heads.rollback().await?;
    assert_eq!(published(sandbox).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_reach_their_topics_in_order_with_all_their_headers() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    publish(&sandbox, 0, 10).await?;
    let traced = Entry { trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(), ..said(1, 10) };
    let answer = entry(ANSWERS, "OFF1", "s1", "{}").answering("sender", "application/json", None);
    append(&sandbox, vec![traced, answer]).await?;
    relay_all(&sandbox, &mut relay(&sandbox, "one", 15)).await?;
    for topic in [TOPIC, ANSWERS] {
        let expected: Vec<Delivery> = rows(&sandbox, topic).await?.iter().map(toy::delivery).collect();
        let found = topic::read(&sandbox, topic)?;
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        }
    }
    let answer = topic::read(&sandbox, ANSWERS)?.remove(0);
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name).collect();
    let usual =
        ["specversion", "source", "id", "type", "subject", "time", "sequence", "office", "actor", "cause", "chain"].map(|n| format!("ce_{n}"));
    assert_eq!(names, usual.iter().map(String::as_str).chain(["content-type", "ce_recipient", "ce_answer"]).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_relay_died_is_found_on_the_topic_and_not_sent_again() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    publish(&sandbox, 0, 20).await?;
    crash_before_published(&sandbox).await?;
    // The seat of the dead one is free as soon as the database sees that its session is gone.
    let mut next = relay(&sandbox, "next", 15);
    until("the next one relays", async || Ok(step(&mut next).await?.leading)).await?;
    relay_all(&sandbox, &mut next).await?;
    assert_eq!(topic::length(&sandbox, TOPIC)?, 20 * 12);
    let member = Running::start(&sandbox, "one", Arc::new(Toy), READING)?;
    assert_once_and_in_order(&sandbox, 20).await?;
    publish(&sandbox, 20, 5).await?;
    relay_all(&sandbox, &mut next).await?;
    assert_once_and_in_order(&sandbox, 25).await?;
    member.leave().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_at_once_cause_duplicates_and_nothing_else() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    // Nobody is kept out of a seat of no length, so both relay all the time.
    let (mut one, mut two) = (relay(&sandbox, "one", 0), relay(&sandbox, "two", 0));
    // Both look at the topics while they are empty, so that neither learns what the other has sent.
    assert!(step(&mut one).await?.leading && step(&mut two).await?.leading);
    publish(&sandbox, 0, 20).await?;
    let both = (step(&mut one).await?, step(&mut two).await?);
    assert!(both.0.leading && both.1.leading && both.0.sent > 0 && both.1.sent > 0, "{both:?}");
    let member = Running::start(&sandbox, "reader", Arc::new(Toy), READING)?;
    for round in 20..40 {
        publish(&sandbox, round, 1).await?;
        tokio::try_join!(step(&mut one), step(&mut two))?;
    }
    relay_all(&sandbox, &mut two).await?;
    assert_once_and_in_order(&sandbox, 40).await?;
    // How many rows both have sent depends on who came first; none may be missing.
    assert!(topic::length(&sandbox, TOPIC)? >= 40 * 12);
    member.leave().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_replica_commits_is_sent_at_once_and_the_next_relay_takes_over_when_the_first_dies() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    let (stop, (mut one, mut two)) = (CancellationToken::new(), (relay(&sandbox, "one", 60), relay(&sandbox, "two", 60)));
    until("the first one relays", async || Ok(step(&mut one).await?.leading)).await?;
    assert!(!step(&mut two).await?.leading, "two at once");
    let first = tokio::spawn(one.run(CancellationToken::new()));
    let second = tokio::spawn(two.run(stop.clone()));
    publish(&sandbox, 0, 5).await?;
    until("the first one sends", async || Ok(published(&sandbox).await? == 60)).await?;
    // Like a process that is killed: nothing is given back, the socket closes.
    first.abort();
    publish(&sandbox, 5, 5).await?;
    until("the second one sends", async || Ok(published(&sandbox).await? == 120)).await?;
    assert_eq!(topic::length(&sandbox, TOPIC)?, 120);
    stop.cancel();
    Ok(second.await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_session_the_database_ends_gives_way() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    let (mut one, mut two) = (relay(&sandbox, "one", 60), relay(&sandbox, "two", 60));
    until("the first one relays", async || Ok(step(&mut one).await?.leading)).await?;
    until("the second one waits", async || Ok(!step(&mut two).await?.leading)).await?;
    until("they change places", async || {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'one' AND datname = current_database()";
        sqlx::query(end).execute(&sandbox.pool).await?;
        Ok(step(&mut two).await?.leading && !step(&mut one).await?.leading)
    })
    .await
}
