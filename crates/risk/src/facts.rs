//! What is known of a declaration when it is decided.
use contracts::common;
use platform::{Failure, streams::Class};
use risk_domain::{Facts, History, LineFacts, Past};
use values::{Direction, Lane};

use crate::{book::Book, store::FileRow};

/// Facts of a version, with the history as of yesterday.
pub fn facts(book: &Book, d: common::Declaration, class: Class, earlier: Option<&FileRow>) -> Result<Facts, Failure> {
    let direction = match d.direction() {
        common::Direction::Import => Direction::Import,
        common::Direction::Export => Direction::Export,
        common::Direction::Unspecified => return Err(Failure::Deterministic("a declaration without direction".to_owned())),
    };
    let trader = book.past("trader", &d.trader);
    let history = History {
        trader,
        declarant: book.past("declarant", &d.declarant),
        vehicle: book.past("vehicle", &d.plate),
        seal: book.past("seal", &d.plate),
        compliance: compliance(&trader),
        earlier_lane: earlier.and_then(|f| Lane::parse(&f.lane).ok()),
    };
    Ok(Facts {
        direction,
        class: class.as_str().to_owned(),
        kind: d.kind,
        office: d.office,
        team: d.team,
        sender: d.sender,
        trader: d.trader,
        declarant: d.declarant,
        counterparty: d.counterparty,
        counterparty_country: d.counterparty_country,
        transport_mode: d.transport_mode,
        plate: d.plate,
        plate_country: d.plate_country,
        loading_place: d.loading_place,
        unloading_place: d.unloading_place,
        tax_deadline: d.tax_deadline,
        split_first: d.split_first,
        currency: d.currency,
        value: d.value,
        duty_vnd: d.duty_vnd,
        gross_mass_g: d.gross_mass_g,
        packages: i64::from(d.packages),
        lines: d.lines.into_iter().map(line).collect(),
        history,
    })
}

fn line(l: common::GoodsLine) -> LineFacts {
    LineFacts {
        line: l.line,
        commodity: l.commodity_code,
        description: l.description,
        origin: l.origin,
        tariff_table: l.tariff_table,
        quantity: l.quantity,
        quantity_unit: l.quantity_unit,
        value: l.value,
        net_mass_g: l.net_mass_g,
        duty_rate: l.duty_rate,
        duty_vnd: l.duty_vnd,
    }
}

/// 1 to 5 from the trader's own record until the national level is received (Circular 81/2019/TT-BTC article 10 has five levels, of which
/// 4 takes those without a year of activity): 1 and 2 comply, 3 has few findings, 5 has many.
fn compliance(trader: &Past) -> i64 {
    match (trader.seen_365d, trader.found_365d) {
        (seen, 0) if seen >= 365 => 1,
        (seen, 0) if seen >= 50 => 2,
        (seen, found) if found == 0 || seen < 10 => 4,
        (seen, found) if found * 50 <= seen => 3,
        _ => 5,
    }
}

/// The facts as the file keeps them.
pub fn read_facts(file: &FileRow) -> Result<Facts, Failure> {
    serde_json::from_slice(&file.facts).map_err(|e| Failure::Deterministic(format!("facts of {}: {e}", file.key)))
}
