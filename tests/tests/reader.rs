//! The reader on a real PostgreSQL: every fact once and in order, whatever comes twice, late, wrong or from a stale owner.
use std::sync::Arc;

use platform::{
    Failure, dead_letters,
    operations::{Desk, Told},
    reader::step::Halted,
    relay::Wake,
};
use system_tests::{
    Sandbox,
    toy::{self, ANSWERS, MIGRATIONS, NoPeers, TOPIC, Toy, message, partitions, reader},
};

async fn sandbox() -> anyhow::Result<Sandbox> {
    Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(s, b)| ((*s).to_owned(), (*b).to_owned())).collect()
}

fn desk(sandbox: &Sandbox) -> Desk {
    let told = Told { topic: TOPIC, discarded_kind: "customs.toy.v1.DeadLetterDiscarded", discarded: |_| Vec::new() };
    Desk { pool: sandbox.pool.clone(), handler: Arc::new(Toy), journal: sandbox.journal, wake: Wake::default(), told }
}

#[tokio::test]
async fn what_is_delivered_again_has_its_effect_once() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok"), ("OFF2", "c", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    assert_eq!(reader.step(deliveries.clone()).await?.applied, 3);
    // The same offsets again, and the same rows at later offsets, as a relay that crashed after the acknowledgement sends them.
    assert_eq!(reader.step(deliveries.clone()).await?.applied, 0);
    deliveries.iter_mut().for_each(|d| d.offset += 10);
    let report = reader.step(deliveries).await?;
    assert_eq!((report.applied, report.duplicates), (0, 3));
    assert_eq!(toy::effects(&sandbox).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_stale_owner_writes_nothing_while_the_new_one_goes_on() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok")]).await?;
    let (mut old, mut new) = (reader(&sandbox, "old", Arc::new(NoPeers)), reader(&sandbox, "new", Arc::new(NoPeers)));
    old.claim(&partitions()).await?;
    old.step(deliveries[..1].to_vec()).await?;
    new.claim(&partitions()).await?;
    let stale = old.step(deliveries[1..].to_vec()).await.unwrap_err();
    assert!(matches!(stale, Halted::Failure(Failure::Fenced)), "{stale}");
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok")]));
    new.step(deliveries.clone()).await?;
    // Still assigned after all, the old one claims again and finds nothing left to do.
    old.claim(&partitions()).await?;
    assert_eq!(old.step(deliveries).await?.applied, 0);
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok"), ("b", "ok")]));
    Ok(())
}

#[tokio::test]
async fn a_gap_that_nobody_can_fill_stops_the_partition_and_skips_nothing() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok"), ("OFF1", "c", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(vec![deliveries[0].clone()]).await?;
    reader.step(vec![deliveries[2].clone()]).await.unwrap_err();
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok")]));
    Ok(())
}

#[tokio::test]
async fn a_changed_past_is_a_fork_and_stops_the_partition() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok")]).await?;
    deliveries[1].payload = b"okay".to_vec().into();
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    let error = reader.step(deliveries).await.unwrap_err();
    assert!(matches!(error, Halted::Stopped { .. }), "{error}");
    assert!(toy::effects(&sandbox).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_fact_before_its_subject_waits_and_is_applied_when_the_subject_arrives() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "s", "await"), ("OFF1", "t", "ok"), ("OFF2", "s", "arrive")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(deliveries[..2].to_vec()).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("t", "ok")]));
    reader.step(deliveries[2..].to_vec()).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("t", "ok"), ("s", "arrive"), ("s", "await")]));
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM awaiting").fetch_one(&sandbox.pool).await?;
    assert_eq!(waiting, 0);
    Ok(())
}

