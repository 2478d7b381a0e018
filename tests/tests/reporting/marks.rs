//! Which kept days a fact marks: those that it changes, of the offices that it changes.
use std::collections::BTreeSet;

use contracts::{
    common::{Declaration, Lane},
    intake::{Cleared, IntakeEvent, Lodged, PaymentReceived, Refused},
    risk::{Concluded, Decided, RiskEvent},
    tracking::{Arrived, TrackingEvent},
};
use platform::{Fact, Instant};
use reporting::{INTAKE, RISK, TRACKING};
use system_tests::Sandbox;

use crate::{
    KEYS, apply,
    facts::{a_day, declaration, fact_at, moment},
    keeping::{KEPT, keep_all, noon, number},
    sandbox,
};

/// A moment of a day of July 2026.
fn july(day: i64, hour: i64) -> Instant {
    if day < 6 {
        moment(0) - std::time::Duration::from_secs(((6 - day) * 86_400 - hour * 3600).unsigned_abs())
    } else {
        moment((day - 6) * 86_400 + hour * 3600)
    }
}

fn intake(event: impl Into<IntakeEvent>, office: &str, at: Instant) -> Fact {
    fact_at(INTAKE, &event.into(), office, at, 7_000)
}

fn risk(event: impl Into<RiskEvent>, office: &str, at: Instant) -> Fact {
    fact_at(RISK, &event.into(), office, at, 7_000)
}

fn lodged(key: &str, office: &str, at: Instant) -> Fact {
    intake(Lodged { declaration: Some(Declaration { office: office.to_owned(), ..declaration(key, 0) }) }, office, at)
}

fn decided(key: &str, office: &str, at: Instant) -> Fact {
    risk(Decided { key: key.to_owned(), lane: Lane::Green.into(), ..Default::default() }, office, at)
}

fn paid(key: &str, version: u32, at: Instant) -> Fact {
    intake(PaymentReceived { key: key.to_owned(), version, amount_vnd: 1, paid_vnd: 900_000, ..Default::default() }, "32BB", at)
}

/// What a batch marks, as `office day-of-July`, `*` being every office together; then all is kept again.
async fn marked(sandbox: &Sandbox, facts: &[Fact]) -> anyhow::Result<BTreeSet<String>> {
    apply(sandbox, facts).await?;
    let sql = "SELECT COALESCE(NULLIF(office, ''), '*') || ' ' || extract(day FROM day) FROM kept_figures WHERE figures IS NULL";
    let marked: Vec<String> = sqlx::query_scalar(sql).fetch_all(&sandbox.pool).await?;
    keep_all(sandbox, noon(3)).await?;
    Ok(marked.into_iter().collect())
}

/// These offices, and all together, from a day of July on up to the 8th.
fn from(offices: &[&str], day: i64) -> BTreeSet<String> {
    offices.iter().chain(&["*"]).flat_map(|office| (day..=8).map(move |day| format!("{office} {day}"))).collect()
}

#[tokio::test]
async fn a_fact_marks_the_days_that_it_changes_of_the_office_that_it_changes() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    for facts in a_day() {
        apply(&sandbox, &facts).await?;
    }
    apply(&sandbox, &[lodged("10900000021", "33BA", july(4, 9)), lodged("10900000022", "32BB", july(4, 9))]).await?;
    keep_all(&sandbox, noon(3)).await?;
    assert_eq!(number(&sandbox, KEPT).await?, 3 * 5);
    let nothing = BTreeSet::new();

    // Late facts count on their own day and later.
    assert_eq!(marked(&sandbox, &[lodged("10900000023", "33BA", july(8, 9))]).await?, from(&["33BA"], 8));
    let concluded = Concluded { key: "10900000022".to_owned(), conform: true, ..Default::default() };
    assert_eq!(marked(&sandbox, &[risk(concluded, "32BB", july(7, 9))]).await?, from(&["32BB"], 7));
    // A payment counts on the day of the clearance, which another version may have; what is not cleared yet has none.
    assert_eq!(marked(&sandbox, &[paid(KEYS[0], 1, platform::clock::now())]).await?, from(&["32BB"], 6));
    assert_eq!(marked(&sandbox, &[paid(KEYS[0], 0, platform::clock::now())]).await?, from(&["32BB"], 6));
    assert_eq!(marked(&sandbox, &[paid(KEYS[2], 0, platform::clock::now())]).await?, nothing);
    // What is not registered counts nowhere; once it is, at the office of its registration, from an earlier decision on.
    assert_eq!(marked(&sandbox, &[decided("10900000024", "32BB", july(5, 9))]).await?, nothing);
    assert_eq!(marked(&sandbox, &[lodged("10900000024", "33BA", july(7, 9))]).await?, from(&["33BA"], 5));
    assert_eq!(marked(&sandbox, &[decided("10900000025", "32BB", july(6, 9))]).await?, nothing);
    assert_eq!(marked(&sandbox, &[lodged("10900000025", "32BB", platform::clock::now())]).await?, from(&["32BB"], 6));
    // Refusals have an office; a visit may have had another one before.
    let refused = Refused { attempt: "Lodged".to_owned(), ..Default::default() };
    assert_eq!(marked(&sandbox, &[intake(refused, "33BA", july(8, 9))]).await?, from(&["33BA"], 8));
    let arrived = TrackingEvent::from(Arrived { visit: "V1".to_owned(), ..Default::default() });
    assert_eq!(marked(&sandbox, &[fact_at(TRACKING, &arrived, "33BA", july(5, 9), 1)]).await?, from(&["32BB", "33BA"], 5));
    Ok(())
}

#[tokio::test]
async fn the_traffic_of_the_running_day_marks_nothing() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    for facts in a_day() {
        apply(&sandbox, &facts).await?;
    }
    keep_all(&sandbox, noon(3)).await?;
    let now = platform::clock::now();
    let key = "10900000031".to_owned();
    let arrived = TrackingEvent::from(Arrived { visit: "V9".to_owned(), ..Default::default() });
    let refused = Refused { attempt: "Lodged".to_owned(), ..Default::default() };
    let facts = [
        lodged(&key, "32BB", now),
        decided(&key, "32BB", now),
        paid(&key, 0, now),
        intake(Cleared { key: key.clone(), version: 0 }, "32BB", now),
        // Of a declaration that was lodged on a day that is kept.
        intake(Cleared { key: KEYS[2].to_owned(), version: 0 }, "32BB", now),
        intake(refused, "32BB", now),
        fact_at(TRACKING, &arrived, "32BB", now, 1),
    ];
    assert_eq!(marked(&sandbox, &facts).await?, BTreeSet::new());
    Ok(())
}
