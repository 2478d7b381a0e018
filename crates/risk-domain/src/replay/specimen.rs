//! Two days of two offices, decided as the service decides.
use std::collections::BTreeMap;

use values::{Day, Digest, Direction, Lane};

use super::{Desk, Roster, RuleBook, Trace};
use crate::{
    assign::Choice,
    code::Form,
    draw::{DayKey, Draw, Urn},
    facts::{Facts, History, LineFacts},
    ledger::Ledger,
    pick::{Task, Weights, pick},
    roster::Officer,
    select::{Given, Hit, LineScore, Rates, Thresholds, WHOLE, select},
};

pub(super) const MONTH_US: i64 = 1_764_522_000_000_000;

/// Rules of a handful of commodity prefixes.
#[derive(Clone)]
pub(super) struct Book {
    pub(super) profiles: Vec<Hit<'static>>,
    pub(super) rates: Rates,
    pub(super) thresholds: Thresholds,
}

impl RuleBook for Book {
    fn digest(&self) -> Digest {
        [0; 32]
    }

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

pub(super) fn profile(id: &'static str, lane: Lane, share: u32) -> Hit<'static> {
    Hit { profile: id, version: 1, line: 1, lane, form: Form::of(lane), share, weight: 1000, ground: "law", cap_per_day: 0, spare_after: 0 }
}

pub(super) fn book() -> Book {
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

pub(super) fn key(office: &str, day: Day) -> Option<DayKey> {
    let seed = office.bytes().chain(day.to_string().bytes()).fold(1_u8, |a, b| a.wrapping_mul(31).wrapping_add(b));
    Some(DayKey::new([seed; 32]))
}

pub(super) fn facts(n: u32, direction: Direction, earlier_lane: Option<Lane>) -> Facts {
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

pub(super) fn desks() -> BTreeMap<String, Desk> {
    let officer = |code: &str| Officer { code: code.into(), shifts: vec![(MONTH_US, MONTH_US + (1 << 43))], ..Officer::default() };
    let desk = |office: &str| Desk {
        roster: Roster::new(["1", "2", "3"].iter().map(|n| officer(&format!("{office}{n}"))).collect(), vec![]),
        loads: vec![],
    };
    ["A", "B"].iter().map(|office| ((*office).to_owned(), desk(office))).collect()
}

/// Two days of two offices as the service would decide them; every seventh declaration is amended later.
pub(super) fn recorded(book: &Book, n: u32) -> Vec<Trace> {
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
