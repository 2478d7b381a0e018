//! Declarations as an office of the region sees them, and thousands of profiles as a country would keep them.
use std::fmt::Write;

use fastrand::Rng;
use risk_domain::{Facts, History, LineFacts, ListKind, Lists, Past};
use values::Direction;

/// Distinct commodity codes, traders, declarants and plates.
const CODES: usize = 5_000;
const TRADERS: usize = 8_000;
const DECLARANTS: usize = 600;
const PLATES: usize = 4_000;
const PLACES: usize = 120;
/// Named lists.
const LISTS: usize = 40;

const COUNTRIES: [&str; 12] = ["LA", "TH", "CN", "KR", "JP", "MY", "SG", "US", "DE", "IN", "ID", "KH"];
const KINDS: [&str; 8] = ["A11", "A12", "A21", "E11", "E21", "B11", "B13", "C11"];
const OFFICES: [&str; 6] = ["32BB", "32BC", "31BB", "33PD", "33CC", "27NC"];

/// The first half of everything is seen ten times as often as the second.
fn skewed(rng: &mut Rng, n: usize) -> usize {
    if rng.u8(..10) == 0 { rng.usize(..n) } else { rng.usize(..n.div_ceil(2)).min(rng.usize(..n)) }
}

/// A code of eight digits in one of 96 chapters.
fn code(n: usize) -> String {
    format!("{:02}{:06}", 1 + n % 96, (n / 96 * 7_919) % 1_000_000)
}

fn trader(n: usize) -> String {
    format!("33{n:08}")
}

fn plate(n: usize) -> String {
    format!("{:02}C{n:05}", 30 + n % 60)
}

fn place(n: usize) -> String {
    format!("{}P{n:02}", COUNTRIES[n % COUNTRIES.len()])
}

fn one<'t>(rng: &mut Rng, all: &[&'t str]) -> &'t str {
    let n = skewed(rng, all.len());
    all[n]
}

fn past(rng: &mut Rng, often: i64) -> Past {
    let seen_365d = rng.i64(..often);
    let found_365d = if rng.u8(..10) == 0 { rng.i64(..=3).min(seen_365d) } else { 0 };
    Past { seen_30d: seen_365d / 12, seen_90d: seen_365d / 4, seen_365d, found_30d: found_365d / 3, found_90d: found_365d / 2, found_365d }
}

/// A declaration with 1 to 10 lines.
pub fn declaration(rng: &mut Rng) -> Facts {
    let lines: Vec<LineFacts> = (1..=rng.u32(1..=10))
        .map(|line| LineFacts {
            line,
            commodity: code(skewed(rng, CODES)),
            description: "goods as declared".to_owned(),
            origin: one(rng, &COUNTRIES).to_owned(),
            tariff_table: "B01".to_owned(),
            quantity: rng.i64(100..100_000),
            quantity_unit: "KGM".to_owned(),
            value: rng.i64(1_000_000..1_000_000_000),
            net_mass_g: if rng.u8(..20) == 0 { 0 } else { rng.i64(1_000..5_000_000) },
            duty_rate: rng.i64(0..40) * 10_000,
            duty_vnd: rng.i64(0..50_000_000),
        })
        .collect();
    Facts {
        direction: if rng.bool() { Direction::Import } else { Direction::Export },
        class: "cargo".to_owned(),
        kind: one(rng, &KINDS).to_owned(),
        office: one(rng, &OFFICES).to_owned(),
        team: "00".to_owned(),
        sender: "NSW".to_owned(),
        trader: trader(skewed(rng, TRADERS)),
        declarant: format!("D{:04}", skewed(rng, DECLARANTS)),
        counterparty: format!("FIRM {:04}", skewed(rng, TRADERS)),
        counterparty_country: one(rng, &COUNTRIES).to_owned(),
        transport_mode: "4".to_owned(),
        plate: plate(skewed(rng, PLATES)),
        plate_country: one(rng, &["LAO", "VNM", "THA"]).to_owned(),
        loading_place: place(skewed(rng, PLACES)),
        unloading_place: place(skewed(rng, PLACES)),
        tax_deadline: "D".to_owned(),
        split_first: String::new(),
        currency: "USD".to_owned(),
        value: lines.iter().map(|l| l.value).sum(),
        duty_vnd: lines.iter().map(|l| l.duty_vnd).sum(),
        gross_mass_g: lines.iter().map(|l| l.net_mass_g).sum(),
        packages: rng.i64(1..200),
        history: History {
            trader: past(rng, 400),
            declarant: past(rng, 3_000),
            vehicle: past(rng, 100),
            seal: past(rng, 50),
            compliance: rng.i64(1..=5),
            earlier_lane: None,
        },
        lines,
    }
}

