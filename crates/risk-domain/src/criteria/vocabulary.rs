//! Every name that a criterion may use, with its type, its unit and how it is read from the facts.
use crate::facts::{Facts, LineFacts};

/// How a fact is read; the variant is its type and where it stands.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    Text(fn(&Facts) -> &str),
    Number(fn(&Facts) -> i64),
    LineText(fn(&LineFacts) -> &str),
    /// `None`: absent.
    LineNumber(fn(&LineFacts) -> Option<i64>),
}

/// One name of the vocabulary.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub name: &'static str,
    /// '' for texts and plain counts.
    pub unit: &'static str,
    pub meaning: &'static str,
    pub read: Read,
}

impl Name {
    /// `text` or `int`.
    pub const fn kind(&self) -> &'static str {
        match self.read {
            Read::Text(_) | Read::LineText(_) => "text",
            Read::Number(_) | Read::LineNumber(_) => "int",
        }
    }
}

const fn text(name: &'static str, meaning: &'static str, read: fn(&Facts) -> &str) -> Name {
    Name { name, unit: "", meaning, read: Read::Text(read) }
}

const fn number(name: &'static str, unit: &'static str, meaning: &'static str, read: fn(&Facts) -> i64) -> Name {
    Name { name, unit, meaning, read: Read::Number(read) }
}

const fn line_text(name: &'static str, meaning: &'static str, read: fn(&LineFacts) -> &str) -> Name {
    Name { name, unit: "", meaning, read: Read::LineText(read) }
}

const fn line_number(name: &'static str, unit: &'static str, meaning: &'static str, read: fn(&LineFacts) -> Option<i64>) -> Name {
    Name { name, unit, meaning, read: Read::LineNumber(read) }
}

/// Names of the declaration as a whole.
pub static DECLARATION: [Name; 48] = [
    text("direction", "`import` or `export`", |f| f.direction.as_str()),
    text("class", "`cargo` or `parcels`", |f| &f.class),
    text("kind", "procedure code, e.g. `A11`", |f| &f.kind),
    text("office", "customs office of the declaration", |f| &f.office),
    text("team", "team within the office", |f| &f.team),
    text("sender", "who sent the declaration", |f| &f.sender),
    text("trader", "tax code of the importer or exporter", |f| &f.trader),
    text("declarant", "code of the declarant or broker", |f| &f.declarant),
    text("counterparty", "name of the firm that consigns or receives", |f| &f.counterparty),
    text("counterparty_country", "country of that firm, ISO 3166-1 alpha-2", |f| &f.counterparty_country),
    text("transport_mode", "mode of transport, e.g. `4` for road", |f| &f.transport_mode),
    text("plate", "plate of the vehicle", |f| &f.plate),
    text("plate_country", "country of the plate", |f| &f.plate_country),
    text("loading_place", "place of loading, UN/LOCODE", |f| &f.loading_place),
    text("unloading_place", "place of unloading, UN/LOCODE", |f| &f.unloading_place),
    text("tax_deadline", "code of the time limit for payment", |f| &f.tax_deadline),
    text("split_first", "number of the first declaration of a split set", |f| &f.split_first),
    text("currency", "currency of all values, ISO 4217", |f| &f.currency),
    text("earlier_lane", "lane of the version before: `green`, `yellow` or `red`", |f| f.history.earlier_lane.map_or("", values::Lane::as_str)),
    number("value", "10^-4 of the currency", "value of the goods", |f| f.value),
    number("duty_vnd", "VND", "duties and taxes", |f| f.duty_vnd),
    number("gross_mass_g", "g", "gross mass", |f| f.gross_mass_g),
    number("packages", "", "packages", |f| f.packages),
    number("compliance", "1 to 5", "compliance level of the trader: 1 complies, 5 does not; 0 not assessed", |f| f.history.compliance),
    number("trader_seen_30d", "", "declarations of the trader in 30 days", |f| f.history.trader.seen_30d),
    number("trader_seen_90d", "", "declarations of the trader in 90 days", |f| f.history.trader.seen_90d),
    number("trader_seen_365d", "", "declarations of the trader in 365 days", |f| f.history.trader.seen_365d),
    number("trader_found_30d", "", "checks of the trader that did not conform in 30 days", |f| f.history.trader.found_30d),
    number("trader_found_90d", "", "checks of the trader that did not conform in 90 days", |f| f.history.trader.found_90d),
    number("trader_found_365d", "", "checks of the trader that did not conform in 365 days", |f| f.history.trader.found_365d),
    number("declarant_seen_30d", "", "declarations of the declarant in 30 days", |f| f.history.declarant.seen_30d),
    number("declarant_seen_90d", "", "declarations of the declarant in 90 days", |f| f.history.declarant.seen_90d),
    number("declarant_seen_365d", "", "declarations of the declarant in 365 days", |f| f.history.declarant.seen_365d),
    number("declarant_found_30d", "", "checks of the declarant that did not conform in 30 days", |f| f.history.declarant.found_30d),
    number("declarant_found_90d", "", "checks of the declarant that did not conform in 90 days", |f| f.history.declarant.found_90d),
    number("declarant_found_365d", "", "checks of the declarant that did not conform in 365 days", |f| f.history.declarant.found_365d),
    number("vehicle_seen_30d", "", "declarations that named the vehicle in 30 days", |f| f.history.vehicle.seen_30d),
    number("vehicle_seen_90d", "", "declarations that named the vehicle in 90 days", |f| f.history.vehicle.seen_90d),
    number("vehicle_seen_365d", "", "declarations that named the vehicle in 365 days", |f| f.history.vehicle.seen_365d),
    number("vehicle_found_30d", "", "times the vehicle was held at a gate in 30 days", |f| f.history.vehicle.found_30d),
    number("vehicle_found_90d", "", "times the vehicle was held at a gate in 90 days", |f| f.history.vehicle.found_90d),
    number("vehicle_found_365d", "", "times the vehicle was held at a gate in 365 days", |f| f.history.vehicle.found_365d),
    number("seal_seen_30d", "", "readings of the vehicle's seals in 30 days", |f| f.history.seal.seen_30d),
    number("seal_seen_90d", "", "readings of the vehicle's seals in 90 days", |f| f.history.seal.seen_90d),
    number("seal_seen_365d", "", "readings of the vehicle's seals in 365 days", |f| f.history.seal.seen_365d),
    number("seal_found_30d", "", "seals broken or different in 30 days", |f| f.history.seal.found_30d),
    number("seal_found_90d", "", "seals broken or different in 90 days", |f| f.history.seal.found_90d),
    number("seal_found_365d", "", "seals broken or different in 365 days", |f| f.history.seal.found_365d),
];

