//! Forms that an item has when it is filled.
use values::{Decimal, PlateCountry, TaxCode};

use super::head_items::*;
use super::item::At;
use super::line_items::LINE_CURRENCY;
use super::relation::View;
use crate::draft::Draft;
use crate::read;

/// A form: how it is recognised, how sentences name it, a text that does not have it.
pub struct Form {
    pub fits: fn(&View<'_>, At, &str) -> bool,
    /// Vietnamese noun phrase after "phải là".
    pub vi: &'static str,
    /// English noun phrase after "must be".
    pub en: &'static str,
    pub wrong: &'static str,
    /// Brings a draft where the wrong text is wrong.
    pub stage: fn(&mut Draft),
}

macro_rules! forms {
    ($($name:ident: $vi:literal, $en:literal, $wrong:literal, $fits:expr $(, $stage:expr)?;)*) => {
        $(pub static $name: Form = Form { fits: $fits, vi: $vi, en: $en, wrong: $wrong, stage: forms!(@stage $($stage)?) };)*
    };
    (@stage) => { |_| () };
    (@stage $stage:expr) => { $stage };
}

forms! {
    DATE: "ngày có thật, viết YYYY-MM-DD", "a real day written YYYY-MM-DD", "2026-02-30", |_, _, t| read::day(t).is_some();
    FIRST_NUMBER: "F hoặc số tờ khai 12 chữ số", "F or a declaration number of 12 digits", "X1", |_, _, t| t == "F" || read::digits(t, 12, 12);
    NUMBER_12: "số gồm 12 chữ số", "a number of 12 digits", "12345", |_, _, t| read::digits(t, 12, 12);
    ORDINAL: "số nguyên từ 1 đến 99", "a whole number from 1 to 99", "0", |_, _, t| read::digits(t, 1, 2) && t.bytes().any(|b| b != b'0');
    WHOLE_8: "số nguyên dương không quá 8 chữ số", "a positive whole number of at most 8 digits", "12,5",
        |_, _, t| read::digits(t, 1, 8) && t.bytes().any(|b| b != b'0');
    WHOLE_3: "số nguyên không quá 3 chữ số", "a whole number of at most 3 digits", "1A", |_, _, t| read::digits(t, 1, 3);
    NOT_ZERO: "số lớn hơn 0", "more than zero", "0", |_, _, t| t.bytes().any(|b| b != b'0' && b != b'.');
    MASS: "số thập phân không quá 6 chữ số nguyên và 3 chữ số lẻ", "a decimal of at most 6 digits and 3 decimals", "18.000,5",
        |_, _, t| read::decimal::<3>(t, 6).is_some();
    NET_MASS_FORM: "số thập phân không quá 9 chữ số nguyên và 3 chữ số lẻ", "a decimal of at most 9 digits and 3 decimals", "1e3",
        |_, _, t| read::decimal::<3>(t, 9).is_some();
    QUANTITY_FORM: "số thập phân không quá 10 chữ số nguyên và 2 chữ số lẻ", "a decimal of at most 10 digits and 2 decimals", "1.234",
        |_, _, t| read::decimal::<2>(t, 10).is_some();
    UNIT_PRICE_FORM: "số thập phân không quá 12 chữ số nguyên và 6 chữ số lẻ", "a decimal of at most 12 digits and 6 decimals", "1.2345678",
        |_, _, t| read::decimal::<6>(t, 12).is_some();
    RATE: "tỷ lệ phần trăm không quá 5 chữ số nguyên và 4 chữ số lẻ", "a percentage of at most 5 digits and 4 decimals", "5%",
        |_, _, t| read::decimal::<4>(t, 5).is_some();
    SPECIFIC_RATE_FORM: "số thập phân không quá 10 ký tự và 4 chữ số lẻ", "a decimal of at most 10 characters and 4 decimals", "10,5",
        |_, _, t| t.len() <= 10 && read::decimal::<4>(t, 10).is_some();
    WHOLE_VND: "số tiền nguyên đồng không quá 16 chữ số", "a whole amount in VND of at most 16 digits", "1.5", |_, _, t| read::digits(t, 1, 16);
    AMOUNT: "số thập phân không quá 20 ký tự và 4 chữ số lẻ", "a decimal of at most 20 characters and 4 decimals", "12,50", |_, _, t| is_amount(t, "");
    FITS_18: "số không quá 18 chữ số", "a number of at most 18 digits", "1234567890123456", |_, _, t| !is_amount(t, "") || fits_18(t);
    INVOICE_AMOUNT: "số tiền không quá 4 chữ số lẻ, bằng VND thì không có số lẻ", "an amount of at most 4 decimals, none in VND", "25000.5",
        |v, _, t| is_amount(t, CURRENCY.text(v.draft)), |d| CURRENCY.set(d, "VND");
    NO_DONG_DECIMALS: "số tiền không có số lẻ khi hoá đơn bằng VND", "an amount without decimals when the invoice is in VND", "25000.5",
        |v, _, t| !is_amount(t, "") || is_amount(t, CURRENCY.text(v.draft)), |d| CURRENCY.set(d, "VND");
    FREIGHT_FORM: "số tiền không quá 4 chữ số lẻ, bằng VND thì không có số lẻ", "an amount of at most 4 decimals, none in VND", "500.5",
        |v, _, t| is_amount(t, FREIGHT_CURRENCY.text(v.draft)), |d| FREIGHT_CURRENCY.set(d, "VND");
    INSURANCE_FORM: "số tiền không quá 4 chữ số lẻ, bằng VND thì không có số lẻ", "an amount of at most 4 decimals, none in VND", "100.5",
        |v, _, t| is_amount(t, INSURANCE_CURRENCY.text(v.draft)), |d| INSURANCE_CURRENCY.set(d, "VND");
    ADJUSTMENT_FORM: "số tiền không quá 4 chữ số lẻ, bằng VND thì không có số lẻ", "an amount of at most 4 decimals, none in VND", "100.5",
        |v, at, t| is_amount(t, ADJUSTMENT_CURRENCY.get(v.draft, at)), |d| ADJUSTMENT_CURRENCY.set(d, "VND");
    CUSTOMS_TOTAL_FORM: "số tiền không quá 4 chữ số lẻ, bằng VND thì không có số lẻ", "an amount of at most 4 decimals, none in VND", "100.5",
        |v, _, t| is_amount(t, CUSTOMS_CURRENCY.text(v.draft)), |d| CUSTOMS_CURRENCY.set(d, "VND");
    CUSTOMS_VALUE_FORM: "số tiền không quá 4 chữ số lẻ, bằng VND thì không có số lẻ", "an amount of at most 4 decimals, none in VND", "100.5",
        |v, at, t| is_amount(t, LINE_CURRENCY.get(v.draft, at)), |d| LINE_CURRENCY.set(d, "VND");
    YEAR: "năm từ 2000 đến 2099", "a year from 2000 to 2099", "1926", |_, _, t| read::digits(t, 4, 4) && t.starts_with("20");
    LINE_50: "số dòng từ 01 đến 50", "a line number from 01 to 50", "51", |_, _, t| read::digits(t, 2, 2) && matches!(t.parse::<u8>(), Ok(1..=50));
    LINE_100: "số dòng từ 001 đến 100", "a line number from 001 to 100", "101", |_, _, t| read::digits(t, 3, 3) && matches!(t.parse::<u8>(), Ok(1..=100));
    FLIGHT: "số chuyến bay dạng AB0001/01JAN khi vận chuyển bằng đường hàng không", "a flight such as AB0001/01JAN for transport by air", "VN 123",
        |v, _, t| !v.travels_by(&["1"]) || is_flight(t), |d| d.transport_mode = "1".to_owned();
    ROAD_PLATE: "biển số xe gồm 2 đến 35 chữ cái và chữ số khi vận chuyển bằng đường bộ", "a plate of 2 to 35 letters and digits for transport by road", "74C/123",
        |v, _, t| !v.travels_by(&["4"]) || values::Plate::parse(t).is_ok(), |d| d.transport_mode = "4".to_owned();
    PLATE_SIGN: "ký hiệu VN, LAO, T hoặc KH", "a sign VN, LAO, T or KH", "XX", |v, _, t| !v.travels_by(&["4"]) || PlateCountry::parse(t).is_ok();
    NOT_ZZ: "mã nước khác ZZ", "a country other than ZZ", "ZZ", |_, _, t| t != "ZZ";
    NOT_STARTING_ZZ: "mã không bắt đầu bằng ZZ", "a code that does not begin with ZZ", "ZZZZZ", |_, _, t| !t.starts_with("ZZ");
    BILL_NUMBER: "số không quá 35 ký tự, vận đơn hàng không không quá 20 ký tự", "a number of at most 35 characters, 20 for an air waybill",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        |v, _, t| t.chars().count() <= if v.travels_by(&["1"]) { 20 } else { 35 };
    COUNTRY_FORM: "mã nước gồm hai chữ cái in hoa", "a country code of two capital letters", "lao", |_, _, t| values::CountryCode::parse(t).is_ok();
    CURRENCY_FORM: "mã đồng tiền gồm ba chữ cái in hoa", "a currency code of three capital letters", "usd", |_, _, t| values::CurrencyCode::parse(t).is_ok();
    PLACE_CODE: "mã địa điểm gồm 1 đến 6 chữ in hoa và chữ số", "a place code of 1 to 6 capital letters and digits", "lao bao", |_, _, t| read::codelike(t, 1, 6);
    UNIT_3: "mã gồm 2 đến 3 chữ in hoa và chữ số", "a code of 2 to 3 capital letters and digits", "boxes", |_, _, t| read::codelike(t, 2, 3);
    COMMODITY_FORM: "số gồm 8 đến 12 chữ số", "a code of 8 to 12 digits", "4407", |_, _, t| values::CommodityCode::parse(t).is_ok();
    ADJUSTMENT_ORDINAL: "số thứ tự từ 1 đến 5", "an ordinal from 1 to 5", "6", |_, _, t| matches!(t, "1" | "2" | "3" | "4" | "5");
    TRADER_FORM: "mã số thuế gồm 10 hoặc 13 chữ số; cá nhân nhập khẩu: 1 đến 13 chữ in hoa và chữ số",
        "a tax code of 10 or 13 digits; for a person who imports, 1 to 13 capital letters and digits", "32-001",
        |v, _, t| TaxCode::parse(t).is_ok() || matches!(v.draft.person_class.as_str(), "1" | "2") && read::codelike(t, 1, 13);
}

/// A decimal of at most 20 characters and 4 decimals, none in VND.
pub fn is_amount(text: &str, currency: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = read::digits(whole, 1, 20) && read::digits(fraction, 1, 4);
    text.len() <= 20 && all_digits && (currency != "VND" || !text.contains('.'))
}

/// At most 18 digits at 4 decimals.
fn fits_18(text: &str) -> bool {
    Decimal::<4>::parse(text).is_ok_and(|amount| amount.units() < 1_000_000_000_000_000_000)
}

/// Two letters or digits of the carrier, four digits, and the day: `AB0001/01JAN`.
fn is_flight(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let Some((flight, date)) = text.split_once('/') else { return false };
    let (Some((carrier, number)), Some((day, month))) = (flight.split_at_checked(2), date.split_at_checked(2)) else { return false };
    read::codelike(carrier, 2, 2) && read::digits(number, 4, 4) && matches!(day.parse::<u8>(), Ok(1..=31)) && MONTHS.contains(&month)
}
