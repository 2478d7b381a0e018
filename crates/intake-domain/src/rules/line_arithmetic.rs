//! The arithmetic under the relations of goods lines, exact in 128 bits.
use std::collections::BTreeSet;

use values::Decimal;

use super::head_items::{ADJUSTMENT_CODE, CURRENCY, DISTRIBUTION_TOTAL, FREIGHT_CLASS, INSURANCE_CLASS, TOTAL};
use super::item::{At, Item};
use super::line_items::*;
use super::relation::View;
use crate::draft::{Draft, Line, OtherTax};

/// One unit of a currency at 4 decimals.
const ONE: i128 = 10_000;

fn units<const SCALE: u32>(view: &View<'_>, item: &Item, at: At) -> Option<i128> {
    Decimal::<SCALE>::parse(item.get(view.draft, at)).ok().map(|number| i128::from(number.units()))
}

fn sum_of_values(view: &View<'_>) -> i128 {
    VALUE.places(view.draft).filter_map(|at| units::<4>(view, &VALUE, at)).sum()
}

pub fn lines_are_there(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if view.draft.lines.is_empty() {
        found("/lines".to_owned());
    }
    let empty = view.draft.lines.iter().enumerate().filter(|(_, line)| **line == Line::default());
    empty.for_each(|(i, _)| found(format!("/lines/{i}")));
}

pub fn lines_have_values(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let is_empty = |at: &At| VALUE.get(view.draft, *at).is_empty() && CUSTOMS_VALUE.get(view.draft, *at).is_empty();
    VALUE.places(view.draft).filter(is_empty).for_each(|at| found(VALUE.pointer(at)));
}

pub fn distribution_covers_lines(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if units::<4>(view, &DISTRIBUTION_TOTAL, At(0, 0)).is_some_and(|total| total < sum_of_values(view)) {
        found(DISTRIBUTION_TOTAL.pointer(At(0, 0)));
    }
}

/// The sum fits the invoice total's 18 digits.
pub fn sum_fits(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if sum_of_values(view) >= 1_000_000_000_000_000_000 {
        found("/lines".to_owned());
    }
}

/// Compared where the unit of the price is one of the quantities' and its currency that of the invoice.
pub fn price_times_quantity(view: &View<'_>, found: &mut dyn FnMut(String)) {
    for at in VALUE.places(view.draft) {
        let unit = PRICE_UNIT.get(view.draft, at);
        let quantity = [(&QUANTITY_UNIT, &QUANTITY), (&SECOND_UNIT, &SECOND_QUANTITY)].into_iter().find(|(of, _)| of.get(view.draft, at) == unit);
        let (Some((_, quantity)), false) = (quantity, unit.is_empty()) else { continue };
        let (Some(value), Some(price), Some(quantity)) =
            (units::<4>(view, &VALUE, at), units::<6>(view, &UNIT_PRICE, at), units::<2>(view, quantity, at))
        else {
            continue;
        };
        // Price and quantity multiply to 8 decimals, so the value is raised by four more.
        let one_currency = PRICE_CURRENCY.get(view.draft, at) == CURRENCY.text(view.draft);
        if one_currency && (price * quantity - value * ONE).abs() > ONE * ONE {
            found(VALUE.pointer(at));
        }
    }
}

pub fn price_unit_is_given(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let is_other = |at: &At| {
        let unit = PRICE_UNIT.get(view.draft, *at);
        !unit.is_empty() && unit != QUANTITY_UNIT.get(view.draft, *at) && unit != SECOND_UNIT.get(view.draft, *at)
    };
    PRICE_UNIT.places(view.draft).filter(is_other).for_each(|at| found(PRICE_UNIT.pointer(at)));
}

pub fn one_customs_currency(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let mut filled = LINE_CURRENCY.places(view.draft).filter(|at| !LINE_CURRENCY.get(view.draft, *at).is_empty());
    let Some(first) = filled.next() else { return };
    let others = filled.filter(|at| LINE_CURRENCY.get(view.draft, *at) != LINE_CURRENCY.get(view.draft, first));
    others.for_each(|at| found(LINE_CURRENCY.pointer(at)));
}

pub fn tax_kinds_hold(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let kinds: BTreeSet<&str> = TAX_TYPE.places(view.draft).map(|at| TAX_TYPE.get(view.draft, at)).filter(|kind| !kind.is_empty()).collect();
    if kinds.len() > view.tables.limits().tax_kinds {
        found("/lines".to_owned());
    }
}

pub fn spoil_tax_kinds(draft: &mut Draft) {
    let taxes = |kinds: std::ops::Range<u8>| kinds.map(|kind| OtherTax { r#type: format!("V{kind}"), ..OtherTax::default() }).collect();
    TAX_TYPE.set(draft, "V1");
    TAX_TYPE.grow(draft, super::item::Growth::Copy);
    draft.lines.push(Line::default());
    for (i, line) in draft.lines.iter_mut().enumerate().take(2) {
        line.other_taxes = if i == 0 { taxes(0..5) } else { taxes(5..8) };
    }
}

/// When all lines have a value in the invoice's currency and the invoice is not shared by several declarations. One unit of the
/// currency is allowed for rounding, as with unit prices.
pub fn total_covers_lines(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let is_shared = !DISTRIBUTION_TOTAL.text(view.draft).is_empty();
    let all_valued = VALUE.places(view.draft).all(|at| units::<4>(view, &VALUE, at).is_some());
    let Some(total) = units::<4>(view, &TOTAL, At(0, 0)) else { return };
    if !is_shared && all_valued && sum_of_values(view) > total + ONE {
        found(TOTAL.pointer(At(0, 0)));
    }
}

/// Only where nothing but value and rate makes the duty: values in VND, no specific rate, exemption, adjustment, freight or insurance.
pub fn duty_is_value_times_rate(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let draft = view.draft;
    let adds_up = [&FREIGHT_CLASS, &INSURANCE_CLASS, &ADJUSTMENT_CODE].iter().any(|item| item.is_filled_somewhere(draft));
    for at in DUTY.places(draft) {
        let is_special = [&SPECIFIC_RATE, &EXEMPTION_CODE, &REDUCTION, &EXEMPTION_LIST].iter().any(|item| !item.get(draft, at).is_empty());
        let base = if !CUSTOMS_VALUE.get(draft, at).is_empty() {
            (LINE_CURRENCY.get(draft, at) == "VND").then_some(&CUSTOMS_VALUE)
        } else {
            (!adds_up && CURRENCY.text(draft) == "VND").then_some(&VALUE)
        };
        let (Some(base), false) = (base, is_special) else { continue };
        let (Some(value), Some(rate), Some(duty)) = (units::<4>(view, base, at), units::<4>(view, &DUTY_RATE, at), units::<0>(view, &DUTY, at))
        else {
            continue;
        };
        // 10^-4 of a dong times 10^-4 of a percent is 10^-10 of a dong.
        if (value * rate - duty * 10_000_000_000).abs() > 10_000_000_000 {
            found(DUTY.pointer(at));
        }
    }
}

pub fn spoil_duty(draft: &mut Draft) {
    CUSTOMS_VALUE.set(draft, "1000000");
    LINE_CURRENCY.set(draft, "VND");
    DUTY_RATE.set(draft, "5");
    DUTY.set(draft, "50002");
}
