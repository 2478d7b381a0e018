//! From the wire's declaration to the domain's draft: the same texts under the same names.
use contracts::nsw::v1 as wire;
use intake_domain as domain;

/// A draft with every text as it was written.
pub fn draft(d: wire::Declaration) -> domain::Draft {
    domain::Draft {
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
        split: d.split.map(|s| domain::Split { first: s.first, branch: s.branch, total: s.total }),
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
        permits: d.permits.into_iter().map(|p| domain::Permit { r#type: p.r#type, number: p.number }).collect(),
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
        attachments: d.attachments.into_iter().map(|a| domain::Attachment { class: a.class, number: a.number }).collect(),
        bonded_transport: d.bonded_transport.map(bonded_transport),
        notes: d.notes,
        lines: d.lines.into_iter().map(line).collect(),
        customs_value_currency: d.customs_value_currency,
        customs_value_total: d.customs_value_total,
    }
}

fn trader(t: wire::Trader) -> domain::Trader {
    domain::Trader { code: t.code, name: t.name, address: t.address, country: t.country }
}

fn invoice(i: wire::Invoice) -> domain::Invoice {
    domain::Invoice {
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

fn charge(c: wire::Charge) -> domain::Charge {
    domain::Charge { class: c.class, currency: c.currency, amount: c.amount }
}

fn adjustment(a: wire::Adjustment) -> domain::Adjustment {
    domain::Adjustment { title: a.title, code: a.code, currency: a.currency, amount: a.amount, total: a.total }
}

fn security(s: wire::Security) -> domain::Security {
    domain::Security { bank: s.bank, year: s.year, sign: s.sign, number: s.number }
}

fn bonded_transport(b: wire::BondedTransport) -> domain::BondedTransport {
    let stop = |s: wire::Stop| domain::Stop { place: s.place, arrival: s.arrival, departure: s.departure };
    domain::BondedTransport { start: b.start, stops: b.stops.into_iter().map(stop).collect(), destination: b.destination, arrival: b.arrival }
}

fn line(l: wire::Line) -> domain::Line {
    let tax = |t: wire::OtherTax| domain::OtherTax { r#type: t.r#type, exemption: t.exemption, reduction: t.reduction };
    domain::Line {
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
