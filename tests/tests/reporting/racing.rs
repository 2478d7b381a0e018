//! A batch and the timer that keeps figures at once: whichever comes first, nothing stale is kept.
use platform::{Work, timers::Timer as _};
use reporting::Keeping;
use sqlx::{Postgres, Transaction};
use system_tests::Sandbox;

use crate::{
    apply, apply_in,
    facts::lodged,
    keeping::{KEPT, fire, keep_all, lodged_that_day, noon, number},
    sandbox,
};

/// A site on which the 2026-07-06 alone, of one office and of all, is announced.
async fn announced() -> anyhow::Result<(Sandbox, Keeping)> {
    let (sandbox, keeping) = (sandbox().await?, Keeping::default());
    apply(&sandbox, &[lodged("10900000001", 60)]).await?;
    fire(&sandbox, &keeping, noon(1)).await?;
    assert_eq!(number(&sandbox, "SELECT count(*) FROM kept_figures WHERE announced").await?, 2);
    Ok((sandbox, keeping))
}

/// Commits once somebody waits for the lock of marks.
async fn commit_when_waited_for(sandbox: &Sandbox, tx: Transaction<'_, Postgres>) -> anyhow::Result<()> {
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1009 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    system_tests::until("somebody waits for the marks", async || Ok(number(sandbox, waits).await? == 1)).await?;
    Ok(tx.commit().await?)
}

#[tokio::test]
async fn what_was_counted_without_a_batch_in_flight_is_not_kept() -> anyhow::Result<()> {
    let (sandbox, keeping) = announced().await?;
    let mut batch = sandbox.pool.begin().await?;
    let late = [lodged("10900000002", 70)];
    apply_in(&mut batch, &late).await?;
    // The firing counts one declaration and then waits for the batch, which has two.
    tokio::try_join!(fire(&sandbox, &keeping, noon(1)), commit_when_waited_for(&sandbox, batch))?;
    assert_eq!(number(&sandbox, KEPT).await?, 0);
    keep_all(&sandbox, noon(1)).await?;
    assert_eq!(lodged_that_day(&sandbox).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_batch_that_comes_while_figures_are_kept_takes_them_back() -> anyhow::Result<()> {
    let (sandbox, keeping) = announced().await?;
    let mut tx = sandbox.pool.begin().await?;
    keeping.fire(&mut Work::new(&mut tx, noon(1))).await?;
    let late = [lodged("10900000002", 70)];
    tokio::try_join!(apply(&sandbox, &late), commit_when_waited_for(&sandbox, tx))?;
    assert_eq!(number(&sandbox, KEPT).await?, 0);
    assert_eq!(lodged_that_day(&sandbox).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_day_is_announced_only_behind_a_batch_that_marked_before() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    apply(&sandbox, &[lodged("10900000001", 60)]).await?;
    let mut batch = sandbox.pool.begin().await?;
    let late = [lodged("10900000002", 70)];
    apply_in(&mut batch, &late).await?;
    let keeping = Keeping::default();
    tokio::try_join!(fire(&sandbox, &keeping, noon(1)), commit_when_waited_for(&sandbox, batch))?;
    fire(&sandbox, &keeping, noon(1)).await?;
    assert_eq!(number(&sandbox, KEPT).await?, 2);
    assert_eq!(lodged_that_day(&sandbox).await?, 2);
    Ok(())
}
