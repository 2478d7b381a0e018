//! Registering a declaration (IDC/EDC; Customs Law 54/2014/QH13 article 30): valid and complete, or refused with every fault.
use contracts::{
    common,
    intake::{Lodged, Refused},
    nsw::v1 as wire,
};
use intake_domain::{self as domain, Fault, Refusal, ResponseCode, Standing};
use platform::{Failure, streams::Class};
use prost::Message;
use values::{DeclarationKey, local_day};

use crate::{
    Rules,
    answer::{self, Place},
    book::{Book, Record},
    submission::{Content, Submission},
};

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done; the number of the declaration concerned, 12 digits.
    Accepted(String),
    /// Refused by rule.
    Refused(Vec<Fault>),
    /// About a declaration that is not known yet.
    Unknown(String),
}

/// Lodges a declaration.
pub fn lodge(book: &mut Book, rules: &Rules, submission: &Submission, content: &Content) -> Result<Verdict, Failure> {
    let Content { draft, digest } = content;
    if let Some(known) = book.by_reference(&draft.sender, &draft.reference) {
        let first = values::Version::FIRST;
        let same = book.digest(known.key.as_str(), first) == Some(digest.as_slice());
        if !same || submission.via.reused {
            return Ok(refuse(book, submission, &[Refusal::OtherContent.fault()]));
        }
        let known = known.clone();
        let number = format!("{}0", known.key);
        accept(book, submission, &known, &number);
        return Ok(Verdict::Accepted(number));
    }
    if submission.via.reused {
        return Ok(refuse(book, submission, &[Refusal::OtherContent.fault()]));
    }
    let parsed = match domain::parse(draft, &rules.tables, local_day(book.now)) {
        Ok(parsed) => parsed,
        Err(faults) => return Ok(refuse(book, submission, &faults)),
    };
    let serial = book.serial().ok_or_else(|| Failure::Retry("no serial number was drawn".to_owned()))?;
    let key = DeclarationKey::assign(parsed.direction, rules.region, serial).map_err(|e| Failure::Deterministic(e.to_string()))?;
    let standing = Standing::lodged(parsed.duty, parsed.is_guaranteed());
    let typed = typed(parsed, key, 0, submission.class);
    let record = Record::new(
        key,
        standing,
        typed.sender.clone(),
        typed.reference.clone(),
        submission.class,
        typed.office.clone(),
        submission.via.wire.to_owned(),
        digest.clone(),
        typed.encode_to_vec(),
        book.now,
    );
    let place = Place { class: submission.class, office: &record.office, subject: key.as_str(), via: &submission.via, now: book.now };
    book.entries.push(answer::fact(&place, Lodged { declaration: Some(typed) }));
    let number = record.number();
    accept(book, submission, &record, &number);
    book.add(record);
    Ok(Verdict::Accepted(number))
}

/// Answers 01 with the number.
pub fn accept(book: &mut Book, submission: &Submission, record: &Record, number: &str) {
    let mut response = answer::response(ResponseCode::Accepted);
    response.reference = record.reference.clone();
    response.number = number.to_owned();
    response.version = u32::from(record.standing.version.count());
    let place = Place { class: record.class, office: &record.office, subject: record.key.as_str(), via: &submission.via, now: book.now };
    book.entries.extend(answer::reply(&place, submission.attempt.sender(), response));
}

