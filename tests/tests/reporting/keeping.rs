//! Figures of days that are over, kept by a timer: newest first, never stale, whatever comes beside it.
use std::{collections::BTreeMap, time::Duration};

use contracts::{
    common::Lane,
    intake::{Amended, ClearanceRefused, Cleared, Lodged, PaymentReceived, Refused, Withdrawn},
    reporting::{DailyReportRequest, IndicatorsRequest, Report, reporting_server::Reporting as _},
    risk::{Concluded, Reassigned},
    tracking::{Arrived, Departed, Held, TrackingEvent},
};
use platform::{Fact, Instant, Work, timers::Timer as _};
use reporting::{Counter, INTAKE, Keeping, RISK, TRACKING};
use system_tests::Sandbox;

use crate::{
    apply, by, counter,
    facts::{declaration, fact_at, lodged, moment},
    sandbox,
    sums::{DECLARATIONS, REFUSALS, VISITS},
};

const DAY_S: i64 = 86_400;

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

/// Every office and day of the odd declarations, as the service reports it, and the indicators over all days.
async fn reports(counter: &Counter) -> anyhow::Result<BTreeMap<(&'static str, i64), Report>> {
    let mut reports = BTreeMap::new();
    for scope in ["32BB", "32BC", "33BA", "all"] {
        for days in -37..14 {
            let request = DailyReportRequest { scope: scope.to_owned(), day: day(days), ..Default::default() };
            reports.insert((scope, days), counter.daily_report(by("an", "*", request)).await?.into_inner());
        }
        let over = IndicatorsRequest { scope: scope.to_owned(), from: day(-37), to: day(13) };
        let indicators = counter.indicators(by("an", "*", over)).await?.into_inner();
        reports.insert((scope, 99), Report { reason: format!("{indicators:?}"), ..Default::default() });
    }
    Ok(reports)
}

/// The day so many days after 2026-07-06.
fn day(days: i64) -> String {
    let midnight = Instant::UNIX_EPOCH + Duration::from_secs((1_783_270_800 + 7 * 3600 + days * DAY_S).unsigned_abs());
    midnight.date_naive().to_string()
}

/// The same with nothing kept.
async fn counted(sandbox: &Sandbox, counter: &Counter) -> anyhow::Result<BTreeMap<(&'static str, i64), Report>> {
    sqlx::query("INSERT INTO kept_doubts VALUES (now())").execute(&sandbox.pool).await?;
    let counted = reports(counter).await?;
    sqlx::query("DELETE FROM kept_doubts").execute(&sandbox.pool).await?;
    Ok(counted)
}

/// Numbers from 0 below a limit, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }

    /// Any fact about any declaration, some of them unknown before, at any time of the days.
    fn fact(&mut self, position: i64) -> Fact {
        let n = self.below(4_400);
        let (key, version) = (format!("{n:011}"), u32::try_from(self.below(2)).unwrap_or(0));
        let at = moment(0) - Duration::from_secs(35 * 86_400) + Duration::from_secs(self.below(45 * 86_400));
        let office = self.one(&["32BB", "32BC", "33BA"]);
        let visit = format!("V{}", self.below(2_200));
        let intake = |event: contracts::intake::IntakeEvent| fact_at(INTAKE, &event, office, at, position);
        let risk = |event: contracts::risk::RiskEvent| fact_at(RISK, &event, office, at, position);
        let tracking = |event: TrackingEvent| fact_at(TRACKING, &event, office, at, position);
        match self.below(14) {
            0 | 1 => {
                let declaration = Some(contracts::common::Declaration { office: office.to_owned(), ..declaration(&key, version) });
                intake(if version == 0 { Lodged { declaration }.into() } else { Amended { declaration }.into() })
            }
            2 => {
                let (lane, reason) = (self.one(&[Lane::Green, Lane::Yellow, Lane::Red]), self.one(&["", "NO_ROSTER"]));
                let decided = contracts::risk::Decided { key, version, lane: lane.into(), queue_reason: reason.to_owned(), ..Default::default() };
                risk(decided.into())
            }
            3 => risk(Reassigned { key, version, to: "O-1".to_owned(), ..Default::default() }.into()),
            4 => risk(Concluded { key, version, conform: true, ..Default::default() }.into()),
            5..=7 => {
                let paid_vnd = i64::try_from(self.below(900)).unwrap_or(0);
                intake(PaymentReceived { key, version, amount_vnd: 1, paid_vnd, ..Default::default() }.into())
            }
            8 => intake(Cleared { key, version }.into()),
            9 => intake(Withdrawn { key, version, reason: String::new() }.into()),
            10 => intake(ClearanceRefused { key, version, ..Default::default() }.into()),
            11 => intake(Refused { attempt: "Lodged".to_owned(), ..Default::default() }.into()),
            12 => tracking(Arrived { visit, ..Default::default() }.into()),
            _ => tracking(if self.below(2) == 0 {
                Departed { visit, ..Default::default() }.into()
            } else {
                Held { visit, ..Default::default() }.into()
            }),
        }
    }
}

