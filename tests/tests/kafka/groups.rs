//! Groups whose members come and go, and classes that do not hold each other up.
use std::sync::Arc;

use async_trait::async_trait;
use platform::{
    Entry, Fact, Failure, Handler, Outcome, Work,
    settings::{self, GroupProtocol},
    streams::Class,
};
use system_tests::{
    LAYOUT, Sandbox,
    relaying::relay_all,
    toy::{self, READING, Running, TOPIC, Toy, entry, relay},
    until,
};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::{append, assert_once_and_in_order, publish, sandbox};

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
