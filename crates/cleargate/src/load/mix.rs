//! A seeded stream of declarations as Region IX sees them: offices, kinds, goods, sizes and senders in fixed shares.
//!
//! The mix is data, printed with every result: the same seed gives the same declarations on every machine.
use contracts::nsw::v1::{Declaration, Invoice, Line, Trader};
use fastrand::Rng;

use super::tables::{EXPORTS, Goods, IMPORTS};
pub use super::tables::{OFFICES, Office};

/// What will happen to a declaration after it was lodged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Plain,
    /// Amended once as soon as its number is known.
    Amended,
    /// Withdrawn as soon as its number is known.
    Withdrawn,
}

/// Shares in a thousand.
pub const AMENDED: u32 = 40;
pub const WITHDRAWN: u32 = 10;
pub const PARCELS: u32 = 50;
pub const PROTOBUF: u32 = 300;

/// One generated declaration.
pub struct Sample {
    pub declaration: Declaration,
    pub fate: Fate,
    pub parcel: bool,
    pub protobuf: bool,
    pub gate: &'static str,
}

/// The generator.
pub struct Mix {
    rng: Rng,
    run: String,
    day: chrono::NaiveDate,
    next: u64,
}

impl Mix {
    /// `run` keeps references of different runs apart; `day` is the local day on which all is lodged.
    pub fn new(seed: u64, run: &str, day: chrono::NaiveDate) -> Self {
        Self { rng: Rng::with_seed(seed), run: run.to_owned(), day, next: 0 }
    }

    /// The next declaration.
    pub fn sample(&mut self) -> Sample {
        self.next += 1;
        let office = self.weighted(&OFFICES, |o| o.weight);
        let import = self.rng.u32(0..100) < 62;
        let parcel = self.permille(PARCELS);
        let protobuf = self.permille(PROTOBUF);
        let fate = match self.rng.u32(0..1000) {
            n if n < AMENDED => Fate::Amended,
            n if n < AMENDED + WITHDRAWN => Fate::Withdrawn,
            _ => Fate::Plain,
        };
        let lines = self.line_count(parcel);
        let goods = if import { &IMPORTS[..] } else { &EXPORTS[..] };
        let lines: Vec<(Line, u64, u64)> = (0..lines).map(|_| self.line(goods, parcel)).collect();
        let declaration = self.declaration(office, import, lines);
        let gate = if office.land { office.gate } else { "" };
        Sample { declaration, fate, parcel, protobuf, gate }
    }

    fn permille(&mut self, share: u32) -> bool {
        self.rng.u32(0..1000) < share
    }

