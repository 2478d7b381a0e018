use super::*;
use crate::contributions;
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

pub(crate) fn moment() -> impl Strategy<Value = Instant> {
    (0_i64..400_000).prop_map(|s| DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(s))
}

fn officer() -> impl Strategy<Value = OfficerCode> {
    (1_u8..5).prop_map(|n| OfficerCode::parse(&format!("O-{n}")).unwrap())
}

fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![Just("NO_ROSTER"), Just("CAP")].prop_map(|text| Reason::parse(text).unwrap())
}

pub(crate) fn registration() -> impl Strategy<Value = Registration> {
    let direction = prop_oneof![Just(Direction::Import), Just(Direction::Export)];
    (direction, prop_oneof![Just("A11"), Just("B11")], any::<bool>(), 0_i64..1_000_000, prop_oneof![Just("USD"), Just("VND")]).prop_map(
        |(direction, kind, amended, value, currency)| Registration {
            office: OfficeCode::parse("32BB").unwrap(),
            direction,
            kind: KindCode::parse(kind).unwrap(),
            amended,
            value,
            currency: CurrencyCode::parse(currency).unwrap(),
            duty_vnd: value / 3,
        },
    )
}

fn fact() -> impl Strategy<Value = Fact> {
    let lane = prop_oneof![Just(Lane::Green), Just(Lane::Yellow), Just(Lane::Red)];
    prop_oneof![
        registration().prop_map(Fact::Registered),
        registration().prop_map(Fact::Registered),
        Just(Fact::Replaced),
        Just(Fact::Withdrawn),
        (lane, prop::option::of(officer()), prop::option::of(reason())).prop_map(|(lane, officer, queue_reason)| Fact::Decided {
            lane,
            officer,
            queue_reason
        }),
        officer().prop_map(Fact::Assigned),
        officer().prop_map(Fact::Reassigned),
        Just(Fact::AssignmentClosed),
        any::<bool>().prop_map(|conform| Fact::Concluded { conform }),
        (0_i64..1000).prop_map(|in_all_vnd| Fact::Paid { in_all_vnd }),
        Just(Fact::TaxDue),
        Just(Fact::Cleared),
        Just(Fact::Cleared),
        Just(Fact::ClearanceRefused),
    ]
}

fn stamped() -> impl Strategy<Value = (Stamp, Fact)> {
    ((moment(), 1_u64..9), fact()).prop_map(|((at, position), fact)| (Stamp { at, position }, fact))
}

fn fold(facts: &[(Stamp, Fact)]) -> Row {
    let mut row = Row::new(DeclarationKey::parse("10900000001").unwrap(), Version::FIRST);
    for (stamp, fact) in facts {
        row.apply(*stamp, fact);
    }
    row
}

pub(crate) fn row() -> impl Strategy<Value = Row> {
    prop::collection::vec(stamped(), 0..12).prop_map(|facts| fold(&facts))
}

proptest! {
    #[test]
    fn facts_in_any_order_make_the_same_row(
        (facts, shuffled) in prop::collection::vec(stamped(), 0..12).prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle()))
    ) {
        prop_assert_eq!(fold(&facts), fold(&shuffled));
    }

    #[test]
    fn a_fact_told_again_changes_nothing(facts in prop::collection::vec(stamped(), 0..12)) {
        let twice: Vec<_> = facts.iter().chain(&facts).cloned().collect();
        prop_assert_eq!(fold(&facts), fold(&twice));
    }

    #[test]
    fn to_a_registered_version_facts_without_a_payment_change_no_day_before_the_first_of_them(
        registered in (moment(), registration()), known in prop::collection::vec(stamped(), 0..8), more in prop::collection::vec(stamped(), 1..4)
    ) {
        let registered = (Stamp { at: registered.0, position: 1 }, Fact::Registered(registered.1));
        let known: Vec<_> = known.into_iter().filter(|(_, fact)| !matches!(fact, Fact::Registered(_))).chain([registered]).collect();
        let more: Vec<_> = more.into_iter().filter(|(_, fact)| !matches!(fact, Fact::Registered(_) | Fact::Paid { .. })).collect();
        let (before, after) = (fold(&known), fold(&[known.as_slice(), more.as_slice()].concat()));
        let first = fold(&more).counts_from().map(local_day);
        let begin = local_day(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        for day in begin.iter_days().take(7).filter(|day| first.is_none_or(|first| *day < first)) {
            prop_assert_eq!(contributions(&before, day), contributions(&after, day), "{}", day);
        }
    }
}

#[test]
fn the_officer_is_the_latest_one_even_when_facts_come_backwards() {
    let at = |position| Stamp { at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(), position };
    let code = |text| OfficerCode::parse(text).unwrap();
    let row = fold(&[(at(3), Fact::Reassigned(code("B"))), (at(2), Fact::Assigned(code("A")))]);
    assert_eq!(row.officer.unwrap().value, code("B"));
}
