//! Real-shaped declarations: the Korea Customs Service's synthetic import data (github.com/Seondong/Customs-Declaration-Datasets, MIT).
//!
//! The data have one goods line a declaration and lack much that Viet Nam asks for. What is missing is filled by this rule: the id travels as
//! the sender's reference; office id n stands for the (n mod 9)th office of Region IX; the 6-digit HS code, padded to 6, becomes `HS6` + `00`; importer and declarant ids are
//! folded into codes of the right form; price is an amount in USD; kind A11, transport mode 4 when the data say 40 (land has none) else 9;
//! mass goes as gross and net mass as it is. Nothing is clamped: a row beyond a limit is refused with its code, and counted.
use std::path::Path;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use contracts::nsw::v1::{Declaration, Invoice, Line, Trader};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::mix::{Fate, OFFICES, Sample};

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "Declaration ID")]
    id: String,
    #[serde(rename = "Office ID")]
    office: String,
    #[serde(rename = "Declarant ID")]
    declarant: String,
    #[serde(rename = "Importer ID")]
    importer: String,
    #[serde(rename = "Seller ID")]
    seller: String,
    #[serde(rename = "HS6 Code")]
    hs6: String,
    #[serde(rename = "Country of Departure")]
    departure: String,
    #[serde(rename = "Country of Origin")]
    origin: String,
    #[serde(rename = "Tax Rate")]
    rate: String,
    #[serde(rename = "Net Mass")]
    mass: String,
    #[serde(rename = "Item Price")]
    price: String,
}

/// Reads a file; `run` keeps references of different runs apart.
pub fn read(file: &Path, run: &str, day: NaiveDate) -> Result<Vec<Sample>> {
    let mut reader = csv::Reader::from_path(file).with_context(|| format!("{}", file.display()))?;
    let mut samples = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.with_context(|| format!("{}: not a row of the data set", file.display()))?;
        let declaration = declaration(&row, run, day);
        samples.push(Sample { declaration, fate: Fate::Plain, parcel: false, protobuf: false, gate: "" });
    }
    Ok(samples)
}

/// The data's offices are Korean; the number picks one of ours.
fn office(row: &Row) -> String {
    let number: usize = row.office.parse().unwrap_or(0);
    OFFICES[number % OFFICES.len()].code.to_owned()
}

fn declaration(row: &Row, run: &str, day: NaiveDate) -> Declaration {
    let today = day.to_string();
    let (price, mass) = (amount(&row.price, 4), amount(&row.mass, 3));
    let line = Line {
        commodity_code: format!("{:0>6}00", row.hs6),
        description: format!("HS {:0>6}", row.hs6),
        origin: row.origin.clone(),
        tariff_table: "B01".to_owned(),
        quantity: "1".to_owned(),
        quantity_unit: "PCE".to_owned(),
        value: price.clone(),
        duty_rate: amount(&row.rate, 4),
        duty: "0".to_owned(),
        net_mass: mass.clone(),
        ..Line::default()
    };
    Declaration {
        sender: "KCS".to_owned(),
        reference: format!("{run}-{}", row.id),
        direction: "import".to_owned(),
        kind: "A11".to_owned(),
        transport_mode: "9".to_owned(),
        person_class: "4".to_owned(),
        office: office(row),
        team: "00".to_owned(),
        trader: Some(Trader { code: digits(&row.importer), name: row.importer.clone(), address: "KR".to_owned(), country: "VN".to_owned() }),
        counterparty: Some(Trader {
            code: String::new(),
            name: if row.seller.is_empty() { "UNKNOWN".to_owned() } else { row.seller.clone() },
            address: row.departure.clone(),
            country: row.departure.clone(),
        }),
        declarant: row.declarant.chars().take(5).collect(),
        bills: vec![format!("KCS{}{}", run, row.id)],
        packages: "1".to_owned(),
        package_unit: "BX".to_owned(),
        gross_mass: mass,
        mass_unit: "KGM".to_owned(),
        warehouse: "KRWHOUS".to_owned(),
        arrival_date: today.clone(),
        unloading_place: "VNZZZ".to_owned(),
        unloading_name: "KCS".to_owned(),
        loading_place: format!("{}ZZZ", row.departure),
        loading_name: "KCS".to_owned(),
        invoice: Some(Invoice {
            class: "A".to_owned(),
            number: row.id.clone(),
            date: today,
            payment_term: "TTR".to_owned(),
            price_kind: "A".to_owned(),
            delivery_term: "DAP".to_owned(),
            currency: "USD".to_owned(),
            total: price,
            ..Invoice::default()
        }),
        tax_payer: "1".to_owned(),
        tax_deadline: "D".to_owned(),
        lines: vec![line],
        ..Declaration::default()
    }
}

/// The data's decimals carry float noise; digits beyond the field's scale are cut, never rounded up.
fn amount(text: &str, scale: usize) -> String {
    match text.split_once('.') {
        Some((whole, fraction)) => {
            let kept: String = fraction.chars().take(scale).collect();
            let kept = kept.trim_end_matches('0');
            if kept.is_empty() { whole.to_owned() } else { format!("{whole}.{kept}") }
        }
        None => text.to_owned(),
    }
}

/// Ten digits that stand for an id.
fn digits(id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let number = u64::from_be_bytes(std::array::from_fn(|i| digest[i]));
    format!("{:010}", number % 10_000_000_000)
}
