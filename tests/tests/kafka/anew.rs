//! Topics that were created anew or emptied, and a journal that was restored from the past.
use std::sync::Arc;

use platform::{reader::Delivery, settings::GroupProtocol, streams::Class};
use system_tests::{
    LAYOUT, Sandbox,
    relaying::{relay_all, step},
    topic,
    toy::{self, OUTSIDE, READING, Running, TOPIC, Toy, entry, message, relay},
    until,
};

use crate::{append, publish, published, rows, sandbox};

async fn recreate(sandbox: &Sandbox, name: &'static str) -> anyhow::Result<()> {
    topic::delete(sandbox, name).await?;
    until("the topic exists again", async || Ok(sandbox.create_topics(&[name]).await.is_ok() && topic::length(sandbox, name).is_ok())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_was_created_anew_gets_the_whole_journal_and_one_emptied_by_retention_what_is_new() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    publish(&sandbox, 0, 5).await?;
    relay_all(&sandbox, &mut relay(&sandbox, "one", 0)).await?;
    recreate(&sandbox, TOPIC).await?;
    let mut next = relay(&sandbox, "two", 0);
    until("everything is sent again", async || {
        let _ = next.step().await;
        Ok(topic::length(&sandbox, TOPIC)? == 5 * 12)
    })
    .await?;
    let expected: Vec<Delivery> = rows(&sandbox, TOPIC).await?.iter().map(toy::delivery).collect();
    assert_eq!(format!("{:?}", topic::read(&sandbox, TOPIC)?), format!("{expected:?}"));

    topic::empty(&sandbox, TOPIC).await?;
    publish(&sandbox, 5, 1).await?;
    relay_all(&sandbox, &mut relay(&sandbox, "three", 0)).await?;
    assert_eq!(topic::length(&sandbox, TOPIC)?, 6 * 12);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_was_restored_from_the_past_tells_nothing_more_and_its_other_streams_go_on() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    let say = async |office: &str| append(&sandbox, vec![entry(TOPIC, office, office, "ok")]).await;
    for _ in 0..3 {
        say("OFF1").await?;
        say("OFF2").await?;
    }
    relay_all(&sandbox, &mut relay(&sandbox, "one", 0)).await?;
    let stream = i32::try_from(LAYOUT.stream(Class::Cargo, "OFF1"))?;
    assert_ne!(LAYOUT.stream(Class::Cargo, "OFF1"), LAYOUT.stream(Class::Cargo, "OFF2"));
    toy::restore(&sandbox, stream, 1).await?;
    say("OFF2").await?;
    // First the topic is ahead of the journal; then the journal has caught up with another past.
    for _ in 0..4 {
        let mut next = relay(&sandbox, "two", 0);
        let before = published(&sandbox).await?;
        assert_eq!(step(&mut next).await?.refused, 1);
        say("OFF1").await?;
        say("OFF2").await?;
        until("the other stream goes on", async || {
            let done = step(&mut next).await?;
            assert_eq!(done.refused, 1);
            Ok(published(&sandbox).await? > before && done.in_flight == 0)
        })
        .await?;
    }
    assert_eq!(topic::read(&sandbox, TOPIC)?.iter().filter(|d| d.partition == stream).count(), 3);
    Ok(())
}

/// Five messages of a topic are read, it is created anew with so many others, and these are read too.
async fn created_anew(protocol: GroupProtocol, others: usize) -> anyhow::Result<(Sandbox, Running)> {
    let sandbox = sandbox(protocol).await?;
    let member = Running::start(&sandbox, "one", Arc::new(Toy), READING)?;
    topic::write(&sandbox, &(0..5).map(|n| message(n, &format!("old{n}"), "s", "ok")).collect::<Vec<_>>())?;
    until("the first messages are read", async || Ok(toy::effects(&sandbox).await?.len() == 5)).await?;
    member.leave().await?;
    recreate(&sandbox, OUTSIDE).await?;
    topic::write(&sandbox, &(0..).take(others).map(|n| message(n, &format!("new{n}"), "s", "ok")).collect::<Vec<_>>())?;
    let member = Running::start(&sandbox, "two", Arc::new(Toy), READING)?;
    until("every message of the new topic is read", async || Ok(toy::effects(&sandbox).await?.len() == 5 + others)).await?;
    Ok((sandbox, member))
}

async fn a_topic_is_created_anew_and_grows_past_what_was_read(protocol: GroupProtocol) -> anyhow::Result<()> {
    let (_sandbox, member) = created_anew(protocol, 20).await?;
    member.leave().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_classic_group_skips_nothing_of_a_topic_that_was_created_anew_and_has_grown_past_its_offset() -> anyhow::Result<()> {
    a_topic_is_created_anew_and_grows_past_what_was_read(GroupProtocol::Classic).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_the_new_protocol_skips_nothing_of_a_topic_that_was_created_anew_and_has_grown_past_its_offset() -> anyhow::Result<()> {
    a_topic_is_created_anew_and_grows_past_what_was_read(GroupProtocol::Consumer).await
}

async fn a_topic_is_created_anew(protocol: GroupProtocol) -> anyhow::Result<()> {
    let (sandbox, member) = created_anew(protocol, 3).await?;
    topic::write(&sandbox, &[message(3, "last", "s", "ok")])?;
    until("and what follows", async || Ok(toy::effects(&sandbox).await?.len() == 9)).await?;
    member.leave().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_classic_group_reads_a_topic_that_was_created_anew_although_its_offsets_were_reached_before() -> anyhow::Result<()> {
    a_topic_is_created_anew(GroupProtocol::Classic).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_the_new_protocol_reads_a_topic_that_was_created_anew_although_its_offsets_were_reached_before() -> anyhow::Result<()> {
    a_topic_is_created_anew(GroupProtocol::Consumer).await
}
