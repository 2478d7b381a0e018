//! Relay and group on a real Kafka: rows in order, each at least once on the topic, each exactly once in its effects.
use std::{collections::BTreeMap, str::FromStr as _, sync::Arc};

use async_trait::async_trait;
use platform::{
    Entry, Fact, Failure, Handler, Outcome, Work,
    journal::{self, Row},
    reader::Delivery,
    relay::Relay,
    settings::{self, GroupProtocol},
    streams::Class,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use system_tests::{
    LAYOUT, Sandbox,
    relaying::{relay_all, step},
    topic,
    toy::{self, ANSWERS, MIGRATIONS, OUTSIDE, READING, Running, TOPIC, Toy, entry, message, relay},
    until,
};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

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

/// Owners that have claimed partitions.
async fn owners(sandbox: &Sandbox) -> anyhow::Result<Vec<String>> {
    Ok(sqlx::query_scalar("SELECT DISTINCT owner FROM consumers ORDER BY owner").fetch_all(&sandbox.pool).await?)
}

async fn members_come_and_go(protocol: GroupProtocol) -> anyhow::Result<()> {
    let sandbox = sandbox(protocol).await?;
    let stop = CancellationToken::new();
    let relaying = tokio::spawn(relay(&sandbox, "relay", 15).run(stop.clone()));

    let first = Running::start(&sandbox, "first", Arc::new(Toy), READING)?;
    publish(&sandbox, 0, 20).await?;
    assert_once_and_in_order(&sandbox, 20).await?;
    assert_eq!(owners(&sandbox).await?, ["first"]);

    // Published while the group makes room for the second.
    let second = Running::start(&sandbox, "second", Arc::new(Toy), READING)?;
    let mut rounds = 20;
    until("both own partitions", async || {
        publish(&sandbox, rounds, 1).await?;
        rounds += 1;
        Ok(owners(&sandbox).await? == ["first", "second"])
    })
    .await?;
    publish(&sandbox, rounds, 20).await?;
    rounds += 20;
    assert_once_and_in_order(&sandbox, rounds).await?;

    let (left, published) = tokio::join!(first.leave(), publish(&sandbox, rounds, 20));
    left.and(published)?;
    publish(&sandbox, rounds + 20, 10).await?;
    assert_once_and_in_order(&sandbox, rounds + 30).await?;
    until("the one that stayed owns everything", async || Ok(owners(&sandbox).await? == ["second"])).await?;

    second.leave().await?;
    stop.cancel();
    Ok(relaying.await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_a_classic_group_come_and_go_and_every_fact_has_its_effect_once_and_in_order() -> anyhow::Result<()> {
    members_come_and_go(GroupProtocol::Classic).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_a_group_of_the_new_protocol_come_and_go_and_every_fact_has_its_effect_once_and_in_order() -> anyhow::Result<()> {
    members_come_and_go(GroupProtocol::Consumer).await
}

/// The toy, with a gate before parcels.
struct Gated {
    gate: Semaphore,
    reached: watch::Sender<bool>,
}

#[async_trait]
impl Handler for Gated {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let parcels = facts.iter().any(|f| *f.topic == *TOPIC && LAYOUT.class(f.partition.unsigned_abs()) == Class::Parcels);
        if parcels {
            self.reached.send_replace(true);
            let _open = self.gate.acquire().await.map_err(|e| Failure::Retry(e.to_string()))?;
        }
        Toy.apply(work, facts).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parcels_that_stand_still_hold_up_no_cargo() -> anyhow::Result<()> {
    let sandbox = sandbox(GroupProtocol::Classic).await?;
    let handler = Arc::new(Gated { gate: Semaphore::new(0), reached: watch::Sender::new(false) });
    // Room for six parcels in the loop and its queue, with two hundred on the topic before any cargo.
    let member = Running::start(&sandbox, "one", Arc::clone(&handler) as Arc<dyn Handler>, settings::Reader { batch: 2, ..READING })?;
    let parcel = |n: usize| Entry { class: Class::Parcels, ..entry(TOPIC, "OFF1", "parcel", &n.to_string()) };
    append(&sandbox, (0..200).map(parcel).collect()).await?;
    let mut relay = relay(&sandbox, "relay", 15);
    relay_all(&sandbox, &mut relay).await?;
    handler.reached.subscribe().wait_for(|reached| *reached).await?;

    let cargo = |n: usize| entry(TOPIC, "OFF1", "cargo", &n.to_string());
    append(&sandbox, (0..200).map(cargo).collect()).await?;
    relay_all(&sandbox, &mut relay).await?;
    until("all cargo is through", async || Ok(toy::effects(&sandbox).await?.len() == 200)).await?;
    assert!(toy::effects(&sandbox).await?.iter().all(|(subject, _)| subject == "cargo"));

    handler.gate.add_permits(1);
    until("the parcels follow", async || Ok(toy::effects(&sandbox).await?.len() == 400)).await?;
    let expected: Vec<(String, String)> = (0..200).map(|n| ("parcel".to_owned(), n.to_string())).collect();
    assert_eq!(toy::effects(&sandbox).await?[200..], expected);
    member.leave().await
}

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

async fn a_topic_is_created_anew_and_grows_past_what_was_read(protocol: GroupProtocol) -> anyhow::Result<()> {
    let sandbox = sandbox(protocol).await?;
    let member = Running::start(&sandbox, "one", Arc::new(Toy), READING)?;
    topic::write(&sandbox, &(0..5).map(|n| message(n, &format!("old{n}"), "s", "ok")).collect::<Vec<_>>())?;
    until("the first messages are read", async || Ok(toy::effects(&sandbox).await?.len() == 5)).await?;
    member.leave().await?;
    recreate(&sandbox, OUTSIDE).await?;
    topic::write(&sandbox, &(0..20).map(|n| message(n, &format!("new{n}"), "s", "ok")).collect::<Vec<_>>())?;
    let member = Running::start(&sandbox, "two", Arc::new(Toy), READING)?;
    until("every message of the new topic is read", async || Ok(toy::effects(&sandbox).await?.len() == 25)).await?;
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
    let sandbox = sandbox(protocol).await?;
    let member = Running::start(&sandbox, "one", Arc::new(Toy), READING)?;
    topic::write(&sandbox, &(0..5).map(|n| message(n, &format!("old{n}"), "s", "ok")).collect::<Vec<_>>())?;
    until("the first messages are read", async || Ok(toy::effects(&sandbox).await?.len() == 5)).await?;
    member.leave().await?;

    recreate(&sandbox, OUTSIDE).await?;
    topic::write(&sandbox, &(0..3).map(|n| message(n, &format!("new{n}"), "s", "ok")).collect::<Vec<_>>())?;
    let member = Running::start(&sandbox, "two", Arc::new(Toy), READING)?;
    until("the messages of the new topic are read", async || Ok(toy::effects(&sandbox).await?.len() == 8)).await?;
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
