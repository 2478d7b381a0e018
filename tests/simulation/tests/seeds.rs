//! The protocol under two thousand schedules, and proof that a fault in it would be seen.
use simulation::{Broken, first_violation, run};

#[test]
fn every_law_holds_under_two_thousand_schedules() {
    assert_eq!(first_violation(0, 2000, None), None);
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 0..20 {
        let (one, two) = (run(seed, None, true), run(seed, None, true));
        assert_eq!((one.steps, one.schedule), (two.steps, two.schedule));
    }
}

#[test]
fn positions_committed_before_their_effects_lose_facts_and_are_found() {
    assert!(first_violation(0, 200, Some(Broken::OffsetsFirst)).is_some());
}

#[test]
fn duplicates_that_are_not_screened_are_found() {
    assert!(first_violation(0, 200, Some(Broken::NoPositionCheck)).is_some());
}

#[test]
fn a_missing_fence_is_found() {
    assert!(first_violation(0, 200, Some(Broken::NoFence)).is_some());
}

#[test]
fn published_beyond_what_was_acknowledged_is_found() {
    assert!(first_violation(0, 200, Some(Broken::BeyondPrefix)).is_some());
}