/// Lists of risk goods at 6 and 8 digits, and of plates and firms.
pub fn lists(rng: &mut Rng) -> Lists {
    let mut lists = Lists::default();
    for n in 0..LISTS {
        let size = rng.usize(20..200);
        match n % 4 {
            0 => lists.add(format!("plates_{n}"), ListKind::Text, (0..size).map(|_| plate(rng.usize(..PLATES)))),
            1 => lists.add(format!("firms_{n}"), ListKind::Text, (0..size).map(|_| trader(rng.usize(..TRADERS)))),
            _ => lists.add(
                format!("goods_{n}"),
                ListKind::Commodity,
                (0..size / 4).map(|_| code(rng.usize(..CODES))[..rng.usize(3..=4) * 2].to_owned()),
            ),
        }
    }
    lists
}

/// One profile, of the kinds that risk officers write.
pub fn profile(rng: &mut Rng) -> String {
    let goods = |rng: &mut Rng, digits: std::ops::RangeInclusive<usize>| {
        let code = code(rng.usize(..CODES));
        format!("l.commodity.startsWith(\"{}\")", &code[..rng.usize(digits) * 2])
    };
    match rng.u32(..100) {
        0..20 => format!("lines.exists(l, {} && l.origin in [\"{}\", \"{}\"])", goods(rng, 2..=4), one(rng, &COUNTRIES), one(rng, &COUNTRIES)),
        20..32 => format!("lines.exists(l, {} && l.value_per_kg < {})", goods(rng, 2..=4), rng.i64(1..100) * 10_000),
        32..38 => format!(
            "kind in [\"{}\", \"{}\"] && lines.exists(l, {} && l.duty_rate >= {})",
            one(rng, &KINDS),
            one(rng, &KINDS),
            goods(rng, 2..=3),
            rng.i64(1..40) * 10_000
        ),
        38..54 => format!("trader == \"{}\"", trader(rng.usize(..TRADERS))),
        54..60 => format!("trader == \"{}\" && lines.exists(l, {})", trader(rng.usize(..TRADERS)), goods(rng, 1..=2)),
        60..66 => {
            let mut firms = String::new();
            for n in 0..rng.usize(2..12) {
                let _ = write!(firms, "{}\"{}\"", if n == 0 { "" } else { ", " }, trader(rng.usize(..TRADERS)));
            }
            format!("trader in [{firms}] && value >= {}", rng.i64(1..100) * 10_000_000)
        }
        66..74 => format!("plate == \"{}\"", plate(rng.usize(..PLATES))),
        74..80 => format!("declarant == \"D{:04}\" && lines.exists(l, {} || {})", rng.usize(..DECLARANTS), goods(rng, 1..=3), goods(rng, 2..=4)),
        80..86 => format!("counterparty == \"FIRM {:04}\" && counterparty_country != \"LA\"", rng.usize(..TRADERS)),
        86..92 => format!(
            "loading_place == \"{}\" && unloading_place == \"{}\" && size(lines) > {}",
            place(rng.usize(..PLACES)),
            place(rng.usize(..PLACES)),
            rng.u32(1..6)
        ),
        92..94 => format!("trader in list(\"firms_{}\") && trader_found_365d >= 1", 1 + 4 * rng.usize(..LISTS / 4)),
        94..95 => format!("plate in list(\"plates_{}\")", 4 * rng.usize(..LISTS / 4)),
        95..97 => format!("compliance >= {} && lines.exists(l, l.commodity in list(\"goods_{}\"))", rng.i64(3..=5), 2 + 4 * rng.usize(..LISTS / 4)),
        97..98 => format!("trader_found_365d >= {} && value >= {}", rng.i64(1..=4), rng.i64(1..100) * 50_000_000),
        98..99 => format!("trader_seen_365d < {} && duty_vnd > {}", rng.i64(1..5), rng.i64(1..200) * 1_000_000),
        _ => format!("vehicle_found_90d >= {} || seal_found_90d > {}", rng.i64(1..4), rng.i64(1..4)),
    }
}