#[tokio::test]
async fn what_is_kept_is_what_would_be_counted_whatever_facts_come() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let mut conn = sandbox.pool.acquire().await?;
    sqlx::query("SELECT setseed(0.27)").execute(&mut *conn).await?;
    for filling in [DECLARATIONS, REFUSALS, VISITS] {
        sqlx::query(filling).execute(&mut *conn).await?;
    }
    let counter = counter(&sandbox, false);
    let mut dice = Dice(27);
    let mut left = Vec::new();
    for round in 0..6_i64 {
        keep_all(&sandbox, noon(12)).await?;
        let all = number(&sandbox, "SELECT count(*) FROM kept_figures").await?;
        assert!(all > 4 * 45, "{all}");
        if round == 0 {
            assert_eq!(reports(&counter).await?, counted(&sandbox, &counter).await?);
        }
        // From one fact to many in a batch.
        for batch in 0..2_i64 {
            let facts: Vec<Fact> = (0..1 << round).map(|n| dice.fact(10_000 * round + 1_000 * batch + n)).collect();
            let outcomes = apply(&sandbox, &facts).await?;
            assert!(outcomes.iter().all(|o| *o == platform::Outcome::Done), "{outcomes:?}");
            let (kept, counted) = (reports(&counter).await?, counted(&sandbox, &counter).await?);
            for (place, report) in &counted {
                assert_eq!(&kept[place], report, "{place:?} in round {round} after {facts:?}");
            }
        }
        left.push(number(&sandbox, "SELECT count(*) FROM kept_figures WHERE figures IS NOT NULL").await? * 100 / all);
    }
    // Marks are no blanket: a few facts leave what they do not change.
    assert!(left[0] > 30, "{left:?}");
    Ok(())
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
        kept = number(&sandbox, "SELECT count(*) FROM kept_figures WHERE figures IS NOT NULL").await?;
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
    assert_eq!((number(&sandbox, state).await?, keeping.period()), (before, Duration::from_secs(5)));
    // The day turns.
    for _ in 0..3 {
        fire(&sandbox, &keeping, noon(101)).await?;
    }
    assert_eq!(number(&sandbox, "SELECT count(*) FROM kept_figures WHERE figures IS NOT NULL").await?, 202);
    Ok(())
}

const KEPT: &str = "SELECT count(*) FROM kept_figures WHERE figures IS NOT NULL";

/// A site on which the 2026-07-06 alone, of one office and of all, is announced.
async fn announced() -> anyhow::Result<(Sandbox, Keeping)> {
    let (sandbox, keeping) = (sandbox().await?, Keeping::default());
    apply(&sandbox, &[lodged("10900000001", 60)]).await?;
    fire(&sandbox, &keeping, noon(1)).await?;
    assert_eq!(number(&sandbox, "SELECT count(*) FROM kept_figures WHERE announced").await?, 2);
    Ok((sandbox, keeping))
}

/// Waits until so many sessions wait for the lock of marks.
async fn waiting(sandbox: &Sandbox) -> anyhow::Result<()> {
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1009 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    system_tests::until("somebody waits for the marks", async || Ok(number(sandbox, waits).await? == 1)).await
}

#[tokio::test]
async fn what_was_counted_without_a_batch_in_flight_is_not_kept() -> anyhow::Result<()> {
    let (sandbox, keeping) = announced().await?;
    let mut batch = sandbox.pool.begin().await?;
    let late = [lodged("10900000002", 70)];
    platform::Handler::apply(&reporting::Reading, &mut Work::new(&mut batch, platform::clock::now()), &late).await?;
    let firing = async {
        let mut tx = sandbox.pool.begin().await?;
        keeping.fire(&mut Work::new(&mut tx, noon(1))).await?;
        tx.commit().await?;
        anyhow::Ok(())
    };
    // The firing counts one declaration and then waits for the batch, which has two.
    let committing = async {
        waiting(&sandbox).await?;
        batch.commit().await?;
        anyhow::Ok(())
    };
    tokio::try_join!(firing, committing)?;
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
    let committing = async {
        waiting(&sandbox).await?;
        tx.commit().await?;
        anyhow::Ok(())
    };
    tokio::try_join!(apply(&sandbox, &late), committing)?;
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
    platform::Handler::apply(&reporting::Reading, &mut Work::new(&mut batch, platform::clock::now()), &late).await?;
    let keeping = Keeping::default();
    let committing = async {
        waiting(&sandbox).await?;
        batch.commit().await?;
        anyhow::Ok(())
    };
    tokio::try_join!(fire(&sandbox, &keeping, noon(1)), committing)?;
    fire(&sandbox, &keeping, noon(1)).await?;
    assert_eq!(number(&sandbox, KEPT).await?, 2);
    assert_eq!(lodged_that_day(&sandbox).await?, 2);
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

async fn lodged_that_day(sandbox: &Sandbox) -> anyhow::Result<i64> {
    let report = crate::report(&counter(sandbox, false), 0).await?;
    Ok(crate::value(&report, "lodged.total").unwrap_or_default())
}
