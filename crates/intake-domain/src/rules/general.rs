//! Rules of the declaration as a whole: characters, lengths, kind, split, days, permits, other laws.
use super::Row;
use super::Scope::*;
use super::case::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::*;
use super::item::{At, Item, pointer};
use super::line_items::DESCRIPTION;
use super::relation::{Relation as R, View};
use super::{head_items, line_items};
use crate::draft::Draft;

pub(super) static ROWS: &[Row] = &[
    Row(
        Both,
        "S0900",
        Relation(&R {
            pattern: "/**",
            vi: "Mục này có ký tự không được phép.",
            en: "An item contains a character that is not allowed.",
            find: characters_are_allowed,
            spoil: |d| d.notes = "ghi\u{7}chú".to_owned(),
        }),
    ),
    Row(
        Both,
        "S0999",
        Relation(&R {
            pattern: "/**",
            vi: "Mục này dài quá số ký tự cho phép.",
            en: "An item is longer than allowed.",
            find: |v, found| lengths_hold(v, FREE_TEXTS, found),
            spoil: |d| d.notes = "x".repeat(301),
        }),
    ),
    Row(
        Both,
        "L0991",
        Relation(&R {
            pattern: "/**",
            vi: "Danh sách này có nhiều mục hơn mức cho phép.",
            en: "A list has more members than the message allows.",
            find: repeats_hold,
            spoil: |d| d.other_laws = ["AA", "AB", "AC", "AD", "AE", "AF"].map(str::to_owned).to_vec(),
        }),
    ),
    Row(
        Import,
        "S1003",
        Relation(&R {
            pattern: "/kind",
            vi: "Không được khai loại hình PAY khi đăng ký tờ khai nhập khẩu.",
            en: "The kind PAY cannot be lodged as an import declaration.",
            find: kind_is_not_a_payment,
            spoil: |d| d.kind = "PAY".to_owned(),
        }),
    ),
    Row(Both, "S1000", Form(&SPLIT_FIRST, &FIRST_NUMBER)),
    Row(Both, "S1001", Form(&SPLIT_BRANCH, &ORDINAL)),
    Row(Both, "S1002", Form(&SPLIT_TOTAL, &ORDINAL)),
    Row(Both, "R1028", Needs(&SPLIT_FIRST, &SPLIT_BRANCH)),
    Row(Both, "R1030", Needs(&SPLIT_FIRST, &SPLIT_TOTAL)),
    Row(Both, "R1032", Needs(&SPLIT_BRANCH, &SPLIT_FIRST)),
    Row(Both, "R1033", Needs(&SPLIT_TOTAL, &SPLIT_FIRST)),
    Row(
        Both,
        "R1029",
        Relation(&R {
            pattern: "/split/branch",
            vi: "Tờ khai đầu tiên (F) phải có số thứ tự nhánh là 1.",
            en: "The first declaration (F) must have the branch number 1.",
            find: first_is_branch_one,
            spoil: |d| spoil_split(d, "F", "2"),
        }),
    ),
    Row(
        Both,
        "R1031",
        Relation(&R {
            pattern: "/split/branch",
            vi: "Số thứ tự nhánh lớn hơn tổng số tờ khai nhánh.",
            en: "The branch number is greater than the number of divided declarations.",
            find: branch_is_within_total,
            spoil: |d| spoil_split(d, "109000000010", "4"),
        }),
    ),
    Row(Both, "S1118", Required(&OFFICE, &ALWAYS)),
    Row(Both, "R1000", Required(&TEMPORARY_NUMBER, &TEMPORARY_KIND)),
    Row(Both, "R1001", Blank(&TEMPORARY_NUMBER, &NO_TEMPORARY_KIND)),
    Row(Both, "CG021", Form(&TEMPORARY_NUMBER, &NUMBER_12)),
    Row(Both, "R1002", Blank(&RETURN_DEADLINE, &NO_RETURNING_KIND)),
    Row(Both, "R1003", Required(&RETURN_DEADLINE, &RETURNING_KIND)),
    Row(Both, "S1006", Form(&RETURN_DEADLINE, &DATE)),
    Row(Both, "S1007", Form(&PLANNED_DATE, &DATE)),
    Row(Import, "R1007", Required(&WAREHOUSING_DATE, &WAREHOUSED_KIND)),
    Row(Import, "S1061", Form(&WAREHOUSING_DATE, &DATE)),
    Row(Both, "S0004", Consecutive(&[&OTHER_LAW])),
    Row(Both, "S0203", Distinct(&OTHER_LAW)),
    Row(Both, "S0006", Consecutive(&[&PERMIT_TYPE, &PERMIT_NUMBER])),
    Row(Both, "S0169", Needs(&PERMIT_TYPE, &PERMIT_NUMBER)),
    Row(Both, "S0169", Needs(&PERMIT_NUMBER, &PERMIT_TYPE)),
];

