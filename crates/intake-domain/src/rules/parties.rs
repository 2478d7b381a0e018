//! Rules of the parties: trader, entrusting party, consignor or consignee.
use super::Row;
use super::Scope::*;
use super::case::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::*;

pub(super) static ROWS: &[Row] = &[
    Row(Both, "S0130", Required(&TRADER_CODE, &ALWAYS)),
    Row(Both, "CG012", Form(&TRADER_CODE, &TRADER_FORM)),
    Row(Both, "R1034", Needs(&CONTRACTOR_NAME, &CONTRACTOR_CODE)),
    Row(Export, "S1155", Needs(&CONTRACTOR_CODE, &CONTRACTOR_NAME)),
    // Two national codes demand the consignor's name: one where no code is given, one beside a code.
    Row(Import, "R0018", Required(&PARTNER_NAME, &PARTNER_UNCODED)),
    Row(Import, "R0062", Required(&PARTNER_NAME, &PARTNER_CODED)),
    Row(Export, "E0477", Required(&PARTNER_NAME, &ALWAYS)),
    Row(Both, "S0193", Required(&PARTNER_ADDRESS, &PARTNER_UNCODED)),
    Row(Both, "S0194", Form(&PARTNER_COUNTRY, &NOT_ZZ)),
    Row(Both, "CG011", Form(&TRADER_COUNTRY, &COUNTRY_FORM)),
    Row(Both, "CG011", Form(&CONTRACTOR_COUNTRY, &COUNTRY_FORM)),
    Row(Both, "CG011", Form(&PARTNER_COUNTRY, &COUNTRY_FORM)),
];
