//! Relations of the goods lines: their number, values, unit prices, sums and duties.
use super::Row;
use super::Scope::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::{DISTRIBUTION_TOTAL, TOTAL};
use super::item::Growth;
use super::line_arithmetic::*;
use super::line_items::*;
use super::relation::Relation as R;

pub(super) static ROWS: &[Row] = &[
    Row(
        Both,
        "E0379",
        Relation(&R {
            pattern: "/lines/**",
            vi: "Tờ khai phải có ít nhất một dòng hàng và không có dòng trống.",
            en: "A declaration must have a goods line, and none that is empty.",
            find: lines_are_there,
            spoil: |d| d.lines.clear(),
        }),
    ),
    Row(
        Both,
        "R0011",
        Relation(&R {
            pattern: "/lines/*/value",
            vi: "Mỗi dòng hàng phải có trị giá hoá đơn hoặc trị giá tính thuế.",
            en: "Each line must have an invoice value or a customs value.",
            find: lines_have_values,
            spoil: |d| {
                VALUE.set(d, "");
                CUSTOMS_VALUE.set(d, "");
            },
        }),
    ),
    Row(Both, "R0031", Needs(&DISTRIBUTION_TOTAL, &VALUE)),
    Row(Both, "S0067", Form(&DISTRIBUTION_TOTAL, &AMOUNT)),
    Row(
        Both,
        "R0170",
        Relation(&R {
            pattern: "/distributionTotal",
            vi: "Tổng hệ số phân bổ trị giá nhỏ hơn tổng trị giá hoá đơn của các dòng hàng.",
            en: "The distribution total is smaller than the sum of the invoice values of the lines.",
            find: distribution_covers_lines,
            spoil: |d| d.distribution_total = "1".to_owned(),
        }),
    ),
    Row(
        Both,
        "E0019",
        Relation(&R {
            pattern: "/lines",
            vi: "Tổng trị giá các dòng hàng vượt quá mức tối đa.",
            en: "The sum of the invoice values of the lines exceeds the maximum.",
            find: sum_fits,
            spoil: |d| {
                VALUE.set(d, "99999999999999");
                VALUE.grow(d, Growth::Copy);
            },
        }),
    ),
    Row(
        Both,
        "R1088",
        Relation(&R {
            pattern: "/lines/*/value",
            vi: "Trị giá hoá đơn lệch quá 1 so với đơn giá nhân số lượng.",
            en: "The invoice value differs by more than 1 from unit price times quantity.",
            find: price_times_quantity,
            spoil: |d| UNIT_PRICE.set(d, "249"),
        }),
    ),
    Row(
        Both,
        "R1089",
        Relation(&R {
            pattern: "/lines/*/unitPriceUnit",
            vi: "Đơn vị của đơn giá không trùng đơn vị số lượng nào đã khai.",
            en: "The unit of the unit price is none of the quantity units given.",
            find: price_unit_is_given,
            spoil: |d| PRICE_UNIT.set(d, "PCE"),
        }),
    ),
    Row(
        Export,
        "R1098",
        Relation(&R {
            pattern: "/lines/*/customsValueCurrency",
            vi: "Các dòng hàng phải khai trị giá tính thuế bằng cùng một đồng tiền.",
            en: "All lines must state their customs value in one currency.",
            find: one_customs_currency,
            spoil: |d| {
                LINE_CURRENCY.set(d, "VND");
                LINE_CURRENCY.grow(d, Growth::Copy);
                LINE_CURRENCY.set(d, "USD");
            },
        }),
    ),
    Row(
        Import,
        "R0059",
        Relation(&R {
            pattern: "/lines",
            vi: "Tờ khai không được có quá sáu loại thuế và thu khác.",
            en: "A declaration must not have more than six kinds of other taxes.",
            find: tax_kinds_hold,
            spoil: spoil_tax_kinds,
        }),
    ),
    Row(
        Both,
        "CG015",
        Relation(&R {
            pattern: "/invoice/total",
            vi: "Tổng trị giá các dòng hàng lớn hơn tổng trị giá hoá đơn.",
            en: "The values of the lines exceed the invoice total.",
            find: total_covers_lines,
            spoil: |d| TOTAL.set(d, "100"),
        }),
    ),
    Row(
        Both,
        "CG016",
        Relation(&R {
            pattern: "/lines/*/duty",
            vi: "Tiền thuế không bằng trị giá nhân thuế suất (sai số 1 đồng).",
            en: "The duty does not equal value times rate (within 1 VND).",
            find: duty_is_value_times_rate,
            spoil: spoil_duty,
        }),
    ),
];
