use super::*;
use crate::row::tests as rows;
use crate::{Fact, Stamp, VisitFact};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use values::{CurrencyCode, DeclarationKey, Direction, KindCode, OfficeCode, OfficerCode, Version};

fn noon() -> Instant {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn day() -> Day {
    local_day(noon())
}

fn after(ms: i64) -> Instant {
    noon() + TimeDelta::milliseconds(ms)
}

fn version(facts: &[(i64, Fact)]) -> Row {
    let mut row = Row::new(DeclarationKey::parse("10900000001").unwrap(), Version::FIRST);
    for (position, (ms, fact)) in facts.iter().enumerate() {
        row.apply(Stamp { at: after(*ms), position: position as u64 }, fact);
    }
    row
}

fn lodged() -> Fact {
    Fact::Registered(crate::Registration {
        office: OfficeCode::parse("32BB").unwrap(),
        direction: Direction::Import,
        kind: KindCode::parse("A11").unwrap(),
        amended: false,
        value: 10_000,
        currency: CurrencyCode::parse("USD").unwrap(),
        duty_vnd: 500,
    })
}

fn amended() -> Fact {
    let Fact::Registered(registration) = lodged() else { unreachable!() };
    Fact::Registered(crate::Registration { amended: true, ..registration })
}

fn decided(lane: Lane, officer: Option<&str>, reason: Option<&str>) -> Fact {
    Fact::Decided { lane, officer: officer.map(|o| OfficerCode::parse(o).unwrap()), queue_reason: reason.and_then(Reason::parse) }
}

fn number(figures: &[Figure], cell: &str) -> Option<i64> {
    let cell = Cell::parse(cell).unwrap();
    figures.iter().find(|f| f.cell == cell).map(|f| f.value)
}

const A_DAY: i64 = 86_400_000;

#[test]
fn a_green_declaration_is_counted_from_lodging_to_clearance() {
    let row = version(&[
        (0, lodged()),
        (40, decided(Lane::Green, None, None)),
        (50, Fact::TaxDue),
        (60, Fact::Paid { in_all_vnd: 700 }),
        (90, Fact::Cleared),
    ]);
    let found = figures([&row], [], [], day());
    let number = |cell| number(&found, cell);
    assert_eq!((number("lodged.import.A11.green"), number("lodged.total"), number("cleared"), number("open")), (Some(1), Some(1), Some(1), Some(0)));
    assert_eq!((number("value.USD"), number("duty"), number("duty.cleared"), number("duty.paid")), (Some(10_000), Some(500), Some(500), Some(500)));
    assert_eq!((number("median.lane"), number("p90.clearance"), number("median.conclusion")), (Some(40), Some(90), None));
    assert_eq!((number("assigned.automatic"), number("assigned.share")), (Some(0), None));
}

#[test]
fn checks_are_split_into_drawn_queued_and_reassigned() {
    let officer = |code| OfficerCode::parse(code).unwrap();
    let drawn = version(&[(0, lodged()), (1, decided(Lane::Yellow, Some("A"), None))]);
    let queued = version(&[(0, lodged()), (1, decided(Lane::Red, None, Some("NO_ROSTER")))]);
    let silent = version(&[(0, lodged()), (1, decided(Lane::Red, None, None))]);
    let found_later = version(&[(0, lodged()), (1, decided(Lane::Red, None, Some("CAP"))), (9, Fact::Assigned(officer("B")))]);
    let moved = version(&[(0, lodged()), (1, decided(Lane::Yellow, Some("A"), None)), (9, Fact::Reassigned(officer("B")))]);
    let moved_tomorrow = version(&[(0, lodged()), (1, decided(Lane::Yellow, Some("A"), None)), (A_DAY, Fact::Reassigned(officer("B")))]);
    let rows = [drawn, queued, silent, found_later, moved, moved_tomorrow];
    let today = figures(&rows, [], [], day());
    let number_today = |cell| number(&today, cell);
    assert_eq!(number_today("assigned.automatic"), Some(3));
    assert_eq!((number_today("assigned.queued.NO_ROSTER"), number_today("assigned.queued.UNSTATED")), (Some(1), Some(1)));
    assert_eq!((number_today("assigned.reassigned"), number_today("assigned.share")), (Some(1), Some(500)));
    let tomorrow = figures(&rows, [], [], day().succ_opt().unwrap());
    assert_eq!((number(&tomorrow, "reassigned"), number(&tomorrow, "assigned.automatic")), (Some(1), Some(0)));
}

#[test]
fn an_amendment_is_no_second_lodging_and_the_replaced_version_is_not_open() {
    let old = version(&[(0, lodged()), (5, Fact::Replaced)]);
    let new = version(&[(5, amended())]);
    let found = figures([&old, &new], [], [], day());
    assert_eq!((number(&found, "lodged.total"), number(&found, "amended"), number(&found, "open")), (Some(1), Some(1), Some(1)));
    assert_eq!(number(&found, "value.USD"), Some(10_000));
}

#[test]
fn a_day_is_seen_as_it_stood_at_its_end() {
    let row = version(&[(0, lodged()), (A_DAY, decided(Lane::Green, None, None)), (A_DAY, Fact::Cleared)]);
    let today = figures([&row], [], [], day());
    assert_eq!((number(&today, "lodged.import.A11.none"), number(&today, "open"), number(&today, "cleared")), (Some(1), Some(1), Some(0)));
    let tomorrow = figures([&row], [], [], day().succ_opt().unwrap());
    assert_eq!((number(&tomorrow, "lodged.total"), number(&tomorrow, "open"), number(&tomorrow, "cleared")), (Some(0), Some(0), Some(1)));
    assert_eq!(number(&tomorrow, "median.lane"), Some(A_DAY));
}

#[test]
fn refusals_and_vehicles_are_counted_on_their_day() {
    let refusal = |at, attempt| Refusal { at, attempt };
    let refusals = [refusal(noon(), Attempt::Lodged), refusal(noon(), Attempt::Paid), refusal(after(A_DAY), Attempt::Paid)];
    let mut visit = VisitRow::new("v".to_owned());
    visit.apply(after(9), VisitFact::Held);
    visit.apply(after(3), VisitFact::Held);
    visit.apply(noon(), VisitFact::Arrived);
    visit.apply(after(A_DAY), VisitFact::Departed);
    let found = figures([], &refusals, [&visit], day());
    let number = |cell| number(&found, cell);
    assert_eq!((number("refused.total"), number("refused.lodged"), number("refused.amended")), (Some(2), Some(1), None));
    assert_eq!((number("vehicles.in"), number("vehicles.out"), number("vehicles.held")), (Some(1), Some(0), Some(1)));
    assert_eq!(visit.held_at, Some(after(3)));
}

#[test]
fn numbers_counted_elsewhere_make_the_same_figures() {
    let row = version(&[(0, lodged()), (40, decided(Lane::Yellow, Some("A"), None))]);
    let mut tally = Tally::new();
    for (cell, value) in [
        ("lodged.import.A11.yellow", 1),
        ("lodged.import.A11.red", 0),
        ("value.USD", 10_000),
        ("duty", 500),
        ("assigned.automatic", 1),
        ("median.lane", 40),
        ("p90.lane", 40),
        ("open", 1),
    ] {
        tally.add(Cell::parse(cell).unwrap(), value);
    }
    assert_eq!(tally.finish(), figures([&row], [], [], day()));
}

#[test]
fn a_correction_names_the_cells_that_change() {
    let before = figures([], [], [], day());
    let after = figures([&version(&[(0, lodged())])], [], [], day());
    let named: Vec<_> = changes(&before, &after).iter().map(|c| (c.cell.to_string(), c.before, c.after)).collect();
    assert!(named.contains(&("lodged.total".to_owned(), Some(0), Some(1))));
    assert!(named.contains(&("value.USD".to_owned(), None, Some(10_000))));
    assert!(changes(&after, &after).is_empty());
}

fn days() -> impl Strategy<Value = Day> {
    rows::moment().prop_map(local_day)
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(
        (plain, shuffled) in prop::collection::vec(rows::row(), 0..12).prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
        day in days(),
    ) {
        prop_assert_eq!(figures(&plain, [], [], day), figures(&shuffled, [], [], day));
    }

    #[test]
    fn every_count_of_declarations_equals_the_rows_behind_it(rows in prop::collection::vec(rows::row(), 0..12), day in days()) {
        for figure in figures(&rows, [], [], day).iter().filter(|f| f.unit == Unit::Declarations) {
            let behind = rows.iter().filter(|row| behind(row, &figure.cell, day)).count();
            prop_assert_eq!(i64::try_from(behind).unwrap(), figure.value, "{}", figure.cell);
        }
    }

    #[test]
    fn what_opens_a_day_plus_what_came_minus_what_ended_is_what_closes_it(rows in prop::collection::vec(rows::row(), 0..12), day in days()) {
        let open = |day| number(&figures(&rows, [], [], day), "open").unwrap();
        let yesterday = day.pred_opt().unwrap();
        let registered = rows.iter().filter(|r| r.registered.as_ref().is_some_and(|a| local_day(a.stamp.at) == day));
        let came = registered.filter(|r| r.is_open_at_close(day)).count();
        let ended = rows.iter().filter(|r| r.is_open_at_close(yesterday) && !r.is_open_at_close(day)).count();
        prop_assert_eq!(open(yesterday) + i64::try_from(came).unwrap() - i64::try_from(ended).unwrap(), open(day));
    }
}
