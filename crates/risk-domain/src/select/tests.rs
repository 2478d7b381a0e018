//! Selectivity: what decides, what is counted, and what nobody can foretell.
use super::*;
use crate::draw::{DayKey, Urn};
use proptest::prelude::*;

const KEY: DayKey = DayKey::new([7; 32]);

fn urn(declaration: &str) -> Urn<'_> {
    Urn { key: &KEY, day: values::Day::default(), declaration, version: 0 }
}

fn given<'a>(hits: &'a [Hit<'a>], counters: &'a Counters, declaration: &'a str) -> Given<'a> {
    Given {
        hits,
        scores: &[],
        thresholds: Thresholds::NEVER,
        rates: Rates::default(),
        counters,
        earlier_lane: None,
        earlier: &[],
        urn: urn(declaration),
    }
}

fn hit(profile: &'static str, lane: Lane) -> Hit<'static> {
    Hit { profile, version: 1, line: 1, lane, form: Form::of(lane), share: WHOLE, weight: 100, ground: "law", cap_per_day: 0, spare_after: 0 }
}

#[test]
fn the_most_severe_profile_decides_and_all_that_match_are_told() {
    let hits = [hit("A", Lane::Yellow), hit("B", Lane::Red), hit("C", Lane::Yellow)];
    let selection = select(&given(&hits, &Counters::default(), "1"));
    assert_eq!((selection.lane, selection.by.as_str(), selection.matched.len(), selection.score), (Lane::Red, "profile:B", 3, 300));
    assert_eq!(selection.propensity, WHOLE);
}

#[test]
fn a_profile_at_its_cap_and_one_that_spares_select_nothing() {
    let hits = [Hit { cap_per_day: 3, ..hit("A", Lane::Red) }, Hit { spare_after: 5, ..hit("B", Lane::Red) }];
    let counters = Counters { hits: vec![("A".to_owned(), 3)], fruitless: vec![("B".to_owned(), 5)], ..Counters::default() };
    let selection = select(&given(&hits, &counters, "1"));
    assert_eq!(selection.lane, Lane::Green);
    assert_eq!(selection.matched.iter().map(|m| m.outcome).collect::<Vec<_>>(), [MatchOutcome::Cap, MatchOutcome::Spared]);
}

#[test]
fn the_model_selects_from_its_thresholds_on() {
    let at = Thresholds { yellow_at: 400_000, red_at: 800_000, critical_red_at: 500_000 };
    let lane = |fraud, critical| {
        let scores = [LineScore { line: 1, fraud: 10, critical: 0 }, LineScore { line: 2, fraud, critical }];
        let counters = Counters::default();
        let selection = select(&Given { scores: &scores, thresholds: at, ..given(&[], &counters, "1") });
        (selection.lane, selection.score)
    };
    assert_eq!(lane(399_999, 0), (Lane::Green, 399_999));
    assert_eq!(lane(400_000, 0), (Lane::Yellow, 400_000));
    assert_eq!(lane(800_000, 0), (Lane::Red, 800_000));
    assert_eq!(lane(20, 500_000), (Lane::Red, 20));
}

#[test]
fn random_scans_never_pass_the_ceiling_of_the_law() {
    let rates = Rates { random_scan: 300_000, most_scan: 10_000, ..Rates::default() };
    let mut counters = Counters::default();
    for n in 0..5000 {
        let selection = select(&Given { rates, ..given(&[], &counters, &format!("{n:011}")) });
        counters.scans += u32::from(selection.by == "random:scan");
        counters.decided += 1;
        assert!(u64::from(counters.scans) * 100 <= u64::from(counters.decided));
    }
    assert!(counters.scans > 40, "{}", counters.scans);
}

#[test]
fn lanes_are_topped_up_to_the_expected_rates_and_nobody_knows_the_next() {
    let rates = Rates { expected_yellow: 200_000, expected_red: 50_000, top_up_most: 500_000, ..Rates::default() };
    let mut counters = Counters::default();
    for n in 0..5000 {
        let selection = select(&Given { rates, ..given(&[], &counters, &format!("{n:011}")) });
        assert!(selection.propensity < WHOLE);
        counters.decided += 1;
        counters.yellow += u32::from(selection.lane == Lane::Yellow);
        counters.red += u32::from(selection.lane == Lane::Red);
    }
    assert!(counters.yellow.abs_diff(1000) < 10 && counters.red.abs_diff(250) < 10, "{counters:?}");
}

#[test]
fn the_random_stratum_is_drawn_from_all_whatever_else_selects() {
    let rates = Rates { random_documents: 30_000, ..Rates::default() };
    let hits = [hit("A", Lane::Red)];
    let counters = Counters::default();
    let selections = (0..20_000).map(|n| select(&Given { rates, ..given(&hits, &counters, &format!("{n:011}")) })).collect::<Vec<_>>();
    let random = selections.iter().filter(|s| s.random).count();
    assert!((500..700).contains(&random) && selections.iter().all(|s| s.random_propensity == 30_000 && s.lane == Lane::Red), "{random}");
}

proptest! {
    #[test]
    fn an_amendment_never_becomes_milder_and_keeps_its_draws(declaration in "[0-9]{11}", lane in 0..3_usize) {
        let earlier_lane = [Lane::Green, Lane::Yellow, Lane::Red][lane];
        let rates = Rates { random_documents: 500_000, random_scan: 500_000, most_scan: WHOLE, ..Rates::default() };
        let counters = Counters::default();
        let first = select(&Given { rates, ..given(&[], &counters, &declaration) });
        let other = DayKey::new([8; 32]);
        let urn = Urn { key: &other, version: 1, ..urn(&declaration) };
        let again = select(&Given { rates, earlier: &first.draws, earlier_lane: Some(earlier_lane), urn, ..given(&[], &counters, &declaration) });
        prop_assert_eq!(&again.draws, &first.draws);
        prop_assert!(again.lane >= earlier_lane && again.lane >= first.lane.min(again.lane));
    }
}
