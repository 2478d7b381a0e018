use std::collections::BTreeMap;

use proptest::prelude::*;
use values::{Day, Lane};

use super::{
    specimen::{Book, book, desks, key, profile, recorded},
    *,
};
use crate::select::{Hit, Rates, WHOLE};

fn nothing_known(_: &str, _: u32) -> Option<Known> {
    None
}

fn world<'a>(book: &'a Book, desks: &'a BTreeMap<String, Desk>) -> World<'a> {
    World { book, scorer: None, key: &key, desks, known: &nothing_known }
}

fn moved(replayed: &Replayed) -> u64 {
    let m = replayed.total.moves;
    replayed.decided - m.green.green - m.yellow.yellow - m.red.red
}

#[test]
fn the_recorded_days_have_everything_in_them() {
    let traces = recorded(&book(), 2000);
    for by in ["profile:24", "profile:22", "model", "random:documents", "explore:random", "explore:uncertain", "top_up:red", "top_up:yellow"] {
        assert!(traces.iter().any(|t| t.selection.by == by), "{by}");
    }
    assert!(traces.iter().any(|t| !t.earlier.is_empty()));
}

#[test]
fn rules_that_did_not_change_give_back_the_day_with_its_key_or_without() {
    let (book, desks) = (book(), desks());
    let traces = recorded(&book, 2000);
    for key in [key as fn(&str, Day) -> Option<DayKey>, |_, _| None] {
        let replayed = replay(&traces, &World { key: &key, ..world(&book, &desks) }).unwrap();
        assert_eq!((replayed.decided, replayed.same, replayed.unknown_fruitless), (2000, 2000, 0));
        assert_eq!(replayed.total.recorded, replayed.total.replayed);
        assert!(replayed.offices.values().flat_map(|o| o.officers.values()).all(|w| w.recorded == w.replayed && w.recorded.files > 0));
        assert_eq!(replayed.worth.won.files + replayed.worth.lost.files, 0);
    }
}

#[test]
fn a_stricter_profile_moves_its_goods_and_its_work_is_spread() {
    let (old, desks) = (book(), desks());
    let traces = recorded(&old, 2000);
    let mut new = old.clone();
    new.profiles.push(profile("25", Lane::Red, WHOLE));
    let replayed = replay(&traces, &world(&new, &desks)).unwrap();
    let aimed = traces.iter().filter(|t| t.facts.lines[0].commodity.starts_with("25")).count() as u64;
    let m = replayed.total.moves;
    assert!(m.green.red + m.yellow.red > 200 && m.red.red >= aimed - m.green.red - m.yellow.red, "{m:?}");
    let b = &replayed.offices["B"];
    assert_eq!(b.unassigned, Amount::default());
    let files: Vec<u64> = b.officers.values().map(|w| w.replayed.points).collect();
    assert!(files.len() == 3 && files.iter().max().unwrap() - files.iter().min().unwrap() < 200, "{files:?}");
    let nobody = replay(&traces, &world(&new, &BTreeMap::new())).unwrap();
    assert!(nobody.offices["B"].unassigned.files > 100);
    assert_eq!(nobody.total, replayed.total);
}

#[test]
fn counters_are_counted_again_under_the_other_rules() {
    let (old, desks) = (book(), desks());
    let traces = recorded(&old, 2000);
    let mut new = old.clone();
    new.profiles[0].cap_per_day = 10;
    let replayed = replay(&traces, &world(&new, &desks)).unwrap();
    // Five more hits for each of two offices, two days and two directions, less those that were red anyway; and the top-up reacts.
    let m = replayed.total.moves;
    let more = m.green.red + m.yellow.red;
    assert!((1..=60).contains(&more), "{m:?}");
    // Red before yellow: what criteria select more of, the top-up to the expected rate selects less of.
    let (before, after) = (replayed.total.recorded.red.files, replayed.total.replayed.red.files);
    assert!(after.abs_diff(before) <= 12, "{before} {after}");
}

#[test]
fn a_new_draw_needs_the_key_and_is_the_draw_of_the_day() {
    let (old, desks) = (book(), desks());
    let traces = recorded(&old, 300);
    let mut new = old.clone();
    new.profiles.push(profile("25", Lane::Red, 500_000));
    let refused = replay(&traces, &World { key: &|_, _| None, ..world(&new, &desks) });
    assert!(matches!(&refused, Err(ReplayFault::NoKey { purpose, .. }) if purpose == "profile:25"), "{refused:?}");
    // What would have been decided is what the service decides when it has the rules from the start.
    let real = recorded(&new, 300);
    let replayed = replay(&traces, &world(&new, &desks)).unwrap();
    let lanes = |lane| real.iter().filter(|t| t.selection.lane == lane).count() as u64;
    let t = replayed.total.replayed;
    let off = t.green.files.abs_diff(lanes(Lane::Green)) + t.red.files.abs_diff(lanes(Lane::Red));
    assert_eq!(off, 0, "{t:?}");
}