    fn weighted<'t, T>(&mut self, table: &'t [T], weight: fn(&T) -> u32) -> &'t T {
        let total: u32 = table.iter().map(weight).sum();
        let mut drawn = self.rng.u32(0..total);
        for row in table {
            if drawn < weight(row) {
                return row;
            }
            drawn -= weight(row);
        }
        &table[0]
    }

    /// 60 % have one line, 25 % two or three, 12 % up to ten, 3 % up to fifty.
    fn line_count(&mut self, parcel: bool) -> usize {
        if parcel {
            return 1;
        }
        match self.rng.u32(0..100) {
            0..60 => 1,
            60..85 => self.rng.usize(2..=3),
            85..97 => self.rng.usize(4..=10),
            _ => self.rng.usize(11..=50),
        }
    }

    /// A line with its value in USD cents and its mass in grams.
    fn line(&mut self, goods: &[Goods], parcel: bool) -> (Line, u64, u64) {
        let good = self.weighted(goods, |g| g.weight);
        let quantity = match good.unit {
            "KGM" if parcel => self.rng.u64(1..=8),
            "KGM" => self.rng.u64(200..=3_000),
            _ if good.price > 100_000 => 1,
            _ if parcel => self.rng.u64(1..=3),
            _ => self.rng.u64(5..=200),
        };
        let price = good.price * self.rng.u64(85..=115) / 100;
        let price = price.max(1);
        let (value, mass) = (price * quantity, (good.mass * quantity).min(18_000_000));
        let line = Line {
            commodity_code: good.code.to_owned(),
            description: good.description.to_owned(),
            origin: good.origin.to_owned(),
            tariff_table: if good.origin == "VN" { String::new() } else { "B01".to_owned() },
            quantity: quantity.to_string(),
            quantity_unit: good.unit.to_owned(),
            value: cents(value),
            unit_price: cents(price),
            unit_price_currency: "USD".to_owned(),
            unit_price_unit: good.unit.to_owned(),
            duty_rate: if good.duty == 0 { String::new() } else { cents(good.duty) },
            duty: duty(value, good.duty).to_string(),
            net_mass: thousandths(mass),
            ..Line::default()
        };
        (line, value, mass)
    }

    fn declaration(&mut self, office: &Office, import: bool, lines: Vec<(Line, u64, u64)>) -> Declaration {
        let value: u64 = lines.iter().map(|(_, v, _)| v).sum();
        let mass: u64 = lines.iter().map(|(_, _, m)| m).sum::<u64>().min(900_000_000);
        let today = self.day.to_string();
        let reference = format!("{}-{:07}", self.run, self.next);
        let sender = format!("NSW{:03}", self.rng.u32(1..=40));
        let trader = self.rng.u64(0..2_000);
        let mut lines: Vec<Line> = lines.into_iter().map(|(line, ..)| line).collect();
        if !import {
            // Exports name no origin tariff; VNACCS wants none.
            lines.iter_mut().for_each(|line| line.tariff_table = String::new());
        }
        Declaration {
            sender,
            reference,
            direction: if import { "import" } else { "export" }.to_owned(),
            kind: if import {
                ["A11", "A12", "A11", "E31", "A11"][self.rng.usize(0..5)]
            } else {
                ["B11", "B11", "E62", "B11", "B13"][self.rng.usize(0..5)]
            }
            .to_owned(),
            transport_mode: if office.land { "4" } else { "9" }.to_owned(),
            person_class: "4".to_owned(),
            office: office.code.to_owned(),
            team: "00".to_owned(),
            trader: Some(Trader {
                code: format!("33{trader:08}"),
                name: format!("Công ty {trader}"),
                address: "Quảng Trị".to_owned(),
                country: "VN".to_owned(),
            }),
            counterparty: Some(Trader {
                code: String::new(),
                name: format!("LAO TRADING {}", trader % 97),
                address: "SAVANNAKHET".to_owned(),
                country: "LA".to_owned(),
            }),
            declarant: format!("D{:04}", self.rng.u32(0..150)),
            bills: vec![format!("LAOBL{}{:06}", self.run.to_uppercase().replace('-', ""), self.next)],
            packages: self.rng.u32(1..=400).to_string(),
            package_unit: "BX".to_owned(),
            gross_mass: thousandths(mass.max(1000) + 500),
            mass_unit: "KGM".to_owned(),
            warehouse: format!("{}OZZ", office.code),
            vehicle: if office.land { self.plate() } else { String::new() },
            vehicle_country: if office.land { "LAO".to_owned() } else { String::new() },
            arrival_date: today.clone(),
            unloading_place: if import { "VNZZZ" } else { "LAZZZ" }.to_owned(),
            unloading_name: office.code.to_owned(),
            loading_place: if import { "LAZZZ" } else { "VNZZZ" }.to_owned(),
            loading_name: "SAVANNAKHET".to_owned(),
            invoice: Some(Invoice {
                class: "A".to_owned(),
                number: format!("INV{:07}", self.next),
                date: today,
                payment_term: "TTR".to_owned(),
                price_kind: "A".to_owned(),
                delivery_term: if import { "DAP" } else { "FOB" }.to_owned(),
                currency: "USD".to_owned(),
                total: cents(value),
                ..Invoice::default()
            }),
            tax_payer: "1".to_owned(),
            tax_deadline: "D".to_owned(),
            lines,
            ..Declaration::default()
        }
    }

    fn plate(&mut self) -> String {
        const LETTERS: [&str; 6] = ["ບກ", "ກຂ", "UN", "KH", "BK", "LT"];
        format!("{} {:04}", LETTERS[self.rng.usize(0..LETTERS.len())], self.rng.u32(1..=9999))
    }
}

/// VND at a fixed demonstration rate of 26,000 for a USD.
fn duty(value_cents: u64, rate: u64) -> u64 {
    value_cents * 260 * rate / 10_000
}

fn cents(n: u64) -> String {
    format!("{}.{:02}", n / 100, n % 100)
}

fn thousandths(n: u64) -> String {
    format!("{}.{:03}", n / 1000, n % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_declarations() {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let (mut a, mut b) = (Mix::new(7, "r", day), Mix::new(7, "r", day));
        assert!((0..200).all(|_| a.sample().declaration == b.sample().declaration));
    }

    #[test]
    fn one_office_has_over_a_third() {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let mut mix = Mix::new(1, "r", day);
        let busiest = (0..3000).filter(|_| mix.sample().declaration.office == "32BC").count();
        assert!((1000..1300).contains(&busiest), "{busiest}");
    }
}
