//! Counts for history: they are read wherever they lie, and folded once.
use anyhow::Result;
use platform::{
    Work, clock,
    database::BEGIN,
    health::Health,
    relay::Wake,
    timers::{self, Ground, Timer as _},
};
use risk::{Counting, FACTS, MIGRATIONS, TRACES};
use sqlx::{PgPool, types::chrono::NaiveDate};
use system_tests::Sandbox;

async fn sandbox() -> Result<Sandbox> {
    Sandbox::new(&MIGRATIONS, &[FACTS, TRACES]).await
}

/// A day of November.
fn day(of_month: u32) -> Result<NaiveDate> {
    Ok(format!("2026-11-{of_month:02}").parse()?)
}

/// (seen, found) of traders A and B in the year before a day of November.
async fn past(pool: &PgPool, of_month: u32) -> Result<[(i64, i64); 2]> {
    let mut tx = pool.begin_with(BEGIN).await?;
    let found = risk::counts(&mut tx, &[("trader", "A"), ("trader", "B"), ("trader", "nobody")], day(of_month)?).await?;
    assert!(found.iter().all(|(kind, code, _)| kind == "trader" && code != "nobody"));
    let of = |wanted: &str| found.iter().find(|(_, code, _)| code == wanted).map_or((0, 0), |(.., past)| (past.seen_365d, past.found_365d));
    Ok([of("A"), of("B")])
}

async fn count(pool: &PgPool, rows: &[(&str, &str, (i32, i32))], of_month: u32) -> Result<()> {
    Ok(risk::add_counted(&mut *pool.acquire().await?, rows, day(of_month)?).await?)
}

/// Rows of (what was counted, counts).
async fn rows(pool: &PgPool) -> Result<(i64, i64)> {
    Ok(sqlx::query_as("SELECT (SELECT count(*) FROM counted), (SELECT count(*) FROM counts)").fetch_one(pool).await?)
}

fn ground(sandbox: &Sandbox) -> Ground {
    let (wake, health) = (Wake::default(), Health::default());
    Ground { pool: sandbox.pool.clone(), journal: sandbox.journal, owner: "one".to_owned(), wake, health }
}

#[tokio::test]
async fn what_was_counted_is_read_at_every_moment_and_folded_once() -> Result<()> {
    let sandbox = sandbox().await?;
    let pool = &sandbox.pool;
    // The version before this one adds to the counts itself.
    sqlx::query("INSERT INTO counts (kind, code, day, events, nonconform) VALUES ('trader', 'A', '2026-11-26', 10, 1)").execute(pool).await?;
    count(pool, &[("trader", "A", (2, 0)), ("vehicle", "A", (50, 0)), ("trader", "B", (1, 1))], 26).await?;
    count(pool, &[("trader", "B", (3, 0)), ("trader", "A", (0, 1))], 26).await?;
    count(pool, &[("trader", "A", (100, 0))], 27).await?;
    count(pool, &[], 27).await?;
    let exact = async || -> Result<()> {
        assert_eq!(past(pool, 26).await?, [(0, 0), (0, 0)]);
        assert_eq!(past(pool, 27).await?, [(12, 2), (4, 1)]);
        assert_eq!(past(pool, 28).await?, [(112, 2), (4, 1)]);
        Ok(())
    };
    exact().await?;
    assert_eq!(rows(pool).await?, (3, 1));
    let mut tx = pool.begin_with(BEGIN).await?;
    Counting.fire(&mut Work::new(&mut tx, clock::now())).await?;
    exact().await?;
    tx.rollback().await?;
    exact().await?;
    for _ in 0..2 {
        assert!(timers::step(&ground(&sandbox), &Counting).await?);
        exact().await?;
        assert_eq!(rows(pool).await?, (0, 4));
    }
    Ok(())
}

#[tokio::test]
async fn two_that_fold_at_the_same_moment_count_nothing_twice() -> Result<()> {
    let sandbox = sandbox().await?;
    let pool = &sandbox.pool;
    count(pool, &[("trader", "A", (2, 1))], 26).await?;
    let (mut one, mut two) = (pool.begin_with(BEGIN).await?, pool.begin_with(BEGIN).await?);
    Counting.fire(&mut Work::new(&mut one, clock::now())).await?;
    count(pool, &[("trader", "B", (3, 0))], 26).await?;
    let mut late = Work::new(&mut two, clock::now());
    let (second, first) = tokio::join!(Counting.fire(&mut late), one.commit());
    first?;
    second?;
    two.commit().await?;
    assert_eq!((past(pool, 27).await?, rows(pool).await?), ([(2, 1), (3, 0)], (0, 2)));
    Ok(())
}

#[tokio::test]
async fn what_has_piled_up_is_folded_in_rounds() -> Result<()> {
    let sandbox = sandbox().await?;
    let pool = &sandbox.pool;
    let pile = "INSERT INTO counted (day, kinds, codes, events, findings)
        SELECT '2026-11-26', '{trader,trader}', '{A,B}', '{1,2}', '{0,1}' FROM generate_series(1, 20001)";
    sqlx::query(pile).execute(pool).await?;
    for left in [1, 0] {
        timers::step(&ground(&sandbox), &Counting).await?;
        assert_eq!(rows(pool).await?, (left, 2));
        assert_eq!(past(pool, 27).await?, [(20_001, 0), (40_002, 20_001)]);
    }
    Ok(())
}