#[tokio::test]
async fn poison_is_isolated_its_subject_is_parked_and_a_redrive_applies_all_in_order() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "ok"), ("OFF1", "bad", "reject"), ("OFF1", "b", "ok"), ("OFF1", "bad", "later"), ("OFF1", "c", "ok")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let after = toy::tell(&sandbox, &[("OFF1", "bad", "last"), ("OFF1", "d", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(deliveries).await?;
    reader.step(after).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok"), ("b", "ok"), ("c", "ok"), ("d", "ok")]));

    let mut conn = sandbox.pool.acquire().await?;
    let letters = dead_letters::list(&mut conn, &(String::new(), 0, i64::MIN), 10, false).await?;
    let codes: Vec<&str> = letters.iter().map(|l| l.code.as_str()).collect();
    assert_eq!(codes, ["TOY", "PARKED", "PARKED"]);
    let first = (letters[0].fact.topic.clone(), letters[0].fact.partition, letters[0].fact.offset);

    let desk = desk(&sandbox);
    let in_vain = desk.redrive(&first).await.unwrap();
    assert_eq!((in_vain.applied, in_vain.left), (0, 3));
    sqlx::query("INSERT INTO subjects VALUES ('mended')").execute(&sandbox.pool).await?;
    assert_eq!(desk.redrive(&first).await.unwrap().applied, 3);
    assert_eq!(desk.redrive(&first).await.unwrap().applied, 0);
    assert_eq!(toy::effects(&sandbox).await?[4..], pairs(&[("bad", "reject"), ("bad", "later"), ("bad", "last")]));
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM parked").fetch_one(&sandbox.pool).await?;
    assert_eq!(parked, 0);
    Ok(())
}

#[tokio::test]
async fn a_fact_that_the_database_refuses_goes_alone_to_the_dead_letters() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut facts = vec![("OFF1", "x", "ok"); 20];
    facts[7] = ("OFF1", "poison", "impossible");
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    let report = reader.step(deliveries).await?;
    assert_eq!((report.applied, report.rejected), (19, 1));
    let code: String = sqlx::query_scalar("SELECT code FROM dead_letters").fetch_one(&sandbox.pool).await?;
    assert_eq!(code, "DATABASE");
    Ok(())
}

#[tokio::test]
async fn a_message_sent_ten_times_gets_one_effect_and_the_stored_answer_each_time() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    // Five in one batch, five one by one.
    reader.step((0..5).map(|n| message(n, "m1", "s", "ok")).collect()).await?;
    for n in 5..10 {
        reader.step(vec![message(n, "m1", "s", "ok")]).await?;
    }
    assert_eq!(toy::effects(&sandbox).await?.len(), 1);
    let answers: Vec<String> =
        sqlx::query_scalar("SELECT headers FROM journal WHERE topic = $1 ORDER BY position").bind(ANSWERS).fetch_all(&sandbox.pool).await?;
    assert_eq!(answers.len(), 10);
    let ids: std::collections::BTreeSet<&str> = answers.iter().filter_map(|h| h.lines().find(|l| l.starts_with("ce_answer="))).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    Ok(())
}

#[tokio::test]
async fn an_id_that_comes_again_with_other_content_is_shown_to_the_handler_as_reused() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(vec![message(0, "m1", "s", "ok"), message(1, "m1", "s", "other")]).await?;
    let answers: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT payload FROM journal WHERE topic = $1 ORDER BY position").bind(ANSWERS).fetch_all(&sandbox.pool).await?;
    assert_eq!(answers, [b"answered".to_vec(), b"other content".to_vec()]);
    Ok(())
}

#[tokio::test]
async fn a_message_larger_than_any_may_be_goes_to_the_dead_letters_and_blocks_nothing() -> anyhow::Result<()> {
    let sandbox = Sandbox::new(&MIGRATIONS, &[TOPIC, ANSWERS]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    let huge = "x".repeat(sandbox.journal.largest_payload + 1);
    reader.step(vec![message(0, "a", "s", "ok"), message(1, "b", "s", &huge), message(2, "c", "s", "ok")]).await?;
    let letters: Vec<(String, i64)> = sqlx::query_as("SELECT code, \"offset\" FROM dead_letters").fetch_all(&sandbox.pool).await?;
    assert_eq!(letters, [("TOO_LARGE".to_owned(), 1)]);
    assert_eq!(toy::effects(&sandbox).await?.len(), 2);
    Ok(())
}
