//! Cases in which an item must be filled or must be empty, each with how a draft gets into it.
use super::head_items::*;
use super::item::At;
use super::line_items::DUTY;
use super::relation::View;
use crate::draft::Draft;

/// A case: when it holds, how sentences name it, how a draft is brought into it.
pub struct Case {
    pub holds: fn(&View<'_>, At) -> bool,
    /// Vietnamese, with a blank in front; empty when always.
    pub vi: &'static str,
    /// English, likewise.
    pub en: &'static str,
    pub stage: fn(&mut Draft),
}

macro_rules! cases {
    ($($name:ident: $vi:literal, $en:literal, $holds:expr, $stage:expr;)*) => {
        $(pub static $name: Case = Case { holds: $holds, vi: $vi, en: $en, stage: $stage };)*
    };
}

cases! {
    ALWAYS: "", "", |_, _| true, |_| ();
    AEO: " với loại hình AEO", " for a declaration of kind AEO", |v, _| v.is_aeo(), |d| d.kind = "AEO".to_owned();
    NOT_AEO: " (trừ loại hình AEO)", " unless the kind is AEO", |v, _| !v.is_aeo(), |_| ();
    NAMED_MODE: " (trừ phương thức vận chuyển 9)", " unless the transport mode is 9", |v, _| !v.travels_by(&["9"]), |_| ();
    SHIP: " khi vận chuyển bằng đường biển hoặc đường sông", " for transport by sea or river",
        |v, _| v.travels_by(&["2", "3", "6"]), |d| d.transport_mode = "2".to_owned();
    NO_SHIP: " khi không vận chuyển bằng đường biển hoặc đường sông", " for transport other than by sea or river",
        |v, _| !v.travels_by(&["2", "3", "6"]), |d| d.transport_mode = "4".to_owned();
    VEHICLE_NAMED: " khi vận chuyển bằng đường hàng không, đường bộ hoặc đường sắt", " for transport by air, road or rail",
        |v, _| v.travels_by(&["1", "4", "5"]), |d| d.transport_mode = "4".to_owned();
    SHIP_UNKNOWN: " khi tàu chưa đăng ký hô hiệu (9999)", " when the ship has no registered call sign (9999)",
        |v, _| v.travels_by(&["2", "3", "6"]) && VESSEL_CODE.text(v.draft) == "9999",
        |d| { d.transport_mode = "2".to_owned(); d.vessel_code = "9999".to_owned(); };
    MANIFESTED: " khi vận chuyển bằng đường hàng không hoặc đường biển", " for transport by air or sea",
        |v, _| v.travels_by(&["1", "2", "3"]), |d| { d.transport_mode = "3".to_owned(); d.bills = vec![String::new()]; };
    AIR: " khi vận chuyển bằng đường hàng không", " for transport by air", |v, _| v.travels_by(&["1"]), |d| d.transport_mode = "1".to_owned();
    CONTAINERS_AT_SEA: " khi vận chuyển bằng đường biển trong container", " for transport by sea in containers",
        |v, _| v.travels_by(&["2"]), |d| d.transport_mode = "2".to_owned();
    UNLOADING_UNCODED: " khi địa điểm không có mã (ZZZ)", " when the place has no code (ZZZ)",
        |v, _| UNLOADING_PLACE.text(v.draft).ends_with("ZZZ"), |d| d.unloading_place = "LAZZZ".to_owned();
    LOADING_UNCODED: " khi địa điểm không có mã (ZZZ)", " when the place has no code (ZZZ)",
        |v, _| LOADING_PLACE.text(v.draft).ends_with("ZZZ"), |d| d.loading_place = "LAZZZ".to_owned();
    PARTNER_UNCODED: " khi không khai mã đối tác", " when no code of the party is given",
        |v, _| PARTNER_CODE.text(v.draft).is_empty(), |d| PARTNER_CODE.set(d, "");
    PARTNER_CODED: " kể cả khi đã khai mã đối tác", " even when a code of the party is given",
        |v, _| !PARTNER_CODE.text(v.draft).is_empty(), |d| PARTNER_CODE.set(d, "LA001");
    TEMPORARY_KIND: " với loại hình này", " for this procedure",
        |v, _| v.kind_is_in("temporary_number_import", "temporary_number_export"), |d| stage_kind(d, "A21", "G21");
    NO_TEMPORARY_KIND: " với loại hình này", " for this procedure",
        |v, _| !v.kind_is_in("temporary_number_import", "temporary_number_export"), |_| ();
    RETURNING_KIND: " với loại hình này", " for this procedure",
        |v, _| v.kind_is_in("return_deadline_import", "return_deadline_export"), |d| stage_kind(d, "G11", "G61");
    NO_RETURNING_KIND: " với loại hình này", " for this procedure",
        |v, _| !v.kind_is_in("return_deadline_import", "return_deadline_export"), |_| ();
    WAREHOUSED_KIND: " với loại hình này", " for this procedure", |v, _| v.holds("warehousing", KIND.text(v.draft)), |d| d.kind = "C11".to_owned();
    NO_BONDED_KIND: " với loại hình này", " for this procedure",
        |v, _| !v.kind_is_in("bonded_transport_import", "bonded_transport_export"), |d| stage_kind(d, "A11", "E46");
    ELECTRONIC_INVOICE: " khi phân loại hoá đơn là D", " when the invoice class is D",
        |v, _| INVOICE_CLASS.text(v.draft) == "D", |d| INVOICE_CLASS.set(d, "D");
    NO_ELECTRONIC_INVOICE: " khi phân loại hoá đơn không phải là D", " when the invoice class is not D",
        |v, _| INVOICE_CLASS.text(v.draft) != "D", |d| INVOICE_CLASS.set(d, "A");
    TAXED: " khi phải nộp thuế", " when tax is payable", is_taxed, |d| DUTY.set(d, "1000");
    GUARANTEED: " khi mã thời hạn nộp thuế là A hoặc B", " when the tax deadline code is A or B",
        |v, _| matches!(v.draft.tax_deadline.as_str(), "A" | "B"), |d| d.tax_deadline = "A".to_owned();
    POSTPONED: " khi mã thời hạn nộp thuế là A, B hoặc C", " when the tax deadline code is A, B or C",
        |v, _| matches!(v.draft.tax_deadline.as_str(), "A" | "B" | "C"), |d| d.tax_deadline = "A".to_owned();
    UNGUARANTEED: " khi mã thời hạn nộp thuế là C", " when the tax deadline code is C",
        |v, _| v.draft.tax_deadline == "C", |d| d.tax_deadline = "C".to_owned();
    NO_DEADLINE: " khi chưa khai mã thời hạn nộp thuế", " when the tax deadline code is empty",
        |v, _| v.draft.tax_deadline.is_empty(), |d| d.tax_deadline.clear();
    PAID_AT_ONCE: " khi mã thời hạn nộp thuế là D và không đề nghị giải phóng hàng", " when the tax deadline code is D and no early release is asked for",
        |v, _| v.draft.tax_deadline == "D" && v.draft.release_reason.is_empty(), |d| { d.tax_deadline = "D".to_owned(); d.release_reason.clear(); };
    EARLY_RELEASE: " khi đề nghị giải phóng hàng", " when release before permit is asked for",
        |v, _| !v.draft.release_reason.is_empty(), |d| d.release_reason = "A".to_owned();
    TERM_WITHOUT_COVER: " với điều kiện giá EXW, FOB, FCA hoặc FAS", " for the terms EXW, FOB, FCA and FAS",
        |v, _| term_is(v, &["EXW", "FOB", "FCA", "FAS"]), |d| DELIVERY_TERM.set(d, "FOB");
    TERM_WITH_CARRIAGE: " với điều kiện giá C&F, CFR hoặc CPT", " for the terms C&F, CFR and CPT",
        |v, _| term_is(v, &["C&F", "CFR", "CPT"]), |d| DELIVERY_TERM.set(d, "CFR");
    TERM_WITHOUT_CARRIAGE: " với điều kiện giá EXW, FOB, FCA, FAS hoặc C&I", " for the terms EXW, FOB, FCA, FAS and C&I",
        |v, _| term_is(v, &["EXW", "FOB", "FCA", "FAS", "C&I"]), |d| DELIVERY_TERM.set(d, "FOB");
    TERM_WITH_COVER: " với điều kiện giá CIF, CIP hoặc C&I", " for the terms CIF, CIP and C&I",
        |v, _| term_is(v, &["CIF", "CIP", "C&I"]), |d| DELIVERY_TERM.set(d, "CIF");
    TERM_DELIVERED: " với điều kiện giá DDU, DDP, DAP, DAF hoặc DAT", " for the terms DDU, DDP, DAP, DAF and DAT",
        |v, _| term_is(v, &["DDU", "DDP", "DAP", "DAF", "DAT"]), |d| DELIVERY_TERM.set(d, "DAP");
    TERM_EX_SHIP: " với điều kiện giá DES hoặc DEQ", " for the terms DES and DEQ",
        |v, _| term_is(v, &["DES", "DEQ"]), |d| DELIVERY_TERM.set(d, "DES");
    TERM_BEYOND_GATE: " với điều kiện giá khác FOB, DAP, DAF", " for terms other than FOB, DAP and DAF",
        |v, _| !DELIVERY_TERM.text(v.draft).is_empty() && !term_is(v, &["FOB", "DAP", "DAF"]), |d| DELIVERY_TERM.set(d, "CIF");
    INVOICED: " khi có hoá đơn", " when there is an invoice",
        |v, _| !v.is_aeo() && !INVOICE_CLASS.text(v.draft).is_empty(), |d| INVOICE_CLASS.set(d, "A");
    FREIGHT_SPLIT: " khi mã phí vận chuyển là B", " when the freight class is B",
        |v, _| FREIGHT_CLASS.text(v.draft) == "B", |d| FREIGHT_CLASS.set(d, "B");
    VALUED_BY_HAND: " khi mã điều chỉnh trị giá là DP", " when the valuation adjustment code is DP",
        |v, _| v.draft.adjustments.iter().any(|a| a.code == "DP"), |d| ADJUSTMENT_CODE.set(d, "DP");
    SET_WITHOUT_AMOUNT: " khi mã điều chỉnh trị giá là IP hoặc để trống", " when the valuation adjustment code is IP or empty",
        |v, at| matches!(ADJUSTMENT_CODE.get(v.draft, at), "" | "IP"), |d| ADJUSTMENT_CODE.set(d, "IP");
    SET_ADJUSTING: " khi mã điều chỉnh trị giá là AD hoặc SB", " when the valuation adjustment code is AD or SB",
        |v, at| matches!(ADJUSTMENT_CODE.get(v.draft, at), "AD" | "SB"), |d| ADJUSTMENT_CODE.set(d, "AD");
    SET_ADDING: " khi mã điều chỉnh trị giá là AD", " when the valuation adjustment code is AD",
        |v, at| ADJUSTMENT_CODE.get(v.draft, at) == "AD", |d| ADJUSTMENT_CODE.set(d, "AD");
    SET_DEDUCTING: " khi mã điều chỉnh trị giá là SB", " when the valuation adjustment code is SB",
        |v, at| ADJUSTMENT_CODE.get(v.draft, at) == "SB", |d| ADJUSTMENT_CODE.set(d, "SB");
    SET_BY_HAND: " khi mã điều chỉnh trị giá là DP", " when the valuation adjustment code is DP",
        |v, at| ADJUSTMENT_CODE.get(v.draft, at) == "DP", |d| ADJUSTMENT_CODE.set(d, "DP");
}

fn stage_kind(draft: &mut Draft, import: &str, export: &str) {
    draft.kind = if draft.direction == "export" { export } else { import }.to_owned();
}

fn term_is(view: &View<'_>, terms: &[&str]) -> bool {
    terms.contains(&DELIVERY_TERM.text(view.draft))
}

/// Imports are held to be taxed (a rate of zero is declared too), exports when a duty is declared; never the kind AEO.
fn is_taxed(view: &View<'_>, _: At) -> bool {
    let pays_duty = || DUTY.places(view.draft).any(|at| DUTY.get(view.draft, at).bytes().any(|b| matches!(b, b'1'..=b'9')));
    !view.is_aeo() && (view.direction == values::Direction::Import || pays_duty())
}