/// The fact `Refused` and answer 03 with every fault. Nothing is registered, no number is consumed.
pub fn refuse(book: &mut Book, submission: &Submission, faults: &[Fault]) -> Verdict {
    let attempt = &submission.attempt;
    let (office, direction, kind, number) = match attempt {
        crate::Attempt::Lodge(c) | crate::Attempt::Amend(c) => {
            let d = &c.draft;
            (d.office.as_str(), d.direction.as_str(), d.kind.as_str(), d.number.as_str())
        }
        crate::Attempt::Withdraw(w) => ("", "", "", w.number.as_str()),
        crate::Attempt::Pay(p) => (p.office.as_str(), "", "", p.number.as_str()),
    };
    let known = number.get(..11).and_then(|key| book.record(key)).map(|r| (r.key.to_string(), r.office.clone()));
    let office = known.as_ref().map_or(office, |(_, office)| office);
    // An office that cannot be one must not choose the stream.
    let office = if values::OfficeCode::parse(office).is_ok() { office } else { "" };
    let key = known.as_ref().map(|(key, _)| key.clone()).unwrap_or_default();
    let subject = if key.is_empty() { short(attempt.reference()) } else { key.clone() };
    let direction = match direction {
        "import" => common::Direction::Import,
        "export" => common::Direction::Export,
        _ => common::Direction::Unspecified,
    };
    let codes = answer::faults(faults).into_iter().map(|f| wire::Fault { text_vi: String::new(), text_en: String::new(), ..f }).collect();
    let fact = Refused {
        sender: short(attempt.sender()),
        reference: short(attempt.reference()),
        attempt: attempt.name().to_owned(),
        key,
        faults: codes,
        direction: direction.into(),
        kind: short(kind),
    };
    let place = Place { class: submission.class, office, subject: &subject, via: &submission.via, now: book.now };
    let mut response = answer::response(ResponseCode::Rejected);
    response.reference = attempt.reference().to_owned();
    response.faults = answer::faults(faults);
    let entries = [Some(answer::fact(&place, fact)), answer::reply(&place, attempt.sender(), response)];
    book.entries.extend(entries.into_iter().flatten());
    Verdict::Refused(faults.to_vec())
}

/// What a refused text may take of a row.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// A parsed declaration as the topics carry it.
pub fn typed(parsed: domain::Declaration, key: DeclarationKey, version: u8, class: Class) -> common::Declaration {
    let direction = match parsed.direction {
        values::Direction::Import => common::Direction::Import,
        values::Direction::Export => common::Direction::Export,
    };
    let class = match class {
        Class::Cargo => common::TrafficClass::Cargo,
        Class::Parcels => common::TrafficClass::Parcels,
    };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    common::Declaration {
        key: key.to_string(),
        version: u32::from(version),
        sender: parsed.sender,
        reference: parsed.reference,
        direction: direction.into(),
        class: class.into(),
        kind: parsed.kind.to_string(),
        office: parsed.office.to_string(),
        team: parsed.team,
        trader: parsed.trader.as_str().to_owned(),
        declarant: parsed.declarant,
        counterparty: parsed.counterparty,
        counterparty_country: text(parsed.counterparty_country.as_ref().map(values::CountryCode::as_str)),
        transport_mode: parsed.transport_mode,
        plate: text(parsed.plate.as_ref().map(values::Plate::as_str)),
        plate_country: text(parsed.plate_country.map(values::PlateCountry::as_str)),
        gross_mass_g: parsed.gross_mass.units(),
        packages: parsed.packages,
        currency: text(parsed.currency.as_ref().map(values::CurrencyCode::as_str)),
        value: parsed.value.units(),
        duty_vnd: parsed.duty.units(),
        lines: parsed.lines.into_iter().map(line).collect(),
        tax_deadline: parsed.tax_deadline,
        loading_place: parsed.loading_place,
        unloading_place: parsed.unloading_place,
        split_first: parsed.split.and_then(|s| s.first).map(|first| first.to_string()).unwrap_or_default(),
    }
}

fn line(line: domain::GoodsLine) -> common::GoodsLine {
    common::GoodsLine {
        line: line.line,
        commodity_code: line.commodity_code.to_string(),
        description: line.description,
        origin: line.origin.map(|origin| origin.to_string()).unwrap_or_default(),
        tariff_table: line.tariff_table,
        quantity: line.quantity.units(),
        quantity_unit: line.quantity_unit,
        net_mass_g: line.net_mass.units(),
        value: line.value.units(),
        duty_rate: line.duty_rate.units(),
        duty_vnd: line.duty.units(),
    }
}
