//! Rows of our own producers: twice, missing, forked, before their subject, or read by a stale owner.
use std::sync::Arc;

use platform::{Failure, protocol::heads::Compared, reader::step::Halted};
use system_tests::toy::{self, NoPeers, OwnJournal, TOPIC, partitions, reader};

use crate::{pairs, sandbox};

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
async fn an_idle_reader_stops_when_its_producer_was_restored_or_rewritten() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok"), ("OFF1", "c", "ok")]).await?;
    let partition = (TOPIC.into(), deliveries[0].partition);
    let mut reader = reader(&sandbox, "one", Arc::new(OwnJournal(sandbox.pool.clone())));
    reader.claim(&partitions()).await?;
    reader.step(deliveries).await?;
    assert_eq!(reader.compare(&partition).await?, Some(Compared::Same));
    toy::restore(&sandbox, partition.1, 1).await?;
    assert!(matches!(reader.compare(&partition).await?, Some(Compared::Fork(_))));
    // The restored producer writes on, to the position that was read and beyond.
    toy::tell(&sandbox, &[("OFF1", "x", "ok"), ("OFF1", "y", "ok")]).await?;
    assert!(matches!(reader.compare(&partition).await?, Some(Compared::Fork(_))));
    let others = toy::tell(&sandbox, &[("OFF1", "z", "ok")]).await?;
    assert!(matches!(reader.step(others).await.unwrap_err(), Halted::Stopped { .. }));
    Ok(())
}

#[tokio::test]
async fn rows_fetched_from_their_producer_are_taken_apart_like_any_others() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "ok"), ("OFF1", "bad", "reject"), ("OFF1", "bad", "later"), ("OFF1", "x", "impossible"), ("OFF1", "c", "ok")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(OwnJournal(sandbox.pool.clone())));
    reader.claim(&partitions()).await?;
    let report = reader.catch_up(&(TOPIC.into(), deliveries[0].partition), 5).await?;
    assert_eq!((report.repaired, report.applied), (5, 2));
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "ok"), ("c", "ok")]));
    // What Kafka brings late is known.
    assert_eq!(reader.step(deliveries).await?.applied, 0);
    Ok(())
}

#[tokio::test]
async fn thousands_of_missing_rows_are_fetched_page_by_page() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = vec![("OFF1", "a", "ok"); 4500];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(OwnJournal(sandbox.pool.clone())));
    reader.claim(&partitions()).await?;
    let report = reader.step(deliveries[4499..].to_vec()).await?;
    assert_eq!((report.repaired, report.applied, report.transactions), (4499, 4500, 3));
    assert_eq!(toy::effects(&sandbox).await?.len(), 4500);
    Ok(())
}
