use super::*;
use proptest::prelude::*;
use values::Plate;

#[test]
fn an_announced_truck_is_admitted_with_goods_that_are_not_cleared() {
    let verdict = at_noon(&coming_in(), &announced("LAOBAO", vec![import(2, false), import(1, true)]));
    let visit = visit_id("LAOBAO", VEHICLE, noon());
    assert_eq!(visit.len(), 16);
    assert_eq!(verdict, Verdict::Arrived { visit, declarations: vec![key(1), key(2)] });
}

#[test]
fn a_truck_whose_declaration_names_its_plate_need_not_be_announced() {
    let sight = Sight { declarations: vec![import(1, false)], ..Sight::default() };
    assert!(matches!(at_noon(&coming_in(), &sight), Verdict::Arrived { declarations, .. } if declarations == [key(1)]));
}

#[test]
fn withdrawn_declarations_and_those_of_an_earlier_trip_admit_nobody() {
    let spent = Carried { departed: true, ..import(1, true) };
    let withdrawn = Carried { withdrawn: true, ..import(2, false) };
    let sight = Sight { declarations: vec![spent, withdrawn], ..Sight::default() };
    assert_eq!(held_for(&at_noon(&coming_in(), &sight)), Some(HoldReason::NoDeclaration));
}

#[test]
fn an_announcement_counts_at_its_gate_and_for_its_time() {
    assert_eq!(held_for(&at_noon(&coming_in(), &announced("LALAY", vec![]))), Some(HoldReason::WrongGate));
    let late = judge(&reading("LAOBAO", "in", after(300_000)), VEHICLE, &announced("LAOBAO", vec![]), &Settings::default(), after(300_000));
    assert_eq!(held_for(&late), Some(HoldReason::NoDeclaration));
}

#[test]
fn a_truck_leaves_when_all_is_cleared_and_names_what_holds_it_until_then() {
    let verdict = at_noon(&going_out(), &inside(vec![import(1, true), import(2, false)]));
    let visit = "0011223344556677".to_owned();
    let held = Verdict::Held { visit: Some(visit.clone()), reason: HoldReason::NotCleared, declarations: vec![key(2)] };
    assert_eq!(verdict, held);
    let verdict = at_noon(&going_out(), &inside(vec![import(1, true), import(2, true)]));
    assert_eq!(verdict, Verdict::Departed { visit, declarations: vec![key(1), key(2)] });
    assert!(matches!(at_noon(&going_out(), &inside(vec![])), Verdict::Departed { .. }));
}

#[test]
fn a_declaration_lodged_while_the_truck_is_inside_holds_it_too() {
    let sight = Sight { declarations: vec![export(3, false)], ..inside(vec![import(1, true)]) };
    assert!(matches!(at_noon(&going_out(), &sight), Verdict::Held { declarations, .. } if declarations == [key(3)]));
}

#[test]
fn an_exporting_truck_without_a_visit_passes_when_its_exports_are_cleared() {
    let sight = |cleared| Sight { declarations: vec![export(1, cleared), import(2, false)], ..Sight::default() };
    assert_eq!(held_for(&at_noon(&going_out(), &sight(false))), Some(HoldReason::NotCleared));
    let visit = visit_id("LAOBAO", VEHICLE, noon());
    assert_eq!(at_noon(&going_out(), &sight(true)), Verdict::Departed { visit, declarations: vec![key(1)] });
}

#[test]
fn an_announced_number_that_nobody_has_heard_of_holds_an_exporting_truck() {
    let unheard = Carried { direction: None, ..import(1, false) };
    assert_eq!(held_for(&at_noon(&going_out(), &announced("LAOBAO", vec![unheard]))), Some(HoldReason::NotCleared));
}

#[test]
fn what_is_known_of_a_declaration_counts_more_than_its_announcement() {
    let unheard = Carried { direction: None, ..export(1, false) };
    let sight = Sight { declarations: vec![export(1, true)], ..announced("LAOBAO", vec![unheard]) };
    assert!(matches!(at_noon(&going_out(), &sight), Verdict::Departed { declarations, .. } if declarations == [key(1)]));
    assert_eq!(sight.carried(&[key(1)]), [export(1, true)]);
}

#[test]
fn an_empty_truck_goes_out_announced_and_is_held_otherwise() {
    assert!(matches!(at_noon(&going_out(), &announced("LAOBAO", vec![])), Verdict::Departed { .. }));
    let known = Sight { known: true, ..Sight::default() };
    assert_eq!(held_for(&at_noon(&going_out(), &known)), Some(HoldReason::NoDeclaration));
}

#[test]
fn a_look_out_stops_even_a_cleared_truck_while_it_stands() {
    let order = |until| Sight { look_out: Some(LookOut { from: after(-60), until }), ..inside(vec![import(1, true)]) };
    assert_eq!(held_for(&at_noon(&going_out(), &order(None))), Some(HoldReason::LookOut));
    assert!(matches!(at_noon(&going_out(), &order(Some(noon()))), Verdict::Departed { .. }));
}

#[test]
fn a_gate_never_opens_on_a_plate_that_only_looks_like_a_known_one() {
    let doubt = |reason| Verdict::Unrecognised { reason };
    let alike = Sight { confusable: vec![Plate::parse("74CI2345").unwrap()], ..Sight::default() };
    assert_eq!(at_noon(&coming_in(), &alike), doubt(Doubt::ConfusablePlate));
    assert_eq!(at_noon(&coming_in(), &Sight::default()), doubt(Doubt::UnknownPlate));
}

