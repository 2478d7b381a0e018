//! Rules of the invoice, freight and insurance.
use super::Row;
use super::Scope::*;
use super::case::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::*;
use super::item::{At, Item};
use super::relation::{Relation as R, View};

pub(super) static ROWS: &[Row] = &[
    Row(Both, "CG010", Listed(&INVOICE_CLASS, "invoice_class")),
    Row(Both, "S0225", Required(&INVOICE_RECEIPT, &ELECTRONIC_INVOICE)),
    Row(Both, "S0226", Blank(&INVOICE_RECEIPT, &NO_ELECTRONIC_INVOICE)),
    Row(Both, "CG021", Form(&INVOICE_RECEIPT, &NUMBER_12)),
    Row(Both, "S1032", Form(&INVOICE_DATE, &DATE)),
    Row(Both, "CG010", Listed(&PAYMENT_TERM, "payment_term")),
    Row(Import, "R0146", Required(&PRICE_KIND, &INVOICED)),
    Row(Both, "CG010", Listed(&PRICE_KIND, "price_kind")),
    Row(Both, "CG010", Listed(&DELIVERY_TERM, "delivery_term")),
    Row(Both, "CG011", Form(&CURRENCY, &CURRENCY_FORM)),
    Row(Both, "S0091", Form(&TOTAL, &INVOICE_AMOUNT)),
    Row(Both, "CG014", Form(&TOTAL, &FITS_18)),
    Row(Import, "S1035", Required(&DELIVERY_TERM, &AEO)),
    Row(Import, "S1036", Required(&CURRENCY, &AEO)),
    Row(Export, "S1129", Required(&DELIVERY_TERM, &ALWAYS)),
    Row(Export, "S1130", Required(&CURRENCY, &ALWAYS)),
    Row(Export, "S1131", Required(&TOTAL, &ALWAYS)),
    Row(
        Import,
        "R0055",
        Relation(&R {
            pattern: "/invoice/*",
            vi: "Điều kiện giá, đồng tiền và tổng trị giá hoá đơn phải khai cùng nhau.",
            en: "Price condition, currency and total of the invoice must be filled together.",
            find: price_is_whole,
            spoil: |d| CURRENCY.set(d, ""),
        }),
    ),
    Row(Import, "CG010", Listed(&FREIGHT_CLASS, "freight_class")),
    Row(Import, "R0029", Required(&FREIGHT_CLASS, &TERM_WITHOUT_CARRIAGE)),
    Row(
        Import,
        "R0006",
        Relation(&R {
            pattern: "/freight/*",
            vi: "Mã, đồng tiền và số tiền phí vận chuyển không khớp nhau.",
            en: "Class, currency and amount of the freight do not go together.",
            find: freight_is_whole,
            spoil: |d| FREIGHT_AMOUNT.set(d, "500"),
        }),
    ),
    Row(
        Import,
        "R0157",
        Relation(&R {
            pattern: "/freight/class",
            vi: "Điều kiện giá đã gồm cước vận chuyển: mã phí vận chuyển chỉ được là E hoặc F, hoặc để trống.",
            en: "The price condition contains the carriage: the freight class may only be E or F, or empty.",
            find: freight_fits_term,
            spoil: |d| FREIGHT_CLASS.set(d, "A"),
        }),
    ),
    Row(Import, "S0094", Form(&FREIGHT_AMOUNT, &FREIGHT_FORM)),
    Row(Import, "CG011", Form(&FREIGHT_CURRENCY, &CURRENCY_FORM)),
    Row(Import, "CG010", Listed(&INSURANCE_CLASS, "insurance_class")),
    // Codes on insurance and terms share their summaries; each is given one group of terms.
    Row(Import, "R0028", Required(&INSURANCE_CLASS, &TERM_WITHOUT_COVER)),
    Row(Import, "R0030", Required(&INSURANCE_CLASS, &TERM_WITH_CARRIAGE)),
    Row(Import, "R0086", Blank(&INSURANCE_CLASS, &TERM_WITH_COVER)),
    Row(Import, "R0087", Blank(&INSURANCE_CLASS, &TERM_DELIVERED)),
    Row(Import, "R1035", Blank(&INSURANCE_CLASS, &TERM_EX_SHIP)),
    Row(
        Import,
        "R0007",
        Relation(&R {
            pattern: "/insurance/*",
            vi: "Mã, đồng tiền và số tiền bảo hiểm không khớp nhau.",
            en: "Class, currency and amount of the insurance do not go together.",
            find: insurance_is_whole,
            spoil: |d| INSURANCE_AMOUNT.set(d, "100"),
        }),
    ),
    Row(Import, "S0097", Form(&INSURANCE_AMOUNT, &INSURANCE_FORM)),
    Row(Import, "CG011", Form(&INSURANCE_CURRENCY, &CURRENCY_FORM)),
    Row(Export, "R1091", Required(&CUSTOMS_TOTAL, &TERM_BEYOND_GATE)),
    Row(Export, "R1092", Needs(&CUSTOMS_CURRENCY, &CUSTOMS_TOTAL)),
    Row(Export, "R1092", Needs(&CUSTOMS_TOTAL, &CUSTOMS_CURRENCY)),
    Row(Export, "S1133", Form(&CUSTOMS_TOTAL, &CUSTOMS_TOTAL_FORM)),
    Row(Export, "CG011", Form(&CUSTOMS_CURRENCY, &CURRENCY_FORM)),
];

/// Not demanded of AEO declarations, whose price may follow later.
fn price_is_whole(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let items = [&DELIVERY_TERM, &CURRENCY, &TOTAL];
    if !view.is_aeo() && items.iter().any(|item| !item.text(view.draft).is_empty()) {
        tell_empty(view, &items, found);
    }
}

fn freight_is_whole(view: &View<'_>, found: &mut dyn FnMut(String)) {
    match FREIGHT_CLASS.text(view.draft) {
        // Freight shared by weight or volume is contained in the values of the lines.
        "D" => {}
        "" => tell_filled(view, &[&FREIGHT_CURRENCY, &FREIGHT_AMOUNT], found),
        _ => tell_empty(view, &[&FREIGHT_CURRENCY, &FREIGHT_AMOUNT], found),
    }
}

fn freight_fits_term(view: &View<'_>, found: &mut dyn FnMut(String)) {
    const WITHOUT_CARRIAGE: [&str; 6] = ["", "EXW", "FOB", "FCA", "FAS", "C&I"];
    let contains_carriage = !WITHOUT_CARRIAGE.contains(&DELIVERY_TERM.text(view.draft));
    if contains_carriage && !matches!(FREIGHT_CLASS.text(view.draft), "" | "E" | "F") {
        found(FREIGHT_CLASS.pointer(At(0, 0)));
    }
}

fn insurance_is_whole(view: &View<'_>, found: &mut dyn FnMut(String)) {
    match INSURANCE_CLASS.text(view.draft) {
        "A" => tell_empty(view, &[&INSURANCE_CURRENCY, &INSURANCE_AMOUNT], found),
        _ => tell_filled(view, &[&INSURANCE_CURRENCY, &INSURANCE_AMOUNT], found),
    }
}

fn tell_empty(view: &View<'_>, items: &[&Item], found: &mut dyn FnMut(String)) {
    items.iter().filter(|item| item.text(view.draft).is_empty()).for_each(|item| found(item.pointer(At(0, 0))));
}

fn tell_filled(view: &View<'_>, items: &[&Item], found: &mut dyn FnMut(String)) {
    items.iter().filter(|item| !item.text(view.draft).is_empty()).for_each(|item| found(item.pointer(At(0, 0))));
}
