//! Rules of our own: what the national system takes from its registers or leaves to the form of its screens.
use super::Row;
use super::Scope::*;
use super::case::ALWAYS;
use super::check::Check::*;
use super::form::NUMBER_12;
use super::general::{all_items, is_free_text, lengths_hold};
use super::head_items::*;
use super::item::At;
use super::relation::{Relation as R, View};
use values::Direction;

pub(super) static ROWS: &[Row] = &[
    Row(Both, "CG001", Required(&SENDER, &ALWAYS)),
    Row(Both, "CG002", Required(&REFERENCE, &ALWAYS)),
    Row(
        Both,
        "CG003",
        Relation(&R {
            pattern: "/direction",
            vi: "Chiều phải là import (nhập khẩu) hoặc export (xuất khẩu).",
            en: "The direction must be import or export.",
            find: direction_is_known,
            spoil: |d| d.direction = "transit".to_owned(),
        }),
    ),
    Row(
        Both,
        "CG004",
        Relation(&R {
            pattern: "/**",
            vi: "Mục này dài quá số ký tự cho phép.",
            en: "An item is longer than allowed.",
            find: lengths_of_codes_hold,
            spoil: |d| d.reference = "x".repeat(36),
        }),
    ),
    Row(
        Both,
        "CG005",
        Relation(&R {
            pattern: "/kind",
            vi: "Mã loại hình không có trong bảng mã đang có hiệu lực của chiều này.",
            en: "The procedure code is not in force for this direction.",
            find: kind_is_in_force,
            spoil: |d| d.kind = if d.direction == "import" { "B11" } else { "A11" }.to_owned(),
        }),
    ),
    Row(
        Both,
        "CG006",
        Relation(&R {
            pattern: "/office",
            vi: "Đơn vị hải quan không có trong danh sách đang có hiệu lực.",
            en: "The customs office is not in the list in force.",
            find: office_is_known,
            spoil: |d| d.office = "99ZZ".to_owned(),
        }),
    ),
    Row(
        Both,
        "CG007",
        Relation(&R {
            pattern: "/lines",
            vi: "Tờ khai có nhiều dòng hàng hơn mức cho phép.",
            en: "A declaration has more goods lines than allowed.",
            find: lines_are_not_too_many,
            spoil: |d| {
                let line = d.lines[0].clone();
                d.lines = vec![line; 51];
            },
        }),
    ),
    Row(Both, "CG008", Form(&NUMBER, &NUMBER_12)),
    Row(Both, "CG010", Listed(&CARGO_CLASS, "cargo_class")),
    Row(Both, "CG010", Listed(&TRANSPORT_MODE, "transport_mode")),
    Row(Both, "CG010", Listed(&PERSON_CLASS, "person_class")),
];

fn direction_is_known(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if Direction::parse(DIRECTION.text(view.draft)).is_err() {
        found(DIRECTION.pointer(At(0, 0)));
    }
}

/// Lengths that the national form bounds by its screens; free texts have the code S0999.
fn lengths_of_codes_hold(view: &View<'_>, found: &mut dyn FnMut(String)) {
    for item in all_items().filter(|item| item.length > 0 && !is_free_text(item)) {
        lengths_hold(view, &[item], found);
    }
}

fn kind_is_in_force(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if !view.kind_is_in("procedure_import", "procedure_export") {
        found(KIND.pointer(At(0, 0)));
    }
}

/// An empty office has the code S1118.
fn office_is_known(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let office = OFFICE.text(view.draft);
    if !office.is_empty() && !view.tables.office_is_open(office, view.today) {
        found(OFFICE.pointer(At(0, 0)));
    }
}

fn lines_are_not_too_many(view: &View<'_>, found: &mut dyn FnMut(String)) {
    if view.draft.lines.len() > view.tables.limits().lines {
        found("/lines".to_owned());
    }
}
