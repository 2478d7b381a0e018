//! Dead letters: what goes there, what waits behind it, and what a redrive applies.
use std::sync::Arc;

use platform::{
    Failure, dead_letters,
    health::Health,
    operations::Desk,
    reader::step::{Halted, Reader},
    unknown,
};
use system_tests::toy::{self, NoPeers, Older, message, partitions, reader};

use crate::{desk, pairs, sandbox};

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
    let first = (letters[0].fact.topic.to_string(), letters[0].fact.partition, letters[0].fact.offset);

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
async fn a_kind_that_was_unknown_is_applied_by_the_version_that_knows_it_with_all_that_waited_behind() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "new"), ("OFF1", "b", "ok"), ("OFF1", "a", "later"), ("OFF2", "c", "new"), ("OFF2", "d", "reject")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut older = Reader { handler: Arc::new(Older), ..reader(&sandbox, "one", Arc::new(NoPeers)) };
    older.claim(&partitions()).await?;
    older.step(deliveries).await?;
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("b", "ok")]));

    // The old version itself finds nothing that it could apply.
    let health = Health::default();
    assert_eq!(unknown::redrive(&Desk { handler: Arc::new(Older), ..desk(&sandbox) }, &health).await.unwrap(), 0);
    // Two replicas of the new version start at once.
    let (one, two) = (desk(&sandbox), desk(&sandbox));
    let (one, two) = tokio::join!(unknown::redrive(&one, &health), unknown::redrive(&two, &health));
    assert_eq!(one.unwrap() + two.unwrap(), 3);
    let mut effects = toy::effects(&sandbox).await?;
    effects.retain(|(subject, _)| subject == "a");
    assert_eq!(effects, pairs(&[("a", "new"), ("a", "later")]));
    assert_eq!(toy::effects(&sandbox).await?.len(), 4);
    let left: Vec<String> = sqlx::query_scalar("SELECT code FROM dead_letters WHERE redriven_at IS NULL").fetch_all(&sandbox.pool).await?;
    assert_eq!(left, ["TOY"]);
    Ok(())
}

#[tokio::test]
async fn of_many_subjects_redriven_together_only_what_is_rejected_again_is_left_with_what_waits_behind_it() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts = [("OFF1", "a", "new"), ("OFF1", "b", "new"), ("OFF1", "b", "reject"), ("OFF1", "b", "later"), ("OFF1", "c", "new")];
    let deliveries = toy::tell(&sandbox, &facts).await?;
    let mut older = Reader { handler: Arc::new(Older), ..reader(&sandbox, "one", Arc::new(NoPeers)) };
    older.claim(&partitions()).await?;
    older.step(deliveries).await?;

    assert_eq!(unknown::redrive(&desk(&sandbox), &Health::default()).await.unwrap(), 3);
    assert_eq!(toy::effects(&sandbox).await?, pairs(&[("a", "new"), ("b", "new"), ("c", "new")]));
    let left: Vec<i64> =
        sqlx::query_scalar("SELECT position FROM dead_letters WHERE redriven_at IS NULL ORDER BY position").fetch_all(&sandbox.pool).await?;
    assert_eq!(left, [3, 4]);
    let parked: Vec<String> = sqlx::query_scalar("SELECT subject FROM parked").fetch_all(&sandbox.pool).await?;
    assert_eq!(parked, ["b"]);
    Ok(())
}

#[tokio::test]
async fn a_letter_that_parks_nothing_is_applied_once_by_two_redrives_at_once() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    reader.step(vec![message(0, "m1", "", "reject")]).await?;
    sqlx::query("INSERT INTO subjects VALUES ('mended')").execute(&sandbox.pool).await?;
    let id = (toy::OUTSIDE.into(), 0, 0);
    let desk = desk(&sandbox);
    let (one, two) = tokio::join!(desk.redrive(&id), desk.redrive(&id));
    assert_eq!(one.unwrap().applied + two.unwrap().applied, 1);
    assert_eq!(toy::effects(&sandbox).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_table_that_is_missing_buries_nothing() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let deliveries = toy::tell(&sandbox, &[("OFF1", "a", "ok"), ("OFF1", "b", "ok")]).await?;
    let mut reader = reader(&sandbox, "one", Arc::new(NoPeers));
    reader.claim(&partitions()).await?;
    sqlx::query("ALTER TABLE effects RENAME TO elsewhere").execute(&sandbox.pool).await?;
    assert!(matches!(reader.step(deliveries.clone()).await.unwrap_err(), Halted::Failure(Failure::Retry(_))));
    sqlx::query("ALTER TABLE elsewhere RENAME TO effects").execute(&sandbox.pool).await?;
    assert_eq!(reader.step(deliveries).await?.applied, 2);
    Ok(())
}
