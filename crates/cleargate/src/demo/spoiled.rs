//! Bad declarations: one for every rule of the catalogue, again and again.
use contracts::nsw::v1 as wire;
use intake_domain as domain;
use intake_domain::{catalogue, specimen};

use crate::load::mix::{Fate, Sample};

/// `count` declarations that each break one rule, going round the catalogue.
pub fn samples(count: usize, run: &str) -> Vec<Sample> {
    catalogue()
        .iter()
        .cycle()
        .take(count)
        .enumerate()
        .map(|(n, rule)| {
            let mut draft = specimen::spoiled(rule);
            // A reference of its own, unless the reference is what is spoiled.
            if draft.reference == "REF-0001" {
                draft.reference = format!("{run}-BAD{n:06}");
            }
            Sample { declaration: declaration(draft), fate: Fate::Plain, parcel: false, protobuf: n % 3 == 0, gate: "" }
        })
        .collect()
}

fn declaration(d: domain::Draft) -> wire::Declaration {
    wire::Declaration {
        sender: d.sender,
        reference: d.reference,
        number: d.number,
        direction: d.direction,
        kind: d.kind,
        cargo_class: d.cargo_class,
        transport_mode: d.transport_mode,
        person_class: d.person_class,
        office: d.office,
        team: d.team,
        planned_date: d.planned_date,
        return_deadline: d.return_deadline,
        warehousing_date: d.warehousing_date,
        temporary_number: d.temporary_number,
        split: d.split.map(|s| wire::Split { first: s.first, branch: s.branch, total: s.total }),
        trader: d.trader.map(trader),
        contractor: d.contractor.map(trader),
        counterparty: d.counterparty.map(trader),
        declarant: d.declarant,
        bills: d.bills,
        packages: d.packages,
        package_unit: d.package_unit,
        gross_mass: d.gross_mass,
        mass_unit: d.mass_unit,
        warehouse: d.warehouse,
        vessel_code: d.vessel_code,
        vehicle: d.vehicle,
        vehicle_country: d.vehicle_country,
        arrival_date: d.arrival_date,
        unloading_place: d.unloading_place,
        unloading_name: d.unloading_name,
        loading_place: d.loading_place,
        loading_name: d.loading_name,
        containers: d.containers,
        container_numbers: d.container_numbers,
        other_laws: d.other_laws,
        permits: d.permits.into_iter().map(|p| wire::Permit { r#type: p.r#type, number: p.number }).collect(),
        invoice: d.invoice.map(invoice),
        freight: d.freight.map(charge),
        insurance: d.insurance.map(charge),
        valuation_class: d.valuation_class,
        adjustments: d.adjustments.into_iter().map(adjustment).collect(),
        distribution_total: d.distribution_total,
        tax_payer: d.tax_payer,
        release_reason: d.release_reason,
        bank_payment: d.bank_payment.map(security),
        tax_deadline: d.tax_deadline,
        guarantee: d.guarantee.map(security),
        attachments: d.attachments.into_iter().map(|a| wire::Attachment { class: a.class, number: a.number }).collect(),
        bonded_transport: d.bonded_transport.map(bonded_transport),
        notes: d.notes,
        lines: d.lines.into_iter().map(line).collect(),
        customs_value_currency: d.customs_value_currency,
        customs_value_total: d.customs_value_total,
    }
}

fn trader(t: domain::Trader) -> wire::Trader {
    wire::Trader { code: t.code, name: t.name, address: t.address, country: t.country }
}

fn invoice(i: domain::Invoice) -> wire::Invoice {
    wire::Invoice {
        class: i.class,
        receipt: i.receipt,
        number: i.number,
        date: i.date,
        payment_term: i.payment_term,
        price_kind: i.price_kind,
        delivery_term: i.delivery_term,
        currency: i.currency,
        total: i.total,
    }
}

fn charge(c: domain::Charge) -> wire::Charge {
    wire::Charge { class: c.class, currency: c.currency, amount: c.amount }
}

fn adjustment(a: domain::Adjustment) -> wire::Adjustment {
    wire::Adjustment { title: a.title, code: a.code, currency: a.currency, amount: a.amount, total: a.total }
}

fn security(s: domain::Security) -> wire::Security {
    wire::Security { bank: s.bank, year: s.year, sign: s.sign, number: s.number }
}

fn bonded_transport(b: domain::BondedTransport) -> wire::BondedTransport {
    let stop = |s: domain::Stop| wire::Stop { place: s.place, arrival: s.arrival, departure: s.departure };
    wire::BondedTransport { start: b.start, stops: b.stops.into_iter().map(stop).collect(), destination: b.destination, arrival: b.arrival }
}

fn line(l: domain::Line) -> wire::Line {
    let tax = |t: domain::OtherTax| wire::OtherTax { r#type: t.r#type, exemption: t.exemption, reduction: t.reduction };
    wire::Line {
        commodity_code: l.commodity_code,
        description: l.description,
        origin: l.origin,
        tariff_table: l.tariff_table,
        quantity: l.quantity,
        quantity_unit: l.quantity_unit,
        second_quantity: l.second_quantity,
        second_unit: l.second_unit,
        value: l.value,
        unit_price: l.unit_price,
        unit_price_currency: l.unit_price_currency,
        unit_price_unit: l.unit_price_unit,
        customs_value: l.customs_value,
        customs_value_currency: l.customs_value_currency,
        adjustments: l.adjustments,
        duty_rate: l.duty_rate,
        specific_rate: l.specific_rate,
        specific_unit: l.specific_unit,
        specific_currency: l.specific_currency,
        duty: l.duty,
        temporary_line: l.temporary_line,
        exemption_list: l.exemption_list,
        exemption_line: l.exemption_line,
        exemption_code: l.exemption_code,
        reduction: l.reduction,
        other_taxes: l.other_taxes.into_iter().map(tax).collect(),
        net_mass: l.net_mass,
        container: l.container,
        material_code: l.material_code,
    }
}
