use super::*;
use crate::specimen;
use proptest::prelude::*;

fn today() -> Day {
    Day::from_ymd_opt(2026, 7, 1).unwrap()
}

fn codes(draft: &Draft) -> Vec<(&'static str, String)> {
    let faults = parse(draft, &Tables::standard().unwrap(), today()).unwrap_err();
    faults.into_iter().map(|fault| (fault.code, fault.pointer)).collect()
}

#[test]
fn an_import_is_parsed_into_exact_values() {
    let declaration = parse(&specimen::import(), &Tables::standard().unwrap(), today()).unwrap();
    assert_eq!(declaration.gross_mass.units(), 18_000_000);
    assert_eq!(declaration.value.units(), 250_000_000);
    assert_eq!(declaration.duty.units(), 31_250_000);
    assert_eq!(declaration.plate.unwrap().as_str(), "74C12345");
    assert_eq!(declaration.lines[0].duty_rate.units(), 50_000);
    assert_eq!(declaration.lines[0].quantity.units(), 10_000);
    assert_eq!(declaration.lines[0].net_mass.units(), 17_500_000);
}

#[test]
fn every_fault_is_found_at_once() {
    let mut draft = specimen::import();
    draft.sender.clear();
    draft.gross_mass = "heavy".to_owned();
    let mut second = draft.lines[0].clone();
    second.commodity_code = "44".to_owned();
    second.value = "0".to_owned();
    second.unit_price = "0".to_owned();
    draft.lines.push(second);
    let at = |code, pointer: &str| (code, pointer.to_owned());
    let expected = [at("CG001", "/sender"), at("S1013", "/grossMass"), at("CG009", "/lines/1/commodityCode"), at("E0415", "/lines/1/value")];
    assert_eq!(codes(&draft), expected);
}

#[test]
fn an_empty_message_is_refused_by_name() {
    let found = codes(&Draft::default());
    for code in ["CG001", "CG002", "CG003", "CG005", "S1118", "S0130", "E0379"] {
        assert!(found.iter().any(|(found, _)| *found == code), "{code} not in {found:?}");
    }
}

#[test]
fn the_plate_is_parsed_by_road_alone() {
    let mut draft = specimen::import();
    draft.transport_mode = "5".to_owned();
    draft.vehicle = "Toa số 12/SQ".to_owned();
    draft.vehicle_country.clear();
    let declaration = parse(&draft, &Tables::standard().unwrap(), today()).unwrap();
    assert_eq!(declaration.plate, None);
}

#[test]
fn pounds_and_dong_are_exact() {
    let mut draft = specimen::import();
    (draft.gross_mass, draft.mass_unit) = ("1000.5".to_owned(), "LBR".to_owned());
    let invoice = draft.invoice.as_mut().unwrap();
    (invoice.currency, invoice.total) = ("VND".to_owned(), "625000000".to_owned());
    let line = &mut draft.lines[0];
    (line.value, line.unit_price, line.unit_price_currency) = ("625000000".to_owned(), "6250000".to_owned(), "VND".to_owned());
    let declaration = parse(&draft, &Tables::standard().unwrap(), today()).unwrap();
    // 1000.5 lb are 453,819.178... g.
    assert_eq!(declaration.gross_mass.units(), 453_819);
    draft.lines[0].duty = "31250001".to_owned();
    assert!(parse(&draft, &Tables::standard().unwrap(), today()).is_ok(), "one dong is a rounding");
    draft.lines[0].duty = "31250002".to_owned();
    assert_eq!(codes(&draft), [("CG016", "/lines/0/duty".to_owned())]);
}

#[test]
fn a_person_imports_under_an_opaque_code() {
    let mut draft = specimen::import();
    draft.trader.as_mut().unwrap().code = "P7QX1".to_owned();
    assert_eq!(codes(&draft), [("CG012", "/trader/code".to_owned())]);
    draft.person_class = "2".to_owned();
    let declaration = parse(&draft, &Tables::standard().unwrap(), today()).unwrap();
    assert_eq!(declaration.trader, TraderCode::Person("P7QX1".to_owned()));
}

#[test]
fn a_simple_import_needs_no_exotic_field() {
    let mut draft = specimen::import();
    for field in [&mut draft.team, &mut draft.declarant, &mut draft.unloading_name, &mut draft.person_class, &mut draft.vehicle_country] {
        field.clear();
    }
    draft.bills.clear();
    let line = &mut draft.lines[0];
    for field in [&mut line.second_quantity, &mut line.second_unit, &mut line.unit_price, &mut line.unit_price_currency, &mut line.unit_price_unit] {
        field.clear();
    }
    draft.lines = vec![draft.lines[0].clone(); 50];
    draft.invoice.as_mut().unwrap().total = "1250000".to_owned();
    assert_eq!(parse(&draft, &Tables::standard().unwrap(), today()).unwrap().lines.len(), 50);
}

#[test]
fn a_flood_of_members_is_told_and_looked_at_no_further() {
    let mut draft = specimen::import();
    let line = Line { adjustments: vec![String::new(); 300], ..draft.lines[0].clone() };
    draft.lines = vec![line; 3_000];
    draft.bills = vec!["A".to_owned(); 100_000];
    let found = codes(&draft);
    assert!(found.contains(&("CG007", "/lines".to_owned())) && found.contains(&("L0991", "/bills".to_owned())));
    assert!(found.iter().filter(|(code, _)| *code == "R0047").count() < 5);
}

#[test]
fn a_priority_enterprise_declares_without_taxes() {
    let mut draft = specimen::import();
    draft.kind = "AEO".to_owned();
    for field in [&mut draft.tax_payer, &mut draft.tax_deadline] {
        field.clear();
    }
    let line = &mut draft.lines[0];
    for field in [&mut line.tariff_table, &mut line.duty_rate, &mut line.duty] {
        field.clear();
    }
    let declaration = parse(&draft, &Tables::standard().unwrap(), today()).unwrap();
    assert_eq!(declaration.duty, Vnd::ZERO);
}

proptest! {
    #[test]
    fn arbitrary_text_in_any_item_never_panics(at in 0..200_usize, text in "\\PC{0,40}|[0-9.]{0,30}|[\\x00-\\x7f]{0,20}") {
        let tables = Tables::standard().unwrap();
        for mut draft in [specimen::import(), specimen::export()] {
            crate::rules::set_item(&mut draft, at, &text);
            if let Err(faults) = parse(&draft, &tables, today()) {
                prop_assert!(faults.iter().all(|fault| fault.code != "CG099"), "{:?}", faults);
            }
        }
    }
}
