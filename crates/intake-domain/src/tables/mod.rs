//! Dated code tables: which code of which list is valid on which day.
use std::collections::BTreeMap;

use serde::Deserialize;
use values::{Day, Direction, OfficeCode};

#[cfg(test)]
mod tests;

/// The tables that travel with this crate.
const STANDARD: &str = include_str!("standard.toml");

/// Offices, code lists and limits, each with the days on which it holds.
#[derive(Debug, Clone)]
pub struct Tables {
    lists: BTreeMap<String, BTreeMap<String, Vec<Validity>>>,
    offices: BTreeMap<String, Office>,
    limits: Limits,
}

/// A customs office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// Its code, e.g. `32BB`.
    pub code: OfficeCode,
    /// Its name, e.g. Lao Bao.
    pub name: String,
    /// The border gate that it works at, if any.
    pub gate: Option<String>,
    /// The days on which declarations may name it.
    pub validity: Validity,
}

/// Days from and until which a row holds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub from: Day,
    /// Last day; none while in force.
    pub until: Option<Day>,
}

/// How often what may repeat in a declaration does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each limit is named after the list of the draft that it bounds")]
pub struct Limits {
    pub lines: usize,
    pub bills: usize,
    pub other_laws: usize,
    pub permits: usize,
    pub adjustments: usize,
    pub attachments: usize,
    pub stops: usize,
    pub containers: usize,
    pub other_taxes: usize,
    /// Kinds of other taxes in the whole declaration.
    pub tax_kinds: usize,
}

/// Why tables cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The text is not TOML of the expected shape.
    #[error("code tables cannot be read: {0}")]
    Unreadable(#[from] Box<toml::de::Error>),
    /// A day is not written YYYY-MM-DD.
    #[error("code tables: {0:?} is not a day YYYY-MM-DD")]
    NotADay(String),
    /// An office code has the wrong form.
    #[error("code tables: {0:?} is not an office code")]
    NotAnOffice(String),
    /// A list that rules use is missing.
    #[error("code tables: the list {0:?} is missing")]
    Missing(&'static str),
}

/// Lists that rules use; tables without them are refused at load.
const NEEDED: [&str; 29] = [
    "procedure_import",
    "procedure_export",
    "temporary_number_import",
    "temporary_number_export",
    "return_deadline_import",
    "return_deadline_export",
    "warehousing",
    "bonded_transport_import",
    "bonded_transport_export",
    "cargo_class",
    "transport_mode",
    "person_class",
    "mass_unit",
    "invoice_class",
    "price_kind",
    "payment_term",
    "delivery_term",
    "freight_class",
    "insurance_class",
    "valuation_class",
    "valuation_title",
    "adjustment_code",
    "tax_payer",
    "tax_deadline",
    "release_reason",
    "tariff_table",
    "attachment_class",
    "deferment",
    "deferment_class",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    limits: Limits,
    codes: Vec<CodesRow>,
    #[serde(default)]
    office: Vec<OfficeRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodesRow {
    list: String,
    from: String,
    until: Option<String>,
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeRow {
    code: String,
    name: String,
    gate: Option<String>,
    from: String,
    until: Option<String>,
}

impl Tables {
    /// The tables of this crate.
    ///
    /// # Errors
    /// Never with the text shipped; the type says so to keep one path for all tables.
    pub fn standard() -> Result<Self, TablesError> {
        Self::load(STANDARD)
    }

    /// Reads tables of the shape of `standard.toml`.
    ///
    /// # Errors
    /// [`TablesError`] when the text is not of that shape or lacks a list.
    pub fn load(text: &str) -> Result<Self, TablesError> {
        let file: File = toml::from_str(text).map_err(Box::new)?;
        let mut lists: BTreeMap<String, BTreeMap<String, Vec<Validity>>> = BTreeMap::new();
        for row in file.codes {
            let validity = Validity::parse(&row.from, row.until.as_deref())?;
            let list = lists.entry(row.list).or_default();
            for member in row.members {
                list.entry(member).or_default().push(validity);
            }
        }
        if let Some(missing) = NEEDED.into_iter().find(|name| !lists.contains_key(*name)) {
            return Err(TablesError::Missing(missing));
        }
        let mut tables = Self { lists, offices: BTreeMap::new(), limits: file.limits };
        for row in file.office {
            let validity = Validity::parse(&row.from, row.until.as_deref())?;
            let code = OfficeCode::parse(&row.code).map_err(|_| TablesError::NotAnOffice(row.code))?;
            tables.add_office(Office { code, name: row.name, gate: row.gate, validity });
        }
        Ok(tables)
    }

    /// Adds an office, or replaces the one of the same code.
    pub fn add_office(&mut self, office: Office) {
        self.offices.insert(office.code.as_str().to_owned(), office);
    }

    /// The same tables with a few more offices, valid on any day: what settings list beside the file.
    #[must_use]
    pub fn with_offices(mut self, more: impl IntoIterator<Item = (OfficeCode, String, Option<String>)>) -> Self {
        for (code, name, gate) in more {
            self.add_office(Office { code, name, gate, validity: Validity { from: Day::MIN, until: None } });
        }
        self
    }

    /// The office of a code, on any day.
    pub fn office(&self, code: &str) -> Option<&Office> {
        self.offices.get(code)
    }

    /// All offices by code.
    pub fn offices(&self) -> impl Iterator<Item = &Office> {
        self.offices.values()
    }

    /// Whether declarations lodged on `day` may name this office.
    pub fn office_is_open(&self, code: &str, day: Day) -> bool {
        self.office(code).is_some_and(|office| office.validity.holds(day))
    }

    /// Whether a list holds a code on a day.
    pub fn holds(&self, list: &str, code: &str, day: Day) -> bool {
        self.lists.get(list).and_then(|codes| codes.get(code)).is_some_and(|rows| rows.iter().any(|row| row.holds(day)))
    }

    /// The direction of a procedure code, when exactly one has it on this day.
    pub fn direction_of(&self, kind: &str, day: Day) -> Option<Direction> {
        match (self.holds("procedure_import", kind, day), self.holds("procedure_export", kind, day)) {
            (true, false) => Some(Direction::Import),
            (false, true) => Some(Direction::Export),
            _ => None,
        }
    }

    /// How often what may repeat does.
    pub const fn limits(&self) -> Limits {
        self.limits
    }
}

impl Validity {
    fn parse(from: &str, until: Option<&str>) -> Result<Self, TablesError> {
        let day = |text: &str| crate::read::day(text).ok_or_else(|| TablesError::NotADay(text.to_owned()));
        Ok(Self { from: day(from)?, until: until.map(day).transpose()? })
    }

    /// Whether the row holds on a day.
    pub fn holds(self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}
