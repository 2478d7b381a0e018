use std::collections::BTreeMap;

use proptest::prelude::*;
use values::{Day, Direction, Lane};

use super::*;
use crate::{
    assign::Choice,
    code::Form,
    draw::{Draw, Urn},
    facts::{Facts, History, LineFacts},
    ledger::Ledger,
    pick::{Task, Weights, pick},
    roster::Officer,
    select::{Given, Hit, LineScore, Rates, Thresholds, WHOLE, select},
};

const MONTH_US: i64 = 1_764_522_000_000_000;

/// Rules of a handful of commodity prefixes.
#[derive(Clone)]
struct Book {
    profiles: Vec<Hit<'static>>,
    rates: Rates,
    thresholds: Thresholds,
}

impl RuleBook for Book {
    fn hits<'a>(&'a self, facts: &Facts, _day: Day) -> Vec<Hit<'a>> {
        // A profile holds for the commodities that begin with its name.
        self.profiles.iter().filter(|p| facts.lines.iter().any(|l| l.commodity.starts_with(p.profile))).copied().collect()
    }
    fn rates(&self, _office: &str, _direction: Direction, _day: Day) -> Rates {
        self.rates
    }
    fn thresholds(&self) -> Thresholds {
        self.thresholds
    }
    fn weights(&self) -> Weights {
        Weights { declaration: 10, line: 5, documents: 0, scanner: 5, direct: 20, laboratory: 30 }
    }
    fn default_cap(&self) -> u32 {
        1_000_000
    }
}

