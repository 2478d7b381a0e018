//! Rules of valuation: its class, up to five adjustments, and the lines that quote them.
use super::Row;
use super::Scope::*;
use super::case::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::*;
use super::item::Growth;
use super::line_items::*;
use super::relation::Relation as R;
use super::valuation_relations::*;

pub(super) static ROWS: &[Row] = &[
    Row(Import, "CG010", Listed(&VALUATION_CLASS, "valuation_class")),
    Row(Import, "CG010", Listed(&ADJUSTMENT_TITLE, "valuation_title")),
    Row(Import, "CG010", Listed(&ADJUSTMENT_CODE, "adjustment_code")),
    Row(Import, "CG011", Form(&ADJUSTMENT_CURRENCY, &CURRENCY_FORM)),
    Row(Import, "S1046", Consecutive(&[&ADJUSTMENT_CODE])),
    Row(Import, "S1054", Form(&ADJUSTMENT_AMOUNT, &ADJUSTMENT_FORM)),
    Row(Import, "S1055", Form(&ADJUSTMENT_TOTAL, &AMOUNT)),
    Row(Import, "R1036", Blank(&ADJUSTMENT_TITLE, &SET_WITHOUT_AMOUNT)),
    Row(Import, "R1037", Blank(&ADJUSTMENT_CURRENCY, &SET_WITHOUT_AMOUNT)),
    Row(Import, "R1038", Blank(&ADJUSTMENT_AMOUNT, &SET_WITHOUT_AMOUNT)),
    Row(Import, "R1039", Blank(&ADJUSTMENT_TOTAL, &SET_WITHOUT_AMOUNT)),
    Row(
        Import,
        "R1040",
        Relation(&R {
            pattern: "/adjustments/*/title",
            vi: "Khoản điều chỉnh đầu tiên là DP hoặc IP thì không được khai tên khoản điều chỉnh ở khoản sau.",
            en: "After a first adjustment of code DP or IP a later title must be empty.",
            find: |v, found| after_whole(v, &ADJUSTMENT_TITLE, found),
            spoil: |d| spoil_after_whole(d, &ADJUSTMENT_TITLE),
        }),
    ),
    Row(
        Import,
        "R1041",
        Relation(&R {
            pattern: "/adjustments/*/code",
            vi: "Khoản điều chỉnh đầu tiên là DP hoặc IP thì không được khai mã phân loại điều chỉnh ở khoản sau.",
            en: "After a first adjustment of code DP or IP a later code must be empty.",
            find: |v, found| after_whole(v, &ADJUSTMENT_CODE, found),
            spoil: |d| spoil_after_whole(d, &ADJUSTMENT_CODE),
        }),
    ),
    Row(
        Import,
        "R1042",
        Relation(&R {
            pattern: "/adjustments/*/currency",
            vi: "Khoản điều chỉnh đầu tiên là DP hoặc IP thì không được khai đồng tiền ở khoản sau.",
            en: "After a first adjustment of code DP or IP a later currency must be empty.",
            find: |v, found| after_whole(v, &ADJUSTMENT_CURRENCY, found),
            spoil: |d| spoil_after_whole(d, &ADJUSTMENT_CURRENCY),
        }),
    ),
    Row(
        Import,
        "R1043",
        Relation(&R {
            pattern: "/adjustments/*/amount",
            vi: "Khoản điều chỉnh đầu tiên là DP hoặc IP thì không được khai số tiền ở khoản sau.",
            en: "After a first adjustment of code DP or IP a later amount must be empty.",
            find: |v, found| after_whole(v, &ADJUSTMENT_AMOUNT, found),
            spoil: |d| spoil_after_whole(d, &ADJUSTMENT_AMOUNT),
        }),
    ),
    Row(
        Import,
        "R1044",
        Relation(&R {
            pattern: "/adjustments/*/total",
            vi: "Khoản điều chỉnh đầu tiên là DP hoặc IP thì không được khai tổng hệ số phân bổ ở khoản sau.",
            en: "After a first adjustment of code DP or IP a later distribution total must be empty.",
            find: |v, found| after_whole(v, &ADJUSTMENT_TOTAL, found),
            spoil: |d| spoil_after_whole(d, &ADJUSTMENT_TOTAL),
        }),
    ),
    Row(
        Import,
        "R1045",
        Relation(&R {
            pattern: "/adjustments/*/code",
            vi: "DP và IP chỉ được khai ở khoản điều chỉnh đầu tiên.",
            en: "DP and IP may stand in the first adjustment alone.",
            find: whole_codes_come_first,
            spoil: |d| {
                ADJUSTMENT_CODE.set(d, "IP");
                ADJUSTMENT_CODE.grow(d, Growth::Copy);
            },
        }),
    ),
    Row(Import, "R1046", Required(&ADJUSTMENT_CURRENCY, &SET_ADJUSTING)),
    Row(Import, "R1047", Required(&ADJUSTMENT_AMOUNT, &SET_ADJUSTING)),
    Row(Import, "R1080", Required(&ADJUSTMENT_TITLE, &SET_ADDING)),
    Row(Import, "R1081", Required(&ADJUSTMENT_TITLE, &SET_DEDUCTING)),
    Row(Import, "R1082", Blank(&ADJUSTMENT_TITLE, &SET_BY_HAND)),
    Row(Import, "R1083", Required(&ADJUSTMENT_CURRENCY, &SET_BY_HAND)),
    Row(Import, "R1084", Required(&ADJUSTMENT_AMOUNT, &SET_BY_HAND)),
    Row(Import, "R1085", Blank(&ADJUSTMENT_TOTAL, &SET_BY_HAND)),
    Row(Import, "R0151", Required(&CUSTOMS_VALUE, &VALUED_BY_HAND)),
    Row(Import, "R0149", Required(&CUSTOMS_VALUE, &FREIGHT_SPLIT)),
    Row(Import, "S1105", Consecutive(&[&LINE_ADJUSTMENT])),
    Row(Import, "S1106", Distinct(&LINE_ADJUSTMENT)),
    Row(Import, "CG023", Form(&LINE_ADJUSTMENT, &ADJUSTMENT_ORDINAL)),
    Row(
        Import,
        "R1079",
        Relation(&R {
            pattern: "/adjustments/*/total",
            vi: "Tổng hệ số phân bổ khoản điều chỉnh nhỏ hơn tổng trị giá các dòng hàng được điều chỉnh.",
            en: "The distribution total of an adjustment is below the values of the lines that quote it.",
            find: total_covers_lines,
            spoil: |d| {
                ADJUSTMENT_CODE.set(d, "AD");
                ADJUSTMENT_TOTAL.set(d, "1");
                LINE_ADJUSTMENT.set(d, "1");
            },
        }),
    ),
    Row(
        Import,
        "R1087",
        Relation(&R {
            pattern: "/lines/*/adjustments/*",
            vi: "Dòng hàng không được chọn khoản điều chỉnh có mã IP hoặc DP.",
            en: "A line must not quote an adjustment of code IP or DP.",
            find: quoted_sets_adjust,
            spoil: |d| {
                ADJUSTMENT_CODE.set(d, "IP");
                LINE_ADJUSTMENT.set(d, "1");
            },
        }),
    ),
    Row(
        Import,
        "R1090",
        Relation(&R {
            pattern: "/adjustments/*/total",
            vi: "Đã khai tổng hệ số phân bổ nhưng không dòng hàng nào chọn khoản điều chỉnh này.",
            en: "A distribution total is given but no line quotes the adjustment.",
            find: |v, found| quoted_when_filled(v, &ADJUSTMENT_TOTAL, found),
            spoil: |d| {
                ADJUSTMENT_CODE.set(d, "AD");
                ADJUSTMENT_TOTAL.set(d, "25000");
            },
        }),
    ),
    Row(
        Import,
        "R1096",
        Relation(&R {
            pattern: "/lines/*/adjustments/*",
            vi: "Dòng hàng chọn khoản điều chỉnh không được khai.",
            en: "A line quotes an adjustment that is not filled.",
            find: quoted_sets_exist,
            spoil: |d| LINE_ADJUSTMENT.set(d, "3"),
        }),
    ),
    Row(
        Import,
        "R1098",
        Relation(&R {
            pattern: "/lines/*/adjustments/0",
            vi: "Dòng hàng đã khai trị giá tính thuế thì không được chọn khoản điều chỉnh.",
            en: "A line with a customs value of its own must not quote an adjustment.",
            find: hand_values_stay,
            spoil: |d| {
                CUSTOMS_VALUE.set(d, "25000");
                LINE_ADJUSTMENT.set(d, "1");
            },
        }),
    ),
    Row(
        Import,
        "R1099",
        Relation(&R {
            pattern: "/adjustments/*/title",
            vi: "Đã khai tên khoản điều chỉnh nhưng không dòng hàng nào chọn khoản này.",
            en: "A valuation title is given but no line quotes the adjustment.",
            find: |v, found| quoted_when_filled(v, &ADJUSTMENT_TITLE, found),
            spoil: |d| ADJUSTMENT_TITLE.set(d, "A"),
        }),
    ),
    Row(Import, "S1044", Blank(&VALUATION_CLASS, &AEO)),
    Row(Import, "S1047", Blank(&ADJUSTMENT_TITLE, &AEO)),
    Row(Import, "S1048", Blank(&ADJUSTMENT_CODE, &AEO)),
    Row(Import, "S1049", Blank(&ADJUSTMENT_CURRENCY, &AEO)),
    Row(Import, "S1050", Blank(&ADJUSTMENT_AMOUNT, &AEO)),
    Row(Import, "S1051", Blank(&ADJUSTMENT_TOTAL, &AEO)),
    Row(Import, "S1059", Blank(&DISTRIBUTION_TOTAL, &AEO)),
];
