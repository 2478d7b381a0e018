//! How long a day takes to be decided again: 100,000 declarations of 20 offices.
use std::collections::BTreeMap;

use risk_domain::{
    Choice, DayKey, Facts, Form, Given, History, Hit, Ledger, LineFacts, LineScore, Officer, Rates, Roster, RuleBook, Task, Thresholds, Trace, Urn,
    WHOLE, Weights, pick,
    replay::{Desk, Known, World, replay},
    select,
};
use values::{Day, Digest, Direction, Lane};

use crate::{Figure, median_ns};

const DECLARATIONS: usize = 100_000;
const OFFICES: u32 = 20;
const MORNING_US: i64 = 1_795_569_000_000_000;

/// Profiles that hold for commodities which begin with their id.
#[derive(Clone)]
struct Book(Vec<Hit<'static>>);

impl RuleBook for Book {
    fn digest(&self) -> Digest {
        [0; 32]
    }

    fn hits<'a>(&'a self, facts: &Facts, _day: Day) -> Vec<Hit<'a>> {
        self.0.iter().filter(|p| facts.lines.iter().any(|l| l.commodity.starts_with(p.profile))).copied().collect()
    }
    fn rates(&self, _office: &str, _direction: Direction, _day: Day) -> Rates {
        Rates {
            random_documents: 30_000,
            random_scan: 8_000,
            most_scan: 10_000,
            expected_yellow: 300_000,
            expected_red: 50_000,
            top_up_most: 400_000,
            explore_uncertain: 50_000,
            explore_random: 10_000,
        }
    }
    fn thresholds(&self) -> Thresholds {
        Thresholds { yellow_at: 700_000, red_at: 950_000, critical_red_at: 900_000 }
    }
    fn weights(&self) -> Weights {
        Weights { declaration: 10, line: 5, documents: 0, scanner: 5, direct: 20, laboratory: 30 }
    }
    fn default_cap(&self) -> u32 {
        u32::MAX
    }
}