fn profile(id: &'static str, lane: Lane, share: u32) -> Hit<'static> {
    Hit { profile: id, version: 1, line: 1, lane, form: Form::of(lane), share, weight: 1000, ground: "law", cap_per_day: 0, spare_after: 0 }
}

fn book() -> Book {
    let capped = Hit { cap_per_day: 5, ..profile("24", Lane::Red, 700_000) };
    let spares = Hit { spare_after: 2, ..profile("22", Lane::Yellow, WHOLE) };
    let rates = Rates {
        random_documents: 30_000,
        random_scan: 8_000,
        most_scan: 10_000,
        expected_yellow: 150_000,
        expected_red: 40_000,
        top_up_most: 400_000,
        explore_uncertain: 50_000,
        explore_random: 20_000,
    };
    Book { profiles: vec![capped, spares], rates, thresholds: Thresholds { yellow_at: 600_000, red_at: 900_000, critical_red_at: WHOLE } }
}

fn key(office: &str, day: Day) -> Option<DayKey> {
    let seed = office.bytes().chain(day.to_string().bytes()).fold(1_u8, |a, b| a.wrapping_mul(31).wrapping_add(b));
    Some(DayKey::new([seed; 32]))
}

fn facts(n: u32, direction: Direction, earlier_lane: Option<Lane>) -> Facts {
    let line = LineFacts {
        line: 1,
        commodity: format!("{:02}0000", 20 + n % 7),
        description: String::new(),
        origin: "LA".into(),
        tariff_table: "B01".into(),
        quantity: 100,
        quantity_unit: "KGM".into(),
        value: 10_000,
        net_mass_g: 1000,
        duty_rate: 0,
        duty_vnd: 0,
    };
    let lines = (1..=1 + n % 3).map(|i| LineFacts { line: i, ..line.clone() }).collect();
    Facts {
        direction,
        class: "cargo".into(),
        kind: "A11".into(),
        office: String::new(),
        team: String::new(),
        sender: String::new(),
        trader: format!("T{}", n % 11),
        declarant: "D".into(),
        counterparty: String::new(),
        counterparty_country: "LA".into(),
        transport_mode: "4".into(),
        plate: String::new(),
        plate_country: String::new(),
        loading_place: String::new(),
        unloading_place: String::new(),
        tax_deadline: String::new(),
        split_first: String::new(),
        currency: "USD".into(),
        value: 0,
        duty_vnd: 0,
        gross_mass_g: 0,
        packages: 0,
        lines,
        history: History { earlier_lane, ..History::default() },
    }
}

fn desks() -> BTreeMap<String, Desk> {
    let officer = |code: &str| Officer { code: code.into(), shifts: vec![(MONTH_US, MONTH_US + (1 << 43))], ..Officer::default() };
    let desk = |office: &str| Desk {
        roster: Roster::new(["1", "2", "3"].iter().map(|n| officer(&format!("{office}{n}"))).collect(), vec![]),
        loads: vec![],
    };
    ["A", "B"].iter().map(|office| ((*office).to_owned(), desk(office))).collect()
}

/// Two days of two offices as the service would decide them; every seventh declaration is amended later.
fn recorded(book: &Book, n: u32) -> Vec<Trace> {
    let (mut traces, mut ledgers) = (Vec::<Trace>::new(), BTreeMap::<String, Ledger>::new());
    for i in 0..n {
        let day = Day::from_ymd_opt(2025, 12, 3 + i * 2 / n).unwrap();
        let amended = (i % 7 == 6).then(|| traces[usize::try_from(i).unwrap() - 6].clone());
        let (declaration, version) = amended.as_ref().map_or((format!("{i:011}"), 0), |t| (t.declaration.clone(), t.version + 1));
        let office = amended.as_ref().map_or(if i % 3 == 0 { "A" } else { "B" }, |t| t.office.as_str()).to_owned();
        let direction = amended.as_ref().map_or(if i % 5 == 0 { Direction::Export } else { Direction::Import }, |t| t.facts.direction);
        let facts = facts(i, direction, amended.as_ref().map(|t| t.selection.lane));
        let earlier: Vec<Draw> = amended.as_ref().map(|t| t.selection.draws.clone()).unwrap_or_default();
        let ledger = ledgers.entry(office.clone()).or_default();
        if traces.iter().rev().find(|t| t.office == office).is_some_and(|t| t.day != day.to_string()) {
            ledger.new_day();
        }
        let hits = book.hits(&facts, day);
        let capped: Vec<&str> = hits.iter().filter(|h| h.cap_per_day > 0).map(|h| h.profile).collect();
        let fruitless = hits.iter().filter(|h| h.spare_after > 0).map(|h| (h.profile.to_owned(), i % 4)).collect();
        let counters = ledger.counters(direction, &capped, fruitless);
        let scores = vec![LineScore { line: 1, fraud: i.wrapping_mul(7919) % 650_000, critical: 0 }];
        let key = key(&office, day).unwrap();
        let urn = Urn { key: &key, day, declaration: &declaration, version };
        let (rates, thresholds) = (book.rates(&office, direction, day), book.thresholds);
        let earlier_lane = facts.history.earlier_lane;
        let selection = select(&Given { hits: &hits, scores: &scores, thresholds, rates, counters: &counters, earlier_lane, earlier: &earlier, urn });
        ledger.decided(direction, &selection, &capped);
        let points = book.weights().points(facts.lines.len(), selection.form);
        let now_us = MONTH_US + 86_400_000_000 * 3 + i64::from(i) * 1000;
        let task = Task {
            facts: &facts,
            lane: selection.lane,
            round: 0,
            excluded: vec![],
            preferred: None,
            default_cap: book.default_cap(),
            month_start_us: MONTH_US,
            now_us,
        };
        let pick = (selection.lane > Lane::Green).then(|| pick(&task, &desks()[&office].roster, ledger, &urn));
        if let Some(Choice::Officer(code)) = pick.as_ref().map(|p| &p.assignment.choice) {
            ledger.taken(code, points);
            ledger.concluded(code);
        }
        let (rules, model, day) = (String::new(), String::new(), day.to_string());
        traces.push(Trace { office, day, now_us, declaration, version, facts, rules, model, scores, counters, earlier, selection, points, pick });
    }
    traces
}

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