#[test]
fn a_weak_or_impossible_reading_proves_nothing() {
    let weak = Verdict::Unrecognised { reason: Doubt::WeakReading };
    assert_eq!(at_noon(&Reading { confidence: 799, ..coming_in() }, &announced("LAOBAO", vec![])), weak);
    assert_eq!(at_noon(&reading("LAOBAO", "in", after(301)), &announced("LAOBAO", vec![])), weak);
    assert_eq!(at_noon(&reading("LAOBAO", "out", after(-7201)), &inside(vec![])), weak);
}

#[test]
fn a_good_reading_after_a_weak_one_is_no_repeat() {
    let sight = |weak| Sight { last: Some(LastReading { observed_at: after(-5), weak }), ..announced("LAOBAO", vec![]) };
    assert!(matches!(at_noon(&coming_in(), &sight(true)), Verdict::Arrived { .. }));
    assert_eq!(at_noon(&coming_in(), &sight(false)), Verdict::Repeat);
    assert_eq!(at_noon(&Reading { confidence: 1, ..coming_in() }, &sight(true)), Verdict::Repeat);
}

#[test]
fn a_truck_that_is_inside_does_not_arrive_again() {
    assert_eq!(at_noon(&coming_in(), &inside(vec![])), Verdict::Repeat);
    assert_eq!(held_for(&at_noon(&reading("LALAY", "in", noon()), &inside(vec![]))), Some(HoldReason::AlreadyInside));
}

#[test]
fn codes_are_read_back() {
    for reason in [HoldReason::NotCleared, HoldReason::LookOut, HoldReason::NoDeclaration, HoldReason::WrongGate, HoldReason::AlreadyInside] {
        assert_eq!(HoldReason::parse(reason.as_str()), Some(reason));
    }
    assert_eq!(Doubt::parse("WEAK_READING"), Some(Doubt::WeakReading));
    assert_eq!(Doubt::parse("weak"), None);
}

pub(super) fn carried() -> impl Strategy<Value = Carried> {
    let direction = prop_oneof![Just(None), Just(Some(Direction::Import)), Just(Some(Direction::Export))];
    (0_u32..6, direction, any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.1))
        .prop_map(|(serial, direction, cleared, withdrawn, departed)| Carried { key: key(serial), direction, cleared, withdrawn, departed })
}

fn sight() -> impl Strategy<Value = Sight> {
    let load = || prop::collection::vec(carried(), 0..4);
    let gate = || prop_oneof![Just("LAOBAO".to_owned()), Just("LALAY".to_owned())];
    let announcement =
        (gate(), -400_000_i64..0, load()).prop_map(|(gate, s, declarations)| Announcement { gate, announced_at: after(s), declarations });
    let visit = (gate(), -9000_i64..9000, load()).prop_map(|(gate, s, declarations)| OpenVisit {
        id: "v".to_owned(),
        gate,
        arrived_at: after(s),
        declarations,
    });
    let last = (-200_i64..200, any::<bool>()).prop_map(|(s, weak)| LastReading { observed_at: after(s), weak });
    let look_out = (-200_i64..200).prop_map(|s| LookOut { from: after(s), until: None });
    (
        any::<bool>(),
        prop::option::of(announcement),
        prop::option::of(visit),
        load(),
        prop::option::weighted(0.2, look_out),
        prop::option::weighted(0.3, last),
    )
        .prop_map(|(known, announcement, visit, declarations, look_out, last)| Sight {
            known,
            announcement,
            visit,
            declarations,
            look_out,
            last,
            confusable: Vec::new(),
        })
}

proptest! {
    #[test]
    fn nothing_departs_while_what_it_carries_is_not_cleared(sight in sight(), confidence in 0_u16..=1000) {
        if let Verdict::Departed { declarations, .. } = at_noon(&Reading { confidence, ..going_out() }, &sight) {
            let aboard = sight.visit.iter().flat_map(|v| &v.declarations);
            prop_assert!(aboard.clone().all(|c| !c.holds()));
            let named = aboard.chain(&sight.declarations).filter(|c| declarations.contains(&c.key));
            prop_assert!(named.filter(|c| c.direction != Some(Direction::Import) || sight.visit.is_some()).all(|c| !c.holds()));
            prop_assert!(sight.visit.is_none_or(|v| v.arrived_at <= noon()));
        }
    }

    #[test]
    fn a_repeat_never_makes_a_second_visit(sight in sight(), apart in -60_i64..=60, inward: bool) {
        let at = if inward { coming_in() } else { going_out() };
        let sight = Sight { last: Some(LastReading { observed_at: after(apart), weak: false }), ..sight };
        prop_assert_eq!(at_noon(&at, &sight), Verdict::Repeat);
    }

    #[test]
    fn who_is_inside_never_arrives(sight in sight(), gate in prop_oneof![Just("LAOBAO"), Just("LALAY")]) {
        let arrived = matches!(at_noon(&reading(gate, "in", noon()), &sight), Verdict::Arrived { .. });
        prop_assert!(!(arrived && sight.visit.is_some()));
    }

    #[test]
    fn no_gate_opens_for_a_plate_of_which_nothing_is_known(inward: bool, alike: bool) {
        let confusable = if alike { vec![Plate::parse("74CI2345").unwrap()] } else { Vec::new() };
        let verdict = at_noon(&if inward { coming_in() } else { going_out() }, &Sight { confusable, ..Sight::default() });
        let unrecognised = matches!(verdict, Verdict::Unrecognised { .. });
        prop_assert!(unrecognised);
    }
}