/// Names of one goods line, written `l.<name>` inside `lines.exists(l, ...)` and `lines.all(l, ...)`.
pub static LINE: [Name; 12] = [
    line_number("line", "", "number of the line, from 1", |l| Some(i64::from(l.line))),
    line_text("commodity", "commodity code (HS), 8 to 12 digits", |l| &l.commodity),
    line_text("description", "description of the goods as declared", |l| &l.description),
    line_text("origin", "country of origin, ISO 3166-1 alpha-2", |l| &l.origin),
    line_text("tariff_table", "tariff table, e.g. `B01`", |l| &l.tariff_table),
    line_text("quantity_unit", "unit of the quantity", |l| &l.quantity_unit),
    line_number("quantity", "10^-2 of the unit", "quantity", |l| Some(l.quantity)),
    line_number("value", "10^-4 of the currency", "value of the line", |l| Some(l.value)),
    line_number("net_mass_g", "g", "net mass", |l| Some(l.net_mass_g)),
    line_number("duty_rate", "10^-4 of a percent", "rate of duty", |l| Some(l.duty_rate)),
    line_number("duty_vnd", "VND", "duty on the line", |l| Some(l.duty_vnd)),
    line_number("value_per_kg", "10^-4 of the currency", "value per kilogram, rounded down; absent at mass 0", LineFacts::value_per_kg),
];

/// The list of all goods lines.
pub const LINES: &str = "lines";

/// The only name that can be absent, and that `has()` asks for.
pub const MAY_BE_ABSENT: &str = "value_per_kg";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_told_once_and_explained_in_the_documentation() {
        let page = include_str!("../../../../docs/criteria.md");
        for (names, dot) in [(DECLARATION.as_slice(), ""), (LINE.as_slice(), "l.")] {
            for (index, name) in names.iter().enumerate() {
                assert!(names[index + 1..].iter().all(|n| n.name != name.name), "{} is there twice", name.name);
                let row = format!("| `{dot}{}` | {} | {} | {} |", name.name, name.kind(), name.unit, name.meaning);
                assert!(page.contains(&row), "docs/criteria.md lacks the row {row}");
            }
        }
    }
}
