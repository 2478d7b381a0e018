//! A made-up history, for demonstrations: the goods of the load generator's mix, with frauds that follow rules of our own.
//!
//! Nothing here was observed. The rules are simple on purpose, so that a model can find them: some goods are riskier than others, goods that are
//! declared far below their usual price are riskier, and small consignments of smokables and spirits are worse than large ones.
use chrono::{Days, NaiveDate};
use fastrand::Rng;
use risk_domain::model::Goods;

use crate::Row;

/// Goods as the generator of declarations makes them.
struct Kind {
    code: &'static str,
    origin: &'static str,
    tariff: &'static str,
    /// USD cents a unit.
    price: i64,
    /// Grams a unit.
    mass: i64,
    /// 10^-2 percent.
    duty: i64,
    weight: u32,
    /// Consignments in units, from and to.
    units: (i64, i64),
    /// Frauds in a hundred at the usual price.
    fraud: u32,
    /// Critical ones in a hundred frauds.
    critical: u32,
}

const fn kind(code: &'static str, origin: &'static str, numbers: [i64; 3], weight: u32, units: (i64, i64), outcome: [u32; 2]) -> Kind {
    let ([price, mass, duty], [fraud, critical]) = (numbers, outcome);
    // Exports name no tariff table; all imports of the mix come under the ordinary preferential one.
    let tariff = if matches!(origin.as_bytes(), b"VN") { "" } else { "B01" };
    Kind { code, origin, tariff, price, mass, duty, weight, units, fraud, critical }
}

const BULK: (i64, i64) = (200, 3_000);
const PIECES: (i64, i64) = (5, 200);

const KINDS: [Kind; 20] = [
    kind("27011290", "LA", [9, 1000, 300], 30, BULK, [3, 0]),
    kind("44079990", "LA", [65, 1000, 0], 10, BULK, [30, 10]),
    kind("07141011", "LA", [22, 1000, 0], 14, BULK, [4, 0]),
    kind("08039090", "LA", [40, 1000, 0], 10, BULK, [4, 0]),
    kind("17019990", "TH", [58, 1000, 500], 6, BULK, [35, 2]),
    kind("27101971", "TH", [82, 1000, 0], 4, BULK, [25, 5]),
    kind("84295200", "JP", [2_450_000, 9_800_000, 0], 3, (1, 1), [20, 2]),
    kind("85171300", "CN", [18_500, 380, 0], 6, PIECES, [45, 5]),
    kind("62034290", "TH", [720, 450, 2000], 6, PIECES, [40, 1]),
    kind("31021000", "LA", [33, 1000, 600], 5, BULK, [12, 2]),
    kind("22087090", "FR", [950, 1200, 4500], 2, PIECES, [60, 10]),
    kind("24022090", "TH", [2100, 1000, 13500], 1, BULK, [75, 40]),
    kind("25232990", "VN", [7, 1000, 0], 15, BULK, [1, 0]),
    kind("72142031", "VN", [68, 1000, 0], 9, BULK, [2, 0]),
    kind("19023040", "VN", [190, 1000, 0], 7, BULK, [1, 0]),
    kind("62052090", "VN", [610, 300, 0], 7, PIECES, [5, 0]),
    kind("03061721", "VN", [890, 1000, 0], 5, BULK, [4, 0]),
    kind("44012200", "VN", [14, 1000, 200], 6, BULK, [6, 2]),
    kind("85044090", "VN", [1450, 700, 0], 5, PIECES, [3, 0]),
    kind("26140010", "VN", [31, 1000, 3000], 2, BULK, [40, 20]),
];

/// Made-up rows over the year 2025: `rows` of them, the same for the same seed. Ids begin with `M`.
pub fn generate(seed: u64, rows: usize) -> Vec<Row> {
    let mut rng = Rng::with_seed(seed);
    let start = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default();
    (0..rows).map(|number| row(&mut rng, number, start + Days::new((number * 365 / rows.max(1)) as u64))).collect()
}

fn row(rng: &mut Rng, number: usize, day: NaiveDate) -> Row {
    let kind = weighted(rng);
    let discount = rng.i64(85..=115);
    let (units, price) = (rng.i64(kind.units.0..=kind.units.1), (kind.price * discount / 100).max(1));
    let goods = Goods {
        hs: kind.code.to_owned(),
        departure: "LA".to_owned(),
        origin: kind.origin.to_owned(),
        tax_rate: kind.duty * 100,
        tax_type: kind.tariff.to_owned(),
        net_mass_g: (kind.mass * units).min(18_000_000),
        price: price * units * 100,
        procedure: procedure(rng, kind.tariff.is_empty()).to_owned(),
        transport: if rng.u32(0..100) < 83 { "4" } else { "9" }.to_owned(),
    };
    let chance = chance(kind, discount, units);
    let fraud = rng.u32(0..100) < chance;
    let critical = fraud && rng.u32(0..100) < kind.critical;
    Row { id: format!("M{number:07}"), day, goods, fraud, critical }
}

/// Percent: the goods' own, doubled at a tenth below the usual price, halved above it, and half again for a small consignment of risky goods.
fn chance(kind: &Kind, discount: i64, units: i64) -> u32 {
    let by_price = match discount {
        ..=90 => kind.fraud * 2,
        106.. => kind.fraud / 2,
        _ => kind.fraud,
    };
    let small = units * 4 < kind.units.1 && kind.critical >= 10;
    (if small { by_price * 3 / 2 } else { by_price }).min(97)
}

fn procedure(rng: &mut Rng, export: bool) -> &'static str {
    let codes = if export { ["B11", "B11", "E62", "B11", "B13"] } else { ["A11", "A12", "A11", "E31", "A11"] };
    codes[rng.usize(0..codes.len())]
}

fn weighted(rng: &mut Rng) -> &'static Kind {
    let total: u32 = KINDS.iter().map(|kind| kind.weight).sum();
    let mut drawn = rng.u32(0..total);
    KINDS
        .iter()
        .find(|kind| match drawn.checked_sub(kind.weight) {
            Some(rest) => {
                drawn = rest;
                false
            }
            None => true,
        })
        .unwrap_or(&KINDS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_up_the_same_history() {
        assert_eq!(generate(7, 300), generate(7, 300));
        assert_ne!(generate(7, 300), generate(8, 300));
    }

    #[test]
    fn fraud_follows_the_goods() {
        let rows = generate(1, 20_000);
        let share = |code: &str| {
            let of: Vec<_> = rows.iter().filter(|row| row.goods.hs == code).collect();
            of.iter().filter(|row| row.fraud).count() * 100 / of.len()
        };
        assert!(share("24022090") > 60 && share("25232990") < 5);
        assert!(rows.iter().any(|row| row.critical) && rows.iter().all(|row| row.fraud || !row.critical));
    }
}
