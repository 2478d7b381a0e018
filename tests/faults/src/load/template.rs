//! Declarations as a single window would write them: one shape, in JSON, with what varies drawn from a seed.
use fastrand::Rng;
use serde_json::{Value, json};

use super::{Channel, Demand};
use crate::clock;

/// One declaration to be lodged.
#[derive(Debug, Clone)]
pub struct Lodging {
    pub channel: Channel,
    pub parcel: bool,
    pub office: String,
    pub sender: &'static str,
    pub reference: String,
    pub packages: u32,
    pub grams: u64,
    pub cents: u64,
    pub commodity: &'static str,
    /// Amended once when its number is known.
    pub amended: bool,
    pub json: Value,
}

/// Draws declarations.
pub struct Mix {
    rng: Rng,
    run: String,
    day: String,
    next: u64,
    demand: Demand,
}

const GOODS: [&str; 4] = ["07141011", "08039090", "44079990", "27011290"];

impl Mix {
    pub fn new(run: &str, demand: &Demand) -> Self {
        Self { rng: Rng::with_seed(demand.seed), run: run.to_owned(), day: clock::today().to_string(), next: 0, demand: demand.clone() }
    }

    pub fn next(&mut self) -> Lodging {
        self.next += 1;
        let office = self.office();
        let channel = if self.rng.u32(0..1000) < self.demand.grpc { Channel::Call } else { Channel::Topic };
        let parcel = self.rng.u32(0..1000) < self.demand.parcels;
        let amended = channel == Channel::Call && self.rng.u32(0..1000) < self.demand.amended;
        let (packages, grams, cents) = (self.rng.u32(1..400), self.rng.u64(2_000..9_000_000), self.rng.u64(1_000..5_000_000));
        let commodity = GOODS[self.rng.usize(0..GOODS.len())];
        let reference = format!("{}-{:08}", self.run, self.next);
        let mut lodging =
            Lodging { channel, parcel, office, sender: "LAB", reference, packages, grams, cents, commodity, amended, json: Value::Null };
        lodging.json = declaration(&lodging, &self.day, self.rng.u32(0..9000), self.rng.u32(0..900));
        lodging
    }

    fn office(&mut self) -> String {
        let total: u32 = self.demand.offices.iter().map(|(_, w)| w).sum();
        let mut drawn = self.rng.u32(0..total.max(1));
        for (office, weight) in &self.demand.offices {
            if drawn < *weight {
                return office.clone();
            }
            drawn -= weight;
        }
        String::new()
    }
}

/// An import by road of one line.
fn declaration(l: &Lodging, day: &str, plate: u32, trader: u32) -> Value {
    let value = format!("{}.{:02}", l.cents / 100, l.cents % 100);
    let mass = format!("{}.{:03}", l.grams / 1000, l.grams % 1000);
    json!({
        "sender": l.sender, "reference": l.reference, "direction": "import", "kind": "A11", "transportMode": "4", "personClass": "4",
        "office": l.office, "team": "00",
        "trader": {"code": format!("33{trader:08}"), "name": format!("Công ty {trader}"), "address": "Quảng Trị", "country": "VN"},
        "counterparty": {"name": "LAO TRADING", "address": "SAVANNAKHET", "country": "LA"},
        "declarant": format!("D{:04}", trader % 97), "bills": [format!("LAOBL{:07}", l.packages)], "packages": l.packages.to_string(), "packageUnit": "BX",
        "grossMass": mass, "massUnit": "KGM", "warehouse": format!("{}OZZ", l.office), "vehicle": format!("BK {plate:04}"), "vehicleCountry": "LAO",
        "arrivalDate": day, "unloadingPlace": "VNZZZ", "unloadingName": l.office, "loadingPlace": "LAZZZ", "loadingName": "SAVANNAKHET",
        "invoice": {"class": "A", "number": "INV7", "date": day, "paymentTerm": "TTR", "priceKind": "A", "deliveryTerm": "DAP", "currency": "USD", "total": value},
        "taxPayer": "1", "taxDeadline": "D",
        "lines": [{"commodityCode": l.commodity, "description": "Hàng hoá", "origin": "LA", "tariffTable": "B01", "quantity": "1000", "quantityUnit": "KGM",
                   "value": value, "duty": "0", "netMass": mass}]
    })
}
