#![expect(clippy::float_arithmetic, reason = "laws of statistics")]
use proptest::prelude::*;

use super::*;
use crate::select::WHOLE;

fn day(n: i64) -> Day {
    Day::from_ymd_opt(2026, 1, 1).unwrap() + chrono::TimeDelta::days(n)
}

fn green(day: Day) -> Outcome {
    Outcome {
        profiles: vec![],
        by: String::new(),
        random: false,
        random_propensity: 20_000,
        propensity: 20_000,
        score: 50_000,
        lane: Lane::Green,
        found: None,
        revenue_vnd: 0,
        day,
    }
}

fn hit(id: &str, found: bool) -> Outcome {
    let found = Some(found);
    Outcome {
        profiles: vec![(id.to_owned(), 1)],
        by: format!("profile:{id}"),
        propensity: WHOLE,
        lane: Lane::Red,
        found,
        revenue_vnd: 10,
        ..green(day(5))
    }
}

fn chance(found: bool, day: Day) -> Outcome {
    Outcome { by: "random:documents".to_owned(), random: true, lane: Lane::Yellow, found: Some(found), ..green(day) }
}

fn many(n: u32, found: u32, make: impl Fn(bool) -> Outcome) -> impl Iterator<Item = Outcome> {
    (0..n).map(move |i| make(i < found))
}

#[test]
fn wilson_is_the_published_interval() {
    // Newcombe 1998 (Statistics in Medicine 17:857), table I: 81 of 263, and 0 of 20.
    let rate = wilson(81.0, 263.0);
    assert!((rate.low - 0.2553).abs() < 5e-5 && (rate.high - 0.3662).abs() < 5e-5, "{rate:?}");
    let none = wilson(0.0, 20.0);
    assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
}

#[test]
fn a_difference_is_the_published_interval() {
    // Newcombe 1998 (Statistics in Medicine 17:873), table II: 56 of 70 less 48 of 80.
    let difference = difference(wilson(56.0, 70.0), wilson(48.0, 80.0));
    assert!((difference.low - 0.0524).abs() < 5e-5 && (difference.high - 0.3339).abs() < 5e-5, "{difference:?}");
}

#[test]
fn tails_of_chi_square_are_those_of_the_tables() {
    for (x, freedom, p) in [(3.841, 1, 0.05), (5.991, 2, 0.05), (21.666, 9, 0.01), (23.209, 10, 0.01), (2.088, 9, 0.99)] {
        let tail = chi_square_tail(x, freedom);
        assert!((tail - p).abs() < 1e-4, "{x} {freedom}: {tail}");
    }
}

#[test]
fn the_lady_who_tasted_tea_and_equal_rates() {
    // Fisher 1935: 3 of 4 against 1 of 4.
    assert!((same_rate((3, 4), (1, 4)) - 34.0 / 70.0).abs() < 1e-9);
    assert!((same_rate((10, 100), (10, 100)) - 1.0).abs() < 1e-9);
    assert!(same_rate((0, 500), (20, 500)) < 1e-5);
}

#[test]
fn a_profile_that_finds_less_than_chance_is_proposed_for_retirement() {
    let outcomes: Vec<Outcome> = many(400, 2, |f| hit("BAD", f))
        .chain(many(400, 120, |f| hit("GOOD", f)))
        .chain(many(400, 20, |f| hit("EVEN", f)))
        .chain(many(20, 0, |f| hit("NEW", f)))
        .chain(many(1000, 50, |f| chance(f, day(3))))
        .collect();
    let report = report(&outcomes, None, day(15));
    let verdict = |id: &str| report.profiles.iter().find(|p| p.id == id).map(|p| p.record.verdict);
    assert_eq!(report.retire, [("BAD".to_owned(), 1)]);
    assert_eq!(verdict("GOOD"), Some(Verdict::Better));
    assert_eq!(verdict("EVEN"), Some(Verdict::NoDifference));
    assert_eq!(verdict("NEW"), Some(Verdict::TooFew));
    let bad = report.profiles.iter().find(|p| p.id == "BAD").unwrap().record;
    assert_eq!(
        (bad.hits, bad.examinations, bad.found, bad.revenue_vnd, bad.days_since_hit, bad.days_since_find),
        (400, 400, 2, 4000, Some(10), Some(10))
    );
    assert_eq!(report.model.days_since_hit, None);
    let read: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!((read.format.as_str(), read.retire, read.drift), (FORMAT, report.retire, report.drift));
}

#[test]
fn without_enough_checks_nothing_is_said() {
    let outcomes: Vec<Outcome> = many(29, 29, |f| chance(f, day(0))).chain(many(100, 1, |f| hit("A", f))).collect();
    let report = report(&outcomes, None, day(0));
    assert_eq!((report.random.rate, report.random.concluded), (None, 29));
    assert_eq!(report.profiles[0].record.verdict, Verdict::NoStratum);
    assert_eq!((report.drift.rate_alarm, report.drift.score), (Alarm::Unknown, None));
}

