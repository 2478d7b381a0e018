//! Rules of tax payment: deadline, bank limit, guarantee, early release, attachments.
use super::Row;
use super::Scope::*;
use super::case::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::*;
use super::item::At;
use super::relation::{Relation as R, View};

pub(super) static ROWS: &[Row] = &[
    Row(Both, "E1029", Required(&TAX_PAYER, &TAXED)),
    Row(Both, "E1028", Required(&TAX_DEADLINE, &TAXED)),
    Row(Both, "CG010", Listed(&TAX_PAYER, "tax_payer")),
    Row(Both, "CG010", Listed(&TAX_DEADLINE, "tax_deadline")),
    Row(Import, "CG010", Listed(&RELEASE_REASON, "release_reason")),
    Row(
        Import,
        "R1051",
        Relation(&R {
            pattern: "/taxDeadline",
            vi: "Đề nghị giải phóng hàng thì mã thời hạn nộp thuế phải là D.",
            en: "Release before permit demands the tax deadline code D.",
            find: release_is_paid_at_once,
            spoil: |d| {
                d.release_reason = "A".to_owned();
                d.tax_deadline = "C".to_owned();
            },
        }),
    ),
    Row(Both, "R1052", Required(&GUARANTEE_BANK, &GUARANTEED)),
    Row(Both, "R1053", Blank(&BANK, &POSTPONED)),
    Row(Both, "R1054", Blank(&GUARANTEE_BANK, &UNGUARANTEED)),
    Row(Both, "R1055", Blank(&BANK, &NO_DEADLINE)),
    Row(Import, "R1086", Blank(&GUARANTEE_BANK, &PAID_AT_ONCE)),
    Row(Import, "E1062", Required(&GUARANTEE_BANK, &EARLY_RELEASE)),
    Row(
        Import,
        "R1097",
        Relation(&R {
            pattern: "/taxDeadline",
            vi: "Tờ khai nộp thuế (PAY) không được khai mã thời hạn nộp thuế C.",
            en: "A tax payment declaration (PAY) must not have the tax deadline code C.",
            find: payments_are_not_deferred,
            spoil: |d| {
                d.kind = "PAY".to_owned();
                d.tax_deadline = "C".to_owned();
            },
        }),
    ),
    Row(
        Import,
        "E8402",
        Relation(&R {
            pattern: "/taxDeadline",
            vi: "Loại hình này không được chậm nộp thuế không có bảo lãnh.",
            en: "This procedure does not allow deferment without guarantee.",
            find: deferment_fits_kind,
            spoil: |d| d.tax_deadline = "C".to_owned(),
        }),
    ),
    Row(
        Export,
        "E8450",
        Relation(&R {
            pattern: "/taxDeadline",
            vi: "Phân loại hàng hoá này không được chậm nộp thuế không có bảo lãnh.",
            en: "This cargo class does not allow deferment without guarantee.",
            find: deferment_fits_class,
            spoil: |d| d.tax_deadline = "C".to_owned(),
        }),
    ),
    Row(Both, "R1008", Needs(&BANK, &BANK_YEAR)),
    Row(Both, "R1009", Needs(&BANK, &BANK_SIGN)),
    Row(Both, "R1010", Needs(&BANK, &BANK_NUMBER)),
    Row(Both, "R1011", Needs(&BANK_YEAR, &BANK)),
    Row(Both, "R1012", Needs(&BANK_SIGN, &BANK)),
    Row(Both, "R1013", Needs(&BANK_NUMBER, &BANK)),
    Row(Both, "R1014", Needs(&GUARANTEE_BANK, &GUARANTEE_YEAR)),
    Row(Both, "R1015", Needs(&GUARANTEE_BANK, &GUARANTEE_SIGN)),
    Row(Both, "R1016", Needs(&GUARANTEE_BANK, &GUARANTEE_NUMBER)),
    Row(Both, "R1017", Needs(&GUARANTEE_YEAR, &GUARANTEE_BANK)),
    Row(Both, "R1018", Needs(&GUARANTEE_SIGN, &GUARANTEE_BANK)),
    Row(Both, "R1019", Needs(&GUARANTEE_NUMBER, &GUARANTEE_BANK)),
    Row(Both, "S1069", Form(&BANK_YEAR, &YEAR)),
    Row(Both, "S1076", Form(&GUARANTEE_YEAR, &YEAR)),
    Row(Import, "S1131", Consecutive(&[&ATTACHMENT_CLASS, &ATTACHMENT_NUMBER])),
    Row(Export, "S1140", Consecutive(&[&ATTACHMENT_CLASS])),
    Row(Export, "S1141", Consecutive(&[&ATTACHMENT_NUMBER])),
    Row(Both, "R1056", Needs(&ATTACHMENT_CLASS, &ATTACHMENT_NUMBER)),
    Row(Both, "R1057", Needs(&ATTACHMENT_NUMBER, &ATTACHMENT_CLASS)),
    Row(Both, "CG010", Listed(&ATTACHMENT_CLASS, "attachment_class")),
    Row(Both, "CG021", Form(&ATTACHMENT_NUMBER, &NUMBER_12)),
    Row(Import, "S1060", Blank(&WAREHOUSING_DATE, &AEO)),
    Row(Import, "S1062", Blank(&TAX_PAYER, &AEO)),
    Row(Import, "S1064", Blank(&RELEASE_REASON, &AEO)),
    Row(Import, "S1065", Blank(&BANK, &AEO)),
    Row(Import, "S1066", Blank(&BANK_YEAR, &AEO)),
    Row(Import, "S1067", Blank(&BANK_SIGN, &AEO)),
    Row(Import, "S1068", Blank(&BANK_NUMBER, &AEO)),
    Row(Import, "S1070", Blank(&TAX_DEADLINE, &AEO)),
    Row(Import, "S1072", Blank(&GUARANTEE_BANK, &AEO)),
    Row(Import, "S1073", Blank(&GUARANTEE_YEAR, &AEO)),
    Row(Import, "S1074", Blank(&GUARANTEE_SIGN, &AEO)),
    Row(Import, "S1075", Blank(&GUARANTEE_NUMBER, &AEO)),
];

fn release_is_paid_at_once(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if !RELEASE_REASON.text(view.draft).is_empty() && TAX_DEADLINE.text(view.draft) != "D" {
        found(TAX_DEADLINE.pointer(At(0, 0)));
    }
}

fn payments_are_not_deferred(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if is_deferred(view) && KIND.text(view.draft) == "PAY" {
        found(TAX_DEADLINE.pointer(At(0, 0)));
    }
}

fn deferment_fits_kind(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if is_deferred(view) && !view.holds("deferment", KIND.text(view.draft)) {
        found(TAX_DEADLINE.pointer(At(0, 0)));
    }
}

fn deferment_fits_class(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if is_deferred(view) && !view.holds("deferment_class", CARGO_CLASS.text(view.draft)) {
        found(TAX_DEADLINE.pointer(At(0, 0)));
    }
}

fn is_deferred(view: &View<'_>) -> bool {
    TAX_DEADLINE.text(view.draft) == "C"
}
