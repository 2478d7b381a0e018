use super::*;
use proptest::prelude::*;

fn visit(carried: Vec<Carried>) -> Visit {
    Visit::begin("v".to_owned(), "LAOBAO".to_owned(), carried).0
}

#[test]
fn the_last_clearance_releases_a_visit_once() {
    let mut visit = visit(vec![import(2, false), import(1, false)]);
    assert_eq!(visit.on_cleared(&key(1)), None);
    assert_eq!(visit.holding(), [key(2)]);
    assert_eq!(visit.on_cleared(&key(2)), Some(Released { visit: "v".to_owned(), declarations: vec![key(1), key(2)] }));
    assert_eq!(visit.on_cleared(&key(2)), None);
    assert_eq!(visit.state, VisitState::Released);
}

#[test]
fn goods_cleared_before_arrival_release_the_visit_at_once() {
    let (visit, released) = Visit::begin("v".to_owned(), "LAOBAO".to_owned(), vec![import(1, true)]);
    assert_eq!((visit.state, released.is_some()), (VisitState::Released, true));
}

#[test]
fn a_newcomer_takes_a_released_visit_back_inside() {
    let mut visit = visit(vec![import(1, true)]);
    assert_eq!(visit.link(import(2, false)), Ok(None));
    assert_eq!(visit.state, VisitState::Inside);
    assert!(visit.on_cleared(&key(2)).is_some());
}

#[test]
fn a_hold_for_want_of_clearance_ends_by_clearance_and_a_look_out_does_not() {
    for (reason, after) in [(HoldReason::NotCleared, VisitState::Released), (HoldReason::LookOut, VisitState::Held(HoldReason::LookOut))] {
        let mut visit = visit(vec![import(1, false)]);
        visit.hold(reason).unwrap();
        assert_eq!(visit.on_cleared(&key(1)).is_some(), after == VisitState::Released);
        assert_eq!(visit.state, after);
    }
}

#[test]
fn a_withdrawn_declaration_holds_no_longer_but_releases_nothing_alone() {
    let mut only = visit(vec![import(1, false)]);
    only.hold(HoldReason::NotCleared).unwrap();
    assert_eq!(only.on_withdrawn(&key(1)), None);
    assert_eq!(only.state, VisitState::Inside);
    assert_eq!(only.depart(), Ok(()));
    let mut two = visit(vec![import(1, false), import(2, true)]);
    assert_eq!(two.on_withdrawn(&key(1)).unwrap().declarations, [key(2)]);
}

#[test]
fn an_ended_visit_changes_no_more() {
    let mut visit = visit(vec![]);
    visit.depart().unwrap();
    let ended = Illegal::Ended("v".to_owned());
    assert_eq!(visit.depart(), Err(ended.clone()));
    assert_eq!(visit.hold(HoldReason::LookOut), Err(ended.clone()));
    assert_eq!(visit.link(import(1, true)), Err(ended));
    assert_eq!(visit.on_cleared(&key(1)), None);
}

#[test]
fn states_are_read_back() {
    for state in [VisitState::Inside, VisitState::Held(HoldReason::LookOut), VisitState::Released, VisitState::Departed] {
        assert_eq!(VisitState::parse(state.as_str(), state.reason()), Some(state));
    }
    assert_eq!(VisitState::parse("HELD", ""), None);
}

#[test]
fn the_same_passage_is_the_same_visit() {
    let id = |gate, vehicle, at| visit_id(gate, vehicle, at);
    assert_eq!(id("LAOBAO", VEHICLE, noon()), id("LAOBAO", VEHICLE, noon()));
    assert_ne!(id("LAOBAO", VEHICLE, noon()), id("LALAY", VEHICLE, noon()));
    assert_ne!(id("LAOBAO", VEHICLE, noon()), id("LAOBAO", VEHICLE, noon() + TimeDelta::microseconds(1)));
}

#[derive(Debug, Clone)]
enum Step {
    Link(Carried),
    Cleared(u32),
    Withdrawn(u32),
    Hold,
    Depart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        super::judging::carried().prop_map(Step::Link),
        (0_u32..6).prop_map(Step::Cleared),
        (0_u32..6).prop_map(Step::Withdrawn),
        Just(Step::Hold),
        Just(Step::Depart),
    ]
}

proptest! {
    #[test]
    fn no_order_of_facts_lets_a_visit_depart_before_all_is_cleared(steps in prop::collection::vec(step(), 0..24)) {
        let mut visit = visit(vec![import(0, false)]);
        for step in steps {
            let before = visit.clone();
            match step {
                Step::Link(carried) => drop(visit.link(carried)),
                Step::Cleared(serial) => drop(visit.on_cleared(&key(serial))),
                Step::Withdrawn(serial) => drop(visit.on_withdrawn(&key(serial))),
                Step::Hold => drop(visit.hold(HoldReason::NotCleared)),
                Step::Depart => drop(visit.depart()),
            }
            if matches!(visit.state, VisitState::Departed | VisitState::Released) {
                prop_assert!(visit.holding().is_empty());
            }
            if before.state == VisitState::Departed {
                prop_assert_eq!(&visit, &before);
            }
        }
    }

    #[test]
    fn the_order_of_clearing_does_not_matter(order in Just((0_u32..6).collect::<Vec<_>>()).prop_shuffle(), linked_late in 0_usize..6) {
        let (late, early) = order.split_at(linked_late);
        let mut visit = visit(early.iter().map(|s| import(*s, false)).collect());
        let mut released = Vec::new();
        for serial in late {
            released.extend(visit.link(import(*serial, false)).unwrap());
        }
        for serial in &order {
            released.extend(visit.on_cleared(&key(*serial)));
        }
        prop_assert_eq!(visit.state, VisitState::Released);
        prop_assert_eq!(released.len(), 1);
        prop_assert_eq!(&released[0].declarations, &(0..6).map(key).collect::<Vec<_>>());
        prop_assert_eq!(visit.depart(), Ok(()));
    }
}