const fn profile(id: &'static str, lane: Lane, share: u32) -> Hit<'static> {
    Hit { profile: id, version: 1, line: 1, lane, form: Form::of(lane), share, weight: 1000, ground: "law", cap_per_day: 0, spare_after: 0 }
}

fn today() -> Day {
    Day::from_ymd_opt(2026, 11, 25).unwrap_or_default()
}

fn key(_: &str, _: Day) -> Option<DayKey> {
    Some(DayKey::new([9; 32]))
}

fn facts(rng: &mut fastrand::Rng) -> Facts {
    let line = |line| LineFacts {
        line,
        commodity: format!("{:08}", rng.u32(1_000_000..99_000_000)),
        description: "goods".into(),
        origin: "CN".into(),
        tariff_table: "B01".into(),
        quantity: 100,
        quantity_unit: "KGM".into(),
        value: 1_000_000,
        net_mass_g: 5000,
        duty_rate: 0,
        duty_vnd: 0,
    };
    let lines: Vec<LineFacts> = (1..=3).map(line).collect();
    Facts {
        direction: if rng.bool() { Direction::Import } else { Direction::Export },
        class: "cargo".into(),
        kind: "A11".into(),
        office: format!("O{}", rng.u32(0..OFFICES)),
        team: "00".into(),
        sender: "S".into(),
        trader: format!("{:010}", rng.u32(0..5000)),
        declarant: format!("{:010}", rng.u32(0..500)),
        counterparty: "firm".into(),
        counterparty_country: "CN".into(),
        transport_mode: "4".into(),
        plate: "74C12345".into(),
        plate_country: "VN".into(),
        loading_place: "LADSV".into(),
        unloading_place: "VNLBO".into(),
        tax_deadline: String::new(),
        split_first: String::new(),
        currency: "USD".into(),
        value: 3_000_000,
        duty_vnd: 0,
        gross_mass_g: 15_000,
        packages: 1,
        lines,
        history: History::default(),
    }
}

fn desks() -> BTreeMap<String, Desk> {
    let officer = |code: String| Officer { code, shifts: vec![(0, i64::MAX)], ..Officer::default() };
    let roster = |office: u32| Roster::new((0..10).map(|n| officer(format!("O{office}-{n}"))).collect(), vec![]);
    (0..OFFICES).map(|office| (format!("O{office}"), Desk { roster: roster(office), loads: vec![] })).collect()
}

/// A day as the service decides it.
fn recorded(book: &Book, desks: &BTreeMap<String, Desk>, n: usize) -> Vec<Trace> {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut ledgers = BTreeMap::<String, Ledger>::new();
    let key = DayKey::new([9; 32]);
    (0..n)
        .map(|i| {
            let (facts, declaration) = (facts(&mut rng), format!("{i:011}"));
            let office = facts.office.clone();
            let ledger = ledgers.entry(office.clone()).or_default();
            let (counters, hits) = (ledger.counters(facts.direction, &[], vec![]), book.hits(&facts, today()));
            let scores = vec![LineScore { line: 1, fraud: rng.u32(0..WHOLE), critical: 0 }];
            let urn = Urn { key: &key, day: today(), declaration: &declaration, version: 0 };
            let rates = book.rates(&office, facts.direction, today());
            let thresholds = book.thresholds();
            let given = Given { hits: &hits, scores: &scores, thresholds, rates, counters: &counters, earlier_lane: None, earlier: &[], urn };
            let selection = select(&given);
            ledger.decided(facts.direction, &selection, &[]);
            let points = book.weights().points(facts.lines.len(), selection.form);
            let now_us = MORNING_US + i64::try_from(i).unwrap_or(0) * 1000;
            let task = Task {
                facts: &facts,
                lane: selection.lane,
                round: 0,
                excluded: vec![],
                preferred: None,
                default_cap: u32::MAX,
                month_start_us: 0,
                now_us,
            };
            let pick = (selection.lane > Lane::Green).then(|| pick(&task, &desks[&office].roster, ledger, &urn));
            if let Some(Choice::Officer(code)) = pick.as_ref().map(|p| &p.assignment.choice) {
                ledger.taken(code, points);
            }
            let (day, rules, model) = (today().to_string(), String::new(), String::new());
            Trace { office, day, now_us, declaration, version: 0, facts, rules, model, scores, counters, earlier: vec![], selection, points, pick }
        })
        .collect()
}

/// Seconds for the day under the same rules, and under others that draw anew and move lanes.
#[expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
pub fn figures() -> Vec<Figure> {
    let desks = desks();
    let same = Book((10..40).map(|n| profile(NAMES[n], Lane::Yellow, WHOLE / 5)).collect());
    let mut other = same.clone();
    other.0.extend((40..60).map(|n| profile(NAMES[n], Lane::Red, WHOLE / 3)));
    let traces = recorded(&same, &desks, DECLARATIONS);
    let known = |_: &str, _: u32| Some(Known { found: false, revenue_vnd: 0 });
    let seconds = |book: &Book| {
        let world = World { book, scorer: None, key: &key, desks: &desks, known: &known };
        median_ns(3, 1, || {
            std::hint::black_box(replay(&traces, &world)).ok();
        }) / 1e9
    };
    vec![
        Figure::new("replay: a day of 100,000 declarations, same rules", "s", seconds(&same)).must(10.0),
        Figure::new("replay: a day of 100,000 declarations, other rules", "s", seconds(&other)).must(10.0),
    ]
}

/// Chapters of the tariff: `00` to `99`.
const NAMES: [&str; 100] = {
    const DIGITS: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    let mut names = [""; 100];
    let mut n = 0;
    while n < 100 {
        names[n] = DIGITS.split_at(2 * n).1.split_at(2).0;
        n += 1;
    }
    names
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_a_replay_that_gives_the_day_back() {
        let desks = desks();
        let book = Book((10..40).map(|n| profile(NAMES[n], Lane::Yellow, WHOLE / 5)).collect());
        let traces = recorded(&book, &desks, 2000);
        let known = |_: &str, _: u32| None;
        let replayed = replay(&traces, &World { book: &book, scorer: None, key: &key, desks: &desks, known: &known }).unwrap();
        assert_eq!((replayed.decided, replayed.same), (2000, 2000));
        assert!(replayed.total.replayed.yellow.files > 300 && replayed.total.replayed.red.files > 50);
    }
}
