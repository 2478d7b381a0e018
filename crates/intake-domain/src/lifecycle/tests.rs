use proptest::prelude::*;
use values::{Lane, Version, Vnd};

use super::*;

fn vnd(amount: i64) -> Vnd {
    Vnd::from_units(amount)
}

fn version(count: u32) -> Version {
    Version::new(count).unwrap()
}

fn lodged(duty: i64) -> Standing {
    Standing::lodged(vnd(duty), false)
}

#[test]
fn green_without_duty_is_cleared_at_once() {
    let (standing, facts) = lodged(0).lane_decided(Version::FIRST, Lane::Green, false).unwrap();
    assert_eq!(standing.state, State::Cleared);
    assert_eq!(facts, [Fact::LaneTaken { lane: Lane::Green }, Fact::Cleared]);
}

#[test]
fn green_with_duty_waits_for_the_whole_of_it() {
    let (due, facts) = lodged(100).lane_decided(Version::FIRST, Lane::Green, false).unwrap();
    assert_eq!((due.state, facts.last()), (State::TaxDue, Some(&Fact::TaxDue { amount: vnd(100) })));
    let (part, facts) = due.pay(vnd(60)).unwrap();
    assert_eq!((part.state, facts), (State::TaxDue, vec![Fact::PaymentReceived { amount: vnd(60), paid: vnd(60) }]));
    let (whole, facts) = part.pay(vnd(60)).unwrap();
    assert_eq!((whole.state, whole.paid, facts.last()), (State::Cleared, vnd(120), Some(&Fact::Cleared)));
}

#[test]
fn a_guarantee_clears_without_payment() {
    let (standing, _) = Standing::lodged(vnd(100), true).lane_decided(Version::FIRST, Lane::Red, true).unwrap();
    assert_eq!(standing.state, State::UnderExamination);
    assert_eq!(standing.concluded(Version::FIRST, true).unwrap().0.state, State::Cleared);
}

#[test]
fn a_check_that_does_not_conform_refuses_until_amended() {
    let (yellow, _) = lodged(0).lane_decided(Version::FIRST, Lane::Yellow, false).unwrap();
    let (assigned, _) = yellow.assigned(Version::FIRST).unwrap();
    let (refused, facts) = assigned.concluded(Version::FIRST, false).unwrap();
    assert_eq!((refused.state, facts), (State::Refused, vec![Fact::ClearanceRefused]));
    let (amended, _) = refused.amend(vnd(5), false).unwrap();
    assert_eq!((amended.state, amended.version.count(), amended.lane), (State::Registered, 1, None));
}

#[test]
fn a_fact_about_an_older_version_changes_nothing() {
    let (amended, _) = lodged(0).amend(vnd(0), false).unwrap();
    let (after, facts) = amended.clone().lane_decided(Version::FIRST, Lane::Green, false).unwrap();
    assert_eq!((after, facts), (amended, vec![Fact::Superseded { named: Version::FIRST }]));
}

#[test]
fn a_fact_about_a_newer_version_waits() {
    let early = lodged(0).lane_decided(version(1), Lane::Green, false);
    assert_eq!(early, Err(NotYet { named: version(1), current: Version::FIRST }));
}

#[test]
fn a_lane_for_a_withdrawn_declaration_is_superseded() {
    let (withdrawn, _) = lodged(0).withdraw().unwrap();
    let (after, facts) = withdrawn.clone().lane_decided(Version::FIRST, Lane::Green, false).unwrap();
    assert_eq!((after, facts), (withdrawn.clone(), vec![Fact::Superseded { named: Version::FIRST }]));
    assert_eq!(withdrawn.clone().withdraw(), Err(Refusal::WithdrawTwice));
    assert_eq!(withdrawn.amend(vnd(0), false), Err(Refusal::AmendWithdrawn));
}

#[test]
fn the_tenth_amendment_is_refused() {
    let nine = (0..9).fold(lodged(0), |standing, _| standing.amend(vnd(0), false).unwrap().0);
    assert_eq!(nine.amend(vnd(0), false), Err(Refusal::TooManyAmendments));
}

