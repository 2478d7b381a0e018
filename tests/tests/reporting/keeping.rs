//! Figures of days that are over are kept by a timer: newest first, until there is nothing to do, and anew when somebody wrote without marking.
use std::time::Duration;

use platform::{Fact, Instant, Work, timers::Timer as _};
use reporting::Keeping;
use system_tests::Sandbox;

use crate::{
    apply, counter,
    facts::{lodged, moment},
    sandbox,
};

pub const DAY_S: i64 = 86_400;

/// Noon of the day so many days after 2026-07-06, the running day of a firing.
pub fn noon(days: i64) -> Instant {
    moment(days * DAY_S + DAY_S / 2)
}

/// One firing, in a transaction of its own.
pub async fn fire(sandbox: &Sandbox, keeping: &Keeping, now: Instant) -> anyhow::Result<()> {
    let mut tx = sandbox.pool.begin().await?;
    keeping.fire(&mut Work::new(&mut tx, now)).await?;
    tx.commit().await?;
    Ok(())
}

/// Fires until every day is kept; what was marked need not rest.
pub async fn keep_all(sandbox: &Sandbox, now: Instant) -> anyhow::Result<()> {
    let keeping = Keeping::default();
    loop {
        sqlx::query("UPDATE kept_figures SET due_at = now() WHERE due_at > now()").execute(&sandbox.pool).await?;
        fire(sandbox, &keeping, now).await?;
        let open = "SELECT count(*) FROM kept_figures WHERE figures IS NULL";
        let doubts = "SELECT count(*) FROM kept_doubts";
        if number(sandbox, open).await? + number(sandbox, doubts).await? == 0 && number(sandbox, "SELECT count(*) FROM kept_figures").await? > 0 {
            return Ok(());
        }
    }
}

pub async fn number(sandbox: &Sandbox, sql: &'static str) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(sql).fetch_one(&sandbox.pool).await?)
}

/// The day so many days after 2026-07-06.
pub fn day(days: i64) -> String {
    let midnight = Instant::UNIX_EPOCH + Duration::from_secs((1_783_270_800 + 7 * 3600 + days * DAY_S).unsigned_abs());
    midnight.date_naive().to_string()
}

/// Days whose figures are kept.
pub const KEPT: &str = "SELECT count(*) FROM kept_figures WHERE figures IS NOT NULL";

pub async fn lodged_that_day(sandbox: &Sandbox) -> anyhow::Result<i64> {
    let report = crate::report(&counter(sandbox, false), 0).await?;
    Ok(crate::value(&report, "lodged.total").unwrap_or_default())
}

#[tokio::test]
async fn the_newest_days_are_kept_first_and_then_there_is_nothing_to_do() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let facts: Vec<Fact> = (0..90_i64).map(|n| lodged(&format!("109{n:08}"), n * DAY_S + 60)).collect();
    apply(&sandbox, &facts).await?;
    let keeping = Keeping::default();
    let (mut firings, mut kept) = (0, 0);
    while kept < 2 * 100 {
        fire(&sandbox, &keeping, noon(100)).await?;
        let disorder = "SELECT count(*) FROM kept_figures k WHERE figures IS NOT NULL
            AND EXISTS (SELECT FROM kept_figures n WHERE n.day > k.day AND n.figures IS NULL)";
        assert_eq!(number(&sandbox, disorder).await?, 0);
        kept = number(&sandbox, KEPT).await?;
        firings += 1;
        assert!(firings < 100, "{kept} kept");
    }
    // Nothing before the first declaration, nothing of the running day.
    let span: (String, String) = sqlx::query_as("SELECT min(day)::text, max(day)::text FROM kept_figures").fetch_one(&sandbox.pool).await?;
    assert_eq!(span, (day(0), day(99)));
    let state = "SELECT COALESCE(sum(xmin::text::bigint), 0)::bigint FROM kept_figures";
    let before = number(&sandbox, state).await?;
    fire(&sandbox, &keeping, noon(100)).await?;
    fire(&sandbox, &keeping, noon(100)).await?;
    assert_eq!((number(&sandbox, state).await?, keeping.rest()), (before, Duration::from_secs(5)));
    // The day turns.
    for _ in 0..3 {
        fire(&sandbox, &keeping, noon(101)).await?;
    }
    assert_eq!(number(&sandbox, KEPT).await?, 202);
    Ok(())
}

#[tokio::test]
async fn what_is_written_without_marking_puts_all_in_doubt_until_it_is_counted_again() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    apply(&sandbox, &[lodged("10900000001", 60)]).await?;
    keep_all(&sandbox, noon(1)).await?;
    // As the version before does, or who repairs by hand.
    sqlx::query("UPDATE declarations SET lodged_at = lodged_at - interval '1 day'").execute(&sandbox.pool).await?;
    assert_eq!((number(&sandbox, KEPT).await?, lodged_that_day(&sandbox).await?), (2, 0));
    let keeping = Keeping::default();
    fire(&sandbox, &keeping, noon(1)).await?;
    assert_eq!((number(&sandbox, KEPT).await?, lodged_that_day(&sandbox).await?), (0, 0));
    keep_all(&sandbox, noon(1)).await?;
    assert_eq!((number(&sandbox, KEPT).await?, lodged_that_day(&sandbox).await?), (4, 0));
    Ok(())
}