#[test]
fn unequal_probabilities_are_weighed_back_to_all() {
    // One office checks a fifth of its many declarations, where 1 % are found; the other a hundredth of as many, where 10 % are.
    let mut sample = Sample::default();
    for i in 0..20_000 {
        sample.add(200_000, Some(i % 100 == 0));
    }
    for i in 0..1_000 {
        sample.add(10_000, Some(i % 10 == 0));
    }
    let estimate = sample.estimate();
    let rate = estimate.rate.unwrap();
    assert!((rate.value - 0.055).abs() < 1e-9 && rate.low < 0.055 && rate.high > 0.055, "{rate:?}");
    assert!((estimate.total.value - 11_000.0).abs() < 1e-6 && (estimate.total.declarations - 200_000.0).abs() < 1e-6);
    assert!(estimate.effective > 1_000.0 && estimate.effective < 5_000.0, "{}", estimate.effective);
}

#[test]
fn with_equal_probabilities_the_error_is_that_of_a_simple_sample() {
    let mut sample = Sample::default();
    (0..1000).for_each(|i| sample.add(200_000, Some(i < 50)));
    let estimate = sample.estimate();
    // (1 - π)·p·(1 - p)/n of the rate, (1 - π)/π²·found of the total.
    assert!((estimate.standard_error - (0.8 * 0.05 * 0.95 / 1000.0_f64).sqrt()).abs() < 1e-12, "{estimate:?}");
    assert!((estimate.total.standard_error - (0.8 / 0.04 * 50.0_f64).sqrt()).abs() < 1e-9 && (estimate.effective - 1000.0).abs() < 1e-6);
}

#[test]
fn intervals_of_the_stratum_cover_the_truth_about_as_often_as_they_say() {
    let rng = &mut numbers(7);
    let covered = (0..400)
        .filter(|_| {
            let mut sample = Sample::default();
            for i in 0..20_000 {
                // Two offices with different probabilities and different truths: 2 % and 6 %, together 4 %.
                let (propensity, truth) = if i % 2 == 0 { (20_000, 20) } else { (60_000, 60) };
                if rng() % 1_000_000 < propensity {
                    sample.add(u32::try_from(propensity).unwrap(), Some(rng() % 1000 < truth));
                }
            }
            sample.estimate().rate.is_some_and(|r| r.low <= 0.04 && 0.04 <= r.high)
        })
        .count();
    assert!((372..=396).contains(&covered), "{covered} of 400");
}

/// splitmix64 (Steele, Lea and Flood 2014): the same numbers everywhere.
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[test]
fn a_shift_of_scores_and_of_what_chance_finds_raises_an_alarm() {
    let reference = Reference { scores: [800, 100, 50, 20, 10, 10, 5, 3, 1, 1] };
    let same: Vec<Outcome> =
        (0..1000_u32).map(|i| Outcome { score: if i < 800 { 0 } else { 100_000 + (i % 2) * 100_000 }, ..green(day(0)) }).collect();
    let moved: Vec<Outcome> = (0..1000_u32).map(|i| Outcome { score: i * 1000, ..green(day(0)) }).collect();
    let drift = |outcomes: &[Outcome]| report(outcomes, Some(&reference), day(0)).drift.score.unwrap();
    assert_eq!(drift(&moved).alarm, Alarm::Alarm);
    assert!(drift(&same).stability < drift(&moved).stability);
    let quiet: Vec<Outcome> = many(500, 15, |f| chance(f, day(0))).chain(many(500, 15, |f| chance(f, day(60)))).collect();
    let loud: Vec<Outcome> = many(500, 15, |f| chance(f, day(0))).chain(many(500, 50, |f| chance(f, day(60)))).collect();
    assert_eq!(report(&quiet, None, day(60)).drift.rate_alarm, Alarm::None);
    let drift = report(&loud, None, day(60)).drift;
    assert_eq!((drift.rate_alarm, drift.recent, drift.before), (Alarm::Alarm, (50, 500), (15, 500)));
}

proptest! {
    #[test]
    fn an_interval_holds_its_rate_and_mirrors_it(n in 1_u32..5000, share in 0_u32..=1000) {
        let found = n * share / 1000;
        let (rate, other) = (wilson(f64::from(found), f64::from(n)), wilson(f64::from(n - found), f64::from(n)));
        prop_assert!(0.0 <= rate.low && rate.low <= rate.value && rate.value <= rate.high && rate.high <= 1.0);
        prop_assert!((rate.low - (1.0 - other.high)).abs() < 1e-9);
    }

    #[test]
    fn a_profile_below_the_strata_bound_is_always_worse(a in 0_u32..200, b in 0_u32..200) {
        let (own, stratum) = (wilson(f64::from(a), 200.0), wilson(f64::from(b), 200.0));
        prop_assert!(own.high >= stratum.low || difference(own, stratum).high < 0.0);
    }

    #[test]
    fn the_order_of_outcomes_changes_no_count(found in prop::collection::vec(any::<bool>(), 30..80)) {
        let outcomes: Vec<Outcome> = found.iter().map(|f| chance(*f, day(1))).chain(found.iter().map(|f| hit("A", *f))).collect();
        let (there, back) = (report(&outcomes, None, day(2)), report(outcomes.iter().rev(), None, day(2)));
        prop_assert_eq!(there.profiles, back.profiles);
        prop_assert_eq!(there.random.found, back.random.found);
    }
}