#[test]
fn codes_of_refusals_are_distinct() {
    let codes: std::collections::BTreeSet<_> = Refusal::ALL.into_iter().map(Refusal::code).collect();
    assert_eq!(codes.len(), Refusal::ALL.len());
}

#[test]
fn names_of_states_are_read_back() {
    assert!(State::ALL.into_iter().all(|state| State::parse(state.as_str()) == Some(state)));
    assert_eq!(State::parse("green"), None);
}

#[derive(Debug, Clone)]
enum Event {
    Amend(i64, bool),
    Withdraw,
    Pay(i64),
    Lane(u32, Lane, bool),
    Assigned(u32),
    Concluded(u32, bool),
}

/// Versions are those near the beginning, so that many facts meet the current one.
fn event() -> impl Strategy<Value = Event> {
    let lane = prop_oneof![Just(Lane::Green), Just(Lane::Yellow), Just(Lane::Red)];
    prop_oneof![
        2 => (0..3_i64, any::<bool>()).prop_map(|(duty, guaranteed)| Event::Amend(duty, guaranteed)),
        1 => Just(Event::Withdraw),
        3 => prop_oneof![0..4_i64, Just(i64::MAX)].prop_map(Event::Pay),
        6 => (0..4_u32, lane, any::<bool>()).prop_map(|(version, lane, assigned)| Event::Lane(version, lane, assigned)),
        3 => (0..4_u32).prop_map(Event::Assigned),
        6 => (0..4_u32, any::<bool>()).prop_map(|(version, conform)| Event::Concluded(version, conform)),
    ]
}

fn apply(standing: Standing, event: &Event) -> Option<Step> {
    match *event {
        Event::Amend(duty, guaranteed) => standing.amend(vnd(duty), guaranteed).ok(),
        Event::Withdraw => standing.withdraw().ok(),
        Event::Pay(amount) => standing.pay(vnd(amount)).ok(),
        Event::Lane(named, lane, assigned) => standing.lane_decided(version(named), lane, assigned).ok(),
        Event::Assigned(named) => standing.assigned(version(named)).ok(),
        Event::Concluded(named, conform) => standing.concluded(version(named), conform).ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_sequence_of_events_reaches_an_illegal_state(duty in 0..3_i64, guaranteed in any::<bool>(), events in prop::collection::vec(event(), 0..40)) {
        let mut standing = Standing::lodged(vnd(duty), guaranteed);
        let mut conforms_for = None;
        for event in &events {
            let before = standing.clone();
            let Some((after, facts)) = apply(standing.clone(), event) else { continue };
            if matches!(event, Event::Concluded(_, true)) && before.state.is_under_check() && before != after {
                conforms_for = Some(after.version);
            }
            let is_checked = after.lane == Some(Lane::Green) || conforms_for == Some(after.version);
            match after.state {
                State::Cleared => prop_assert!(is_checked && after.outstanding() == Vnd::ZERO),
                State::TaxDue => prop_assert!(is_checked && after.outstanding() > Vnd::ZERO),
                State::Registered => prop_assert_eq!(after.lane, None),
                State::Yellow | State::Red | State::UnderExamination => {
                    prop_assert!(matches!(after.lane, Some(Lane::Yellow | Lane::Red)));
                }
                State::Refused => prop_assert!(after.lane.is_some()),
                State::Withdrawn => {}
                State::Green => prop_assert!(false, "green is passed through"),
            }
            prop_assert!(after.version >= before.version && after.paid >= before.paid);
            prop_assert!(before.state != State::Withdrawn || after.state == State::Withdrawn);
            prop_assert!(before.state != State::Cleared || after.state == State::Cleared);
            prop_assert_eq!(facts.contains(&Fact::Cleared), after.state == State::Cleared && before.state != State::Cleared);
            if facts.iter().any(|fact| matches!(fact, Fact::Superseded { .. })) {
                prop_assert_eq!(&after, &before);
            }
            standing = after;
        }
    }
}
