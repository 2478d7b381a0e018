//! A declaration as the single window publishes it, decoded whole as a service must, whether or not a field is looked at.
use serde::Deserialize;

/// The fields of `proto/nsw/v1/declaration.proto` that declarations in use have, in its JSON names.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
pub struct Declaration {
    pub sender: String,
    pub reference: String,
    number: String,
    pub direction: String,
    kind: String,
    cargo_class: String,
    transport_mode: String,
    person_class: String,
    pub office: String,
    team: String,
    planned_date: String,
    trader: Trader,
    contractor: Trader,
    counterparty: Trader,
    declarant: String,
    bills: Vec<String>,
    packages: String,
    package_unit: String,
    gross_mass: String,
    mass_unit: String,
    warehouse: String,
    vessel_code: String,
    pub vehicle: String,
    vehicle_country: String,
    arrival_date: String,
    unloading_place: String,
    unloading_name: String,
    loading_place: String,
    loading_name: String,
    containers: String,
    container_numbers: Vec<String>,
    other_laws: Vec<String>,
    permits: Vec<Permit>,
    invoice: Invoice,
    freight: Charge,
    insurance: Charge,
    valuation_class: String,
    tax_payer: String,
    tax_deadline: String,
    notes: String,
    pub lines: Vec<Line>,
    customs_value_currency: String,
    customs_value_total: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Trader {
    code: String,
    name: String,
    address: String,
    country: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Permit {
    r#type: String,
    number: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Invoice {
    class: String,
    number: String,
    date: String,
    payment_term: String,
    price_kind: String,
    delivery_term: String,
    currency: String,
    total: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Charge {
    class: String,
    currency: String,
    amount: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Line {
    commodity_code: String,
    description: String,
    origin: String,
    tariff_table: String,
    quantity: String,
    quantity_unit: String,
    second_quantity: String,
    second_unit: String,
    value: String,
    unit_price: String,
    unit_price_currency: String,
    unit_price_unit: String,
    customs_value: String,
    customs_value_currency: String,
    duty_rate: String,
    duty: String,
    exemption_code: String,
    other_taxes: Vec<OtherTax>,
    net_mass: String,
    container: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OtherTax {
    r#type: String,
    exemption: String,
    reduction: String,
}
