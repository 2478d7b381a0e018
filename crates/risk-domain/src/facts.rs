//! The input values of a decision, as they were when it was taken.
use serde::{Deserialize, Serialize};
use values::{Direction, Lane};

/// What is known of one version of a declaration. Amounts are integers at the scales named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub direction: Direction,
    /// cargo or parcels.
    pub class: String,
    pub kind: String,
    pub office: String,
    pub team: String,
    pub sender: String,
    /// Tax code of the importer or exporter.
    pub trader: String,
    /// Code of the declarant or broker.
    pub declarant: String,
    /// Name of the firm that consigns or receives.
    pub counterparty: String,
    pub counterparty_country: String,
    pub transport_mode: String,
    pub plate: String,
    pub plate_country: String,
    pub loading_place: String,
    pub unloading_place: String,
    pub tax_deadline: String,
    /// Number of the first declaration of a split set; '' otherwise.
    pub split_first: String,
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
    pub description: String,
    pub origin: String,
    pub tariff_table: String,
    /// 10^-2 of the unit.
    pub quantity: i64,
    pub quantity_unit: String,
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

/// What happened before, counted as of the previous day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Declarations of the importer or exporter; `found`: checks that did not conform. Left out of a trace where there were none, as the next three.
    #[serde(default, skip_serializing_if = "Past::is_blank")]
    pub trader: Past,
    /// The same of the declarant.
    #[serde(default, skip_serializing_if = "Past::is_blank")]
    pub declarant: Past,
    /// Declarations that named the vehicle; `found`: times it was held at a gate.
    #[serde(default, skip_serializing_if = "Past::is_blank")]
    pub vehicle: Past,
    /// Readings of the vehicle's seals; `found`: seals broken or different.
    #[serde(default, skip_serializing_if = "Past::is_blank")]
    pub seal: Past,
    /// 1 (complies) to 5 (does not), after Circular 81/2019/TT-BTC article 10.
    pub compliance: i64,
    /// Lane of the version before, for an amendment: it never becomes milder by chance.
    pub earlier_lane: Option<Lane>,
}

/// Counts over the last 30, 90 and 365 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pub seen_30d: i64,
    pub seen_90d: i64,
    pub seen_365d: i64,
    pub found_30d: i64,
    pub found_90d: i64,
    pub found_365d: i64,
}

impl Past {
    /// Nothing happened.
    fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}
