//! The input values of a decision, as they were when it was taken.
use serde::{Deserialize, Serialize};
use values::{Direction, Lane};

/// What is known of one version of a declaration. Amounts are integers at the scales named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub direction: Direction,
    pub kind: String,
    pub office: String,
    pub transport_mode: String,
    pub trader: String,
    pub declarant: String,
    pub counterparty_country: String,
    pub plate: String,
    pub plate_country: String,
    pub tax_deadline: String,
    pub currency: String,
    /// 10^-4 of the currency.
    pub value: i64,
    pub duty_vnd: i64,
    /// Grams.
    pub gross_mass_g: i64,
    pub packages: i64,
    pub lines: Vec<LineFacts>,
    pub history: History,
}

/// One goods line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFacts {
    pub line: u32,
    pub commodity: String,
    pub origin: String,
    pub tariff_table: String,
    /// 10^-2 of the unit.
    pub quantity: i64,
    /// 10^-4 of the currency.
    pub value: i64,
    /// Grams.
    pub net_mass_g: i64,
    /// 10^-4 of a percent.
    pub duty_rate: i64,
    pub duty_vnd: i64,
}

impl LineFacts {
    /// 10^-4 of the currency per kilogram, rounded down; absent at mass 0.
    pub fn value_per_kg(&self) -> Option<i64> {
        let scaled = i128::from(self.value) * 1000;
        (self.net_mass_g > 0).then(|| i64::try_from(scaled / i128::from(self.net_mass_g)).unwrap_or(i64::MAX))
    }
}

/// Counts as of the previous day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub trader_30d: i64,
    pub trader_90d: i64,
    pub trader_365d: i64,
    pub trader_nonconform_365d: i64,
    pub declarant_90d: i64,
    pub declarant_nonconform_365d: i64,
    /// How often the vehicle was held at a gate.
    pub vehicle_held_90d: i64,
    /// Lane of the version before, for an amendment: it never becomes milder by chance.
    pub earlier_lane: Option<Lane>,
}
