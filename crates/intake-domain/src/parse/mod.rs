//! From a draft to a declaration, or to every fault in it.
use std::fmt::{self, Display};

use values::{
    CommodityCode, CountryCode, CurrencyCode, Day, Decimal, DeclarationNumber, Direction, Grams, KindCode, Malformed, OfficeCode, Plate,
    PlateCountry, TaxCode, Vnd,
};

use crate::declaration::{Declaration, GoodsLine, SplitPart, TraderCode};
use crate::draft::{Draft, Invoice, Line, Trader};
use crate::fault::Fault;
use crate::read;
use crate::rules::{self, View};
use crate::tables::Tables;

mod bounded;
#[cfg(test)]
mod tests;

/// Parses a draft lodged on `today`.
///
/// # Errors
/// Every fault, in the order of the catalogue: all rules run, none hides another.
pub fn parse(draft: &Draft, tables: &Tables, today: Day) -> Result<Declaration, Vec<Fault>> {
    // A draft without a direction is judged by that of its kind, so that its other faults are found too.
    let direction = Direction::parse(&draft.direction).ok().or_else(|| tables.direction_of(&draft.kind, today)).unwrap_or(Direction::Import);
    let mut faults = Vec::new();
    // Relations compare members of lists with each other, so what is beyond a limit is counted, told, and looked at no further.
    let bounded = bounded::within_limits(draft, tables.limits());
    let view = View { draft: &bounded, tables, today, direction };
    for rule in rules::of(direction) {
        let whole = View { draft, ..view };
        rule.find(if rule.is_about_counts() { &whole } else { &view }, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    declaration(draft, direction).map_err(|unread| vec![unread])
}

/// A text that the rules let through and its type does not take; kept apart so that a gap in the rules refuses instead of panicking.
/// Its place is written out only then.
fn unread(pointer: impl Display) -> impl FnOnce(Malformed) -> Fault {
    move |_| Fault { code: "CG099", pointer: pointer.to_string(), text_vi: "Mục này không đọc được.", text_en: "An item cannot be read." }
}

const GAP: Malformed = Malformed { expected: "a value" };

fn declaration(draft: &Draft, direction: Direction) -> Result<Declaration, Fault> {
    let by_road = draft.transport_mode == "4";
    let (no_invoice, nobody) = <(Invoice, Trader)>::default();
    let invoice = draft.invoice.as_ref().unwrap_or(&no_invoice);
    let counterparty = draft.counterparty.as_ref().unwrap_or(&nobody);
    let currency = filled(&invoice.currency, CurrencyCode::parse).map_err(unread("/invoice/currency"))?;
    let lines = draft.lines.iter().enumerate().map(|(i, line)| goods_line(i, line, &invoice.currency)).collect::<Result<Vec<_>, _>>()?;
    let duty = lines.iter().try_fold(Vnd::ZERO, |sum, line| sum.checked_add(line.duty)).ok_or(GAP).map_err(unread("/lines"))?;
    Ok(Declaration {
        sender: draft.sender.clone(),
        reference: draft.reference.clone(),
        number: filled(&draft.number, DeclarationNumber::parse).map_err(unread("/number"))?,
        direction,
        kind: KindCode::parse(&draft.kind).map_err(unread("/kind"))?,
        office: OfficeCode::parse(&draft.office).map_err(unread("/office"))?,
        team: draft.team.clone(),
        trader: trader(draft).map_err(unread("/trader/code"))?,
        declarant: draft.declarant.clone(),
        counterparty: counterparty.name.clone(),
        counterparty_country: filled(&counterparty.country, CountryCode::parse).map_err(unread("/counterparty/country"))?,
        transport_mode: draft.transport_mode.clone(),
        plate: if by_road { filled(&draft.vehicle, Plate::parse).map_err(unread("/vehicle"))? } else { None },
        plate_country: if by_road { filled(&draft.vehicle_country, PlateCountry::parse).map_err(unread("/vehicleCountry"))? } else { None },
        gross_mass: mass(&draft.gross_mass, &draft.mass_unit).map_err(unread("/grossMass"))?,
        packages: draft.packages.parse().map_err(|_| GAP).map_err(unread("/packages"))?,
        currency,
        value: decimal(&invoice.total).map_err(unread("/invoice/total"))?,
        duty,
        tax_deadline: draft.tax_deadline.clone(),
        arrival: read::day(&draft.arrival_date).ok_or(GAP).map_err(unread("/arrivalDate"))?,
        loading_place: draft.loading_place.clone(),
        unloading_place: draft.unloading_place.clone(),
        split: split(draft).map_err(unread("/split"))?,
        lines,
    })
}

fn goods_line(i: usize, line: &Line, invoice_currency: &str) -> Result<GoodsLine, Fault> {
    let at = |name: &'static str| unread(fmt::from_fn(move |f| write!(f, "/lines/{i}/{name}")));
    let by_hand = line.value.is_empty() && line.customs_value_currency == invoice_currency;
    Ok(GoodsLine {
        line: u32::try_from(i + 1).map_err(|_| GAP).map_err(at(""))?,
        commodity_code: CommodityCode::parse(&line.commodity_code).map_err(at("commodityCode"))?,
        description: line.description.clone(),
        origin: filled(&line.origin, CountryCode::parse).map_err(at("origin"))?,
        tariff_table: line.tariff_table.clone(),
        quantity: decimal(&line.quantity).map_err(at("quantity"))?,
        quantity_unit: line.quantity_unit.clone(),
        net_mass: net_mass(line).map_err(at("netMass"))?,
        value: decimal(if by_hand { &line.customs_value } else { &line.value }).map_err(at("value"))?,
        duty_rate: decimal(&line.duty_rate).map_err(at("dutyRate"))?,
        duty: decimal(&line.duty).map_err(at("duty"))?,
    })
}

fn net_mass(line: &Line) -> Result<Grams, Malformed> {
    if !line.net_mass.is_empty() {
        return Grams::parse(&line.net_mass);
    }
    let quantities = [(&line.second_quantity, &line.second_unit), (&line.quantity, &line.quantity_unit)];
    let weighed = quantities.into_iter().find(|(_, unit)| matches!(unit.as_str(), "KGM" | "TNE" | "LBR"));
    weighed.map_or(Ok(Grams::ZERO), |(amount, unit)| mass(amount, unit))
}

fn mass(amount: &str, unit: &str) -> Result<Grams, Malformed> {
    if amount.is_empty() { Ok(Grams::ZERO) } else { read::mass(Decimal::parse(amount)?, unit).ok_or(GAP) }
}

fn decimal<const SCALE: u32>(text: &str) -> Result<Decimal<SCALE>, Malformed> {
    if text.is_empty() { Ok(Decimal::ZERO) } else { Decimal::parse(text) }
}

fn trader(draft: &Draft) -> Result<TraderCode, Malformed> {
    let code = draft.trader.as_ref().map_or("", |trader| &trader.code);
    match TaxCode::parse(code) {
        Ok(firm) => Ok(TraderCode::Firm(firm)),
        Err(_) if matches!(draft.person_class.as_str(), "1" | "2") => Ok(TraderCode::Person(code.to_owned())),
        Err(malformed) => Err(malformed),
    }
}

fn split(draft: &Draft) -> Result<Option<SplitPart>, Malformed> {
    let Some(split) = draft.split.as_ref().filter(|split| !split.first.is_empty()) else { return Ok(None) };
    let ordinal = |text: &str| text.parse().map_err(|_| GAP);
    let first = if split.first == "F" { None } else { Some(DeclarationNumber::parse(&split.first)?) };
    Ok(Some(SplitPart { first, branch: ordinal(&split.branch)?, total: ordinal(&split.total)? }))
}

fn filled<T>(text: &str, parse: impl Fn(&str) -> Result<T, Malformed>) -> Result<Option<T>, Malformed> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}
