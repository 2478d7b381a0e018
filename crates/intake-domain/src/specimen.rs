//! Good declarations of a road import and a road export, and what they look like when they break one rule: for tests, documents
//! and generators of synthetic traffic.
use crate::draft::{Draft, Invoice, Line, Trader};
use crate::rules::{Function, Rule};

/// A consumption import of sawn timber through Lao Bao by lorry; passes on any day from 2014-04-01.
pub fn import() -> Draft {
    Draft {
        direction: text("import"),
        kind: text("A11"),
        person_class: text("4"),
        counterparty: Some(firm("", "SAVAN WOOD CO LTD", "12 Kaysone Road, Savannakhet", "LA")),
        bills: vec![text("LAOVN260701")],
        loading_place: text("LAZZZ"),
        loading_name: text("Densavan"),
        unloading_place: text("VNLBB"),
        unloading_name: text("Lao Bảo"),
        lines: vec![Line {
            tariff_table: text("B04"), duty_rate: text("5"), duty: text("31250000"), ..line("44072990", "Gỗ xẻ, dày 50 mm", "LA")
        }],
        ..common()
    }
}

/// A trading export of steel bars through Lao Bao by lorry; passes on any day from 2014-04-01.
pub fn export() -> Draft {
    Draft {
        direction: text("export"),
        kind: text("B11"),
        counterparty: Some(firm("", "VIENTIANE STEEL SOLE CO", "5 Rue Nokeo, Vientiane", "LA")),
        loading_place: text("VNLBB"),
        loading_name: text("Lao Bảo"),
        unloading_place: text("LAVTE"),
        unloading_name: text("Vientiane"),
        lines: vec![line("72142031", "Thép thanh tròn, đường kính 12 mm", "VN")],
        ..common()
    }
}

/// The good draft of the rule's direction, made to break the rule; others may break with it.
pub fn spoiled(rule: &Rule) -> Draft {
    let mut draft = match rule.function {
        Function::Ida => import(),
        Function::Eda => export(),
    };
    rule.spoil(&mut draft);
    draft
}

fn common() -> Draft {
    Draft {
        sender: text("NSW-0001"),
        reference: text("REF-0001"),
        transport_mode: text("4"),
        office: text("32BB"),
        team: text("00"),
        trader: Some(firm("3200100100", "Công ty TNHH Đường 9", "Khóm 1, Lao Bảo, Quảng Trị", "VN")),
        declarant: text("K0123"),
        packages: text("120"),
        package_unit: text("PK"),
        gross_mass: text("18000"),
        mass_unit: text("KGM"),
        warehouse: text("32BBC01"),
        vehicle: text("74C-123.45"),
        vehicle_country: text("VN"),
        arrival_date: text("2026-07-02"),
        invoice: Some(Invoice {
            class: text("A"),
            number: text("INV-0001"),
            date: text("2026-06-28"),
            payment_term: text("TTR"),
            price_kind: text("A"),
            delivery_term: text("DAP"),
            currency: text("USD"),
            total: text("25000"),
            ..Invoice::default()
        }),
        tax_payer: text("1"),
        tax_deadline: text("D"),
        ..Draft::default()
    }
}

fn line(commodity_code: &str, description: &str, origin: &str) -> Line {
    Line {
        commodity_code: text(commodity_code),
        description: text(description),
        origin: text(origin),
        quantity: text("100"),
        quantity_unit: text("MTQ"),
        second_quantity: text("17500"),
        second_unit: text("KGM"),
        value: text("25000"),
        unit_price: text("250"),
        unit_price_currency: text("USD"),
        unit_price_unit: text("MTQ"),
        net_mass: text("17500"),
        ..Line::default()
    }
}

fn firm(code: &str, name: &str, address: &str, country: &str) -> Trader {
    Trader { code: text(code), name: text(name), address: text(address), country: text(country) }
}

fn text(text: &str) -> String {
    text.to_owned()
}
