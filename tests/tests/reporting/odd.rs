//! What is kept is what would be counted, for declarations as odd as facts can make them and whatever comes after.
use std::{collections::BTreeMap, time::Duration};

use contracts::{
    common::Lane,
    intake::{Amended, ClearanceRefused, Cleared, Lodged, PaymentReceived, Refused, Withdrawn},
    reporting::{DailyReportRequest, IndicatorsRequest, Report, reporting_server::Reporting as _},
    risk::{Concluded, Reassigned},
    tracking::{Arrived, Departed, Held, TrackingEvent},
};
use platform::Fact;
use reporting::{Counter, INTAKE, RISK, TRACKING};
use system_tests::Sandbox;

use crate::{
    apply, by, counter,
    facts::{declaration, fact_at, moment},
    keeping::{KEPT, day, keep_all, noon, number},
    sums::odd_site,
};

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
    let sandbox = odd_site().await?;
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
        left.push(number(&sandbox, KEPT).await? * 100 / all);
    }
    // Marks are no blanket: a few facts leave what they do not change.
    assert!(left[0] > 30, "{left:?}");
    Ok(())
}