#[test]
fn hits_won_and_lost_are_counted_where_they_are_known() {
    let (old, desks) = (book(), desks());
    let traces = recorded(&old, 2000);
    let mut new = old.clone();
    new.profiles.clear();
    new.profiles.push(profile("25", Lane::Red, WHOLE));
    let lanes: BTreeMap<(String, u32), Lane> = traces.iter().map(|t| ((t.declaration.clone(), t.version), t.selection.lane)).collect();
    let known = |key: &str, version: u32| {
        let checked = lanes[&(key.to_owned(), version)] > Lane::Green;
        checked.then(|| Known { found: key.ends_with('1'), revenue_vnd: if key.ends_with('1') { 7 } else { 0 } })
    };
    let worth = replay(&traces, &World { known: &known, ..world(&new, &desks) }).unwrap().worth;
    assert!(worth.won.files > 100 && worth.won.known == 0, "{worth:?}");
    assert!(worth.lost.files > 100 && worth.lost.known == worth.lost.files && worth.lost.revenue_vnd == 7 * worth.lost.found as i64, "{worth:?}");
    assert!(worth.kept.known == worth.kept.files);
}

#[test]
fn the_random_stratum_tells_what_the_newly_selected_hide() {
    let (mut old, desks) = (book(), desks());
    old.rates = Rates { random_documents: 100_000, ..Rates::default() };
    let traces = recorded(&old, 6000);
    let mut new = old.clone();
    new.profiles.push(profile("25", Lane::Red, WHOLE));
    // Of the goods at which the new profile aims, one in four is a find.
    let random: BTreeMap<&str, bool> = traces.iter().map(|t| (t.declaration.as_str(), t.selection.random)).collect();
    let truth = |key: &str| key.parse::<u32>().unwrap() / 7 % 4 == 0;
    let known = |key: &str, _: u32| random[key].then(|| Known { found: truth(key), revenue_vnd: 0 });
    let newly = replay(&traces, &World { known: &known, ..world(&new, &desks) }).unwrap().worth.newly;
    let rate = newly.estimate.rate.unwrap();
    assert!(newly.files > 500 && newly.in_stratum > 40 && newly.estimate.pending == 0, "{newly:?}");
    assert!(rate.low < 0.25 && 0.25 < rate.high && rate.high - rate.low < 0.3, "{newly:?}");
    let few = replay(&traces[..600], &World { known: &known, ..world(&new, &desks) }).unwrap().worth.newly;
    assert!(few.in_stratum > 0 && few.estimate.rate.is_none(), "{few:?}");
}

#[test]
fn half_a_day_and_days_out_of_order_are_refused() {
    let (book, desks) = (book(), desks());
    let traces = recorded(&book, 200);
    assert!(matches!(replay(&traces[10..], &world(&book, &desks)), Err(ReplayFault::NotFromTheStart { .. })));
    assert!(matches!(replay(traces.iter().rev(), &world(&book, &desks)), Err(ReplayFault::NotFromTheStart { .. })));
    let swapped = traces[100..].iter().chain(&traces[..100]);
    assert!(matches!(replay(swapped, &world(&book, &desks)), Err(ReplayFault::Order { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_replayed_is_what_would_have_been_recorded(share in 0_u32..=WHOLE, cap in 0_u32..12, red in 0_u32..100_000, yellow_at in 0_u32..WHOLE) {
        // Amendments carry their lane and draws: the recorded world of the new rules and the replayed one must be the same all the way.
        let desks = desks();
        let mut new = book();
        new.profiles.push(Hit { cap_per_day: cap, ..profile("25", Lane::Red, share) });
        new.rates.expected_red = red;
        new.thresholds.yellow_at = yellow_at;
        let (old, real) = (recorded(&book(), 400), recorded(&new, 400));
        let replayed = replay(&old, &world(&new, &desks)).unwrap();
        for lane in [Lane::Green, Lane::Yellow, Lane::Red] {
            let count = real.iter().filter(|t| t.selection.lane == lane).count() as u64;
            prop_assert_eq!(replayed.total.replayed.of(lane).files, count);
        }
        prop_assert_eq!(moved(&replayed), old.iter().zip(&real).filter(|(o, r)| o.selection.lane != r.selection.lane).count() as u64);
    }
}