/// Items whose length has a national code; the others have ours.
static FREE_TEXTS: &[&Item] = &[&TRADER_NAME, &TRADER_ADDRESS, &CONTRACTOR_NAME, &NOTES, &DESCRIPTION];

pub(super) fn all_items() -> impl Iterator<Item = &'static Item> {
    head_items::ALL.iter().chain(line_items::ALL).copied()
}

pub(super) fn is_free_text(item: &Item) -> bool {
    FREE_TEXTS.iter().any(|free| free.pattern == item.pattern)
}

/// Control characters and marks that reverse the direction of writing: neither can be printed as written.
fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// ASCII that can be printed, as nearly every item is: no character has to be decoded.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn characters_are_allowed(view: &View<'_>, found: &mut dyn FnMut(String)) {
    for item in all_items() {
        let wrong = |at: &At| matches!(item.get(view.draft, *at), text if !is_plain(text) && text.chars().any(is_forbidden));
        item.places(view.draft).filter(wrong).for_each(|at| found(item.pointer(at)));
    }
}

pub(super) fn lengths_hold(view: &View<'_>, items: &[&Item], found: &mut dyn FnMut(String)) {
    for item in items {
        let wrong = |at: &At| matches!(item.get(view.draft, *at), text if text.len() > item.length && text.chars().count() > item.length);
        item.places(view.draft).filter(wrong).for_each(|at| found(item.pointer(at)));
    }
}

fn repeats_hold(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let (draft, limits) = (view.draft, view.tables.limits());
    let lists = [
        ("/bills", draft.bills.len(), limits.bills),
        ("/otherLaws", draft.other_laws.len(), limits.other_laws),
        ("/permits", draft.permits.len(), limits.permits),
        ("/adjustments", draft.adjustments.len(), limits.adjustments),
        ("/attachments", draft.attachments.len(), limits.attachments),
        ("/bondedTransport/stops", draft.bonded_transport.as_ref().map_or(0, |transport| transport.stops.len()), limits.stops),
        ("/containerNumbers", draft.container_numbers.len(), limits.containers),
    ];
    lists.into_iter().filter(|(_, count, most)| count > most).for_each(|(list, _, _)| found(list.to_owned()));
    for (i, line) in draft.lines.iter().enumerate() {
        if line.adjustments.len() > limits.adjustments {
            found(pointer("/lines/*/adjustments", At(i, 0)));
        }
        if line.other_taxes.len() > limits.other_taxes {
            found(pointer("/lines/*/otherTaxes", At(i, 0)));
        }
    }
}

fn kind_is_not_a_payment(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if KIND.text(view.draft) == "PAY" {
        found(KIND.pointer(At(0, 0)));
    }
}

fn first_is_branch_one(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if SPLIT_FIRST.text(view.draft) == "F" && !matches!(SPLIT_BRANCH.text(view.draft), "" | "1" | "01") {
        found(SPLIT_BRANCH.pointer(At(0, 0)));
    }
}

fn branch_is_within_total(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let number = |item: &Item| item.text(view.draft).parse::<u8>().ok();
    if let (Some(branch), Some(total)) = (number(&SPLIT_BRANCH), number(&SPLIT_TOTAL))
        && branch > total
    {
        found(SPLIT_BRANCH.pointer(At(0, 0)));
    }
}

fn spoil_split(draft: &mut Draft, first: &str, branch: &str) {
    SPLIT_FIRST.set(draft, first);
    SPLIT_BRANCH.set(draft, branch);
    SPLIT_TOTAL.set(draft, "3");
}
