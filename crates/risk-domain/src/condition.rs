//! Conditions over facts, compiled to typed predicates when a profile set is loaded.
use crate::facts::{Facts, LineFacts};

/// A fact that is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFact {
    Kind,
    TransportMode,
    Trader,
    Declarant,
    CounterpartyCountry,
    PlateCountry,
    Plate,
    TaxDeadline,
    Currency,
    Commodity,
    Origin,
    TariffTable,
}

/// A fact that is an integer; scales as in [`Facts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFact {
    Value,
    DutyVnd,
    GrossMassG,
    Packages,
    Lines,
    Trader30d,
    Trader90d,
    Trader365d,
    TraderNonconform365d,
    Declarant90d,
    DeclarantNonconform365d,
    VehicleHeld90d,
    LineValue,
    Quantity,
    NetMassG,
    ValuePerKg,
    DutyRate,
    LineDutyVnd,
}

/// Every name that a condition may use.
pub const TEXT_FACTS: [(&str, TextFact); 12] = [
    ("kind", TextFact::Kind),
    ("transport_mode", TextFact::TransportMode),
    ("trader", TextFact::Trader),
    ("declarant", TextFact::Declarant),
    ("counterparty_country", TextFact::CounterpartyCountry),
    ("plate_country", TextFact::PlateCountry),
    ("plate", TextFact::Plate),
    ("tax_deadline", TextFact::TaxDeadline),
    ("currency", TextFact::Currency),
    ("commodity", TextFact::Commodity),
    ("origin", TextFact::Origin),
    ("tariff_table", TextFact::TariffTable),
];

/// Every name that a condition may use.
pub const NUMBER_FACTS: [(&str, NumberFact); 18] = [
    ("value", NumberFact::Value),
    ("duty_vnd", NumberFact::DutyVnd),
    ("gross_mass_g", NumberFact::GrossMassG),
    ("packages", NumberFact::Packages),
    ("lines", NumberFact::Lines),
    ("trader_30d", NumberFact::Trader30d),
    ("trader_90d", NumberFact::Trader90d),
    ("trader_365d", NumberFact::Trader365d),
    ("trader_nonconform_365d", NumberFact::TraderNonconform365d),
    ("declarant_90d", NumberFact::Declarant90d),
    ("declarant_nonconform_365d", NumberFact::DeclarantNonconform365d),
    ("vehicle_held_90d", NumberFact::VehicleHeld90d),
    ("line_value", NumberFact::LineValue),
    ("quantity", NumberFact::Quantity),
    ("net_mass_g", NumberFact::NetMassG),
    ("value_per_kg", NumberFact::ValuePerKg),
    ("duty_rate", NumberFact::DutyRate),
    ("line_duty_vnd", NumberFact::LineDutyVnd),
];

/// A test of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextTest {
    In(Vec<String>),
    NotIn(Vec<String>),
    Prefix(Vec<String>),
    Absent,
    Present,
}

/// A test of a number; a fact that is absent passes only `Absent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberTest {
    Lt(i64),
    Le(i64),
    Gt(i64),
    Ge(i64),
    Eq(i64),
    Ne(i64),
    Absent,
    Present,
}

/// One clause of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    Text(TextFact, TextTest),
    Number(NumberFact, NumberTest),
}

impl Predicate {
    /// Looks at lines rather than at the declaration as a whole.
    pub fn of_line(&self) -> bool {
        match self {
            Self::Text(fact, _) => matches!(fact, TextFact::Commodity | TextFact::Origin | TextFact::TariffTable),
            Self::Number(fact, _) => matches!(
                fact,
                NumberFact::LineValue
                    | NumberFact::Quantity
                    | NumberFact::NetMassG
                    | NumberFact::ValuePerKg
                    | NumberFact::DutyRate
                    | NumberFact::LineDutyVnd
            ),
        }
    }

    /// Holds for the declaration, or for the line when it looks at lines.
    pub fn holds(&self, facts: &Facts, line: Option<&LineFacts>) -> bool {
        match self {
            Self::Text(fact, test) => test.holds(fact.of(facts, line)),
            Self::Number(fact, test) => test.holds(fact.of(facts, line)),
        }
    }
}

impl TextFact {
    fn of<'f>(self, facts: &'f Facts, line: Option<&'f LineFacts>) -> &'f str {
        match self {
            Self::Kind => &facts.kind,
            Self::TransportMode => &facts.transport_mode,
            Self::Trader => &facts.trader,
            Self::Declarant => &facts.declarant,
            Self::CounterpartyCountry => &facts.counterparty_country,
            Self::PlateCountry => &facts.plate_country,
            Self::Plate => &facts.plate,
            Self::TaxDeadline => &facts.tax_deadline,
            Self::Currency => &facts.currency,
            Self::Commodity => line.map_or("", |l| &l.commodity),
            Self::Origin => line.map_or("", |l| &l.origin),
            Self::TariffTable => line.map_or("", |l| &l.tariff_table),
        }
    }
}

impl NumberFact {
    fn of(self, facts: &Facts, line: Option<&LineFacts>) -> Option<i64> {
        let history = &facts.history;
        match self {
            Self::Value => Some(facts.value),
            Self::DutyVnd => Some(facts.duty_vnd),
            Self::GrossMassG => Some(facts.gross_mass_g),
            Self::Packages => Some(facts.packages),
            Self::Lines => i64::try_from(facts.lines.len()).ok(),
            Self::Trader30d => Some(history.trader.seen_30d),
            Self::Trader90d => Some(history.trader.seen_90d),
            Self::Trader365d => Some(history.trader.seen_365d),
            Self::TraderNonconform365d => Some(history.trader.found_365d),
            Self::Declarant90d => Some(history.declarant.seen_90d),
            Self::DeclarantNonconform365d => Some(history.declarant.found_365d),
            Self::VehicleHeld90d => Some(history.vehicle.found_90d),
            Self::LineValue => line.map(|l| l.value),
            Self::Quantity => line.map(|l| l.quantity),
            Self::NetMassG => line.map(|l| l.net_mass_g),
            Self::ValuePerKg => line.and_then(LineFacts::value_per_kg),
            Self::DutyRate => line.map(|l| l.duty_rate),
            Self::LineDutyVnd => line.map(|l| l.duty_vnd),
        }
    }
}

impl TextTest {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(list) => list.iter().any(|t| t == text),
            Self::NotIn(list) => list.iter().all(|t| t != text),
            Self::Prefix(list) => list.iter().any(|t| text.starts_with(t.as_str())),
            Self::Absent => text.is_empty(),
            Self::Present => !text.is_empty(),
        }
    }
}

impl NumberTest {
    fn holds(&self, number: Option<i64>) -> bool {
        match (self, number) {
            (Self::Absent, n) => n.is_none(),
            (Self::Present, n) => n.is_some(),
            (_, None) => false,
            (Self::Lt(v), Some(n)) => n < *v,
            (Self::Le(v), Some(n)) => n <= *v,
            (Self::Gt(v), Some(n)) => n > *v,
            (Self::Ge(v), Some(n)) => n >= *v,
            (Self::Eq(v), Some(n)) => n == *v,
            (Self::Ne(v), Some(n)) => n != *v,
        }
    }
}
