//! The lane of a declaration, and who checks it.
use contracts::{
    common,
    risk::{self as wire, Assigned, AssignmentClosed, Decided, Superseded, Traced},
};
use platform::{Failure, clock, streams::Class};
use risk_domain::{Assignment, Choice, Facts, Form, History, LineFacts, Load, Pick, Selection, Trace, assign, digest, points, select};
use values::{Direction, Lane};

use crate::{
    book::{Book, Place, Via},
    store::FileRow,
};

/// Decides a lodged or amended declaration.
pub fn decide(book: &mut Book, declaration: &common::Declaration, class: Class, via: &Via) -> Result<(), Failure> {
    let office = declaration.office.clone();
    let now = book.at_work(&office, via)?;
    let earlier = book.file(&declaration.key).cloned();
    let version = i16::try_from(declaration.version).unwrap_or(i16::MAX);
    if let Some(file) = earlier.as_ref().filter(|f| f.version >= version) {
        let fact = Superseded {
            key: declaration.key.clone(),
            version: u32::from(file.version.unsigned_abs()),
            named: declaration.version,
            fact: "Amended".to_owned(),
        };
        let place = Place { class, office: &office, subject: &declaration.key, via, now };
        book.entries.push(place.fact(fact));
        return Ok(());
    }
    if let Some(file) = &earlier {
        close_assignment(book, file, "amended", via)?;
    }
    let facts = facts(book, declaration, earlier.as_ref())?;
    let (selection, day, selection_day) = {
        let hand = book.office(&office)?;
        let (day, _) = hand.open()?;
        // An amendment keeps its selection draws, as long as it stays at the office whose key they came from.
        let selection_day = earlier.as_ref().filter(|f| f.office == office).map_or(day, |f| f.selection_day);
        (select(&facts, &book.rules.set, day, hand.key(selection_day)?, &declaration.key), day, selection_day)
    };
    let mut file = FileRow {
        key: declaration.key.clone(),
        version,
        office: office.clone(),
        class: class_name(class).to_owned(),
        lane: selection.lane.as_str().to_owned(),
        form: form_name(selection.form).to_owned(),
        state: "NONE".to_owned(),
        officer: String::new(),
        queue_reason: String::new(),
        points: i32::try_from(points(u32::try_from(facts.lines.len()).unwrap_or(0))).unwrap_or(i32::MAX),
        round: 0,
        selection_day,
        since: now,
        facts: serde_json::to_vec(&facts).map_err(|e| Failure::Deterministic(e.to_string()))?,
        trace: via.trace.clone(),
    };
    let assignment = if selection.lane == Lane::Green { None } else { Some(pick(book, &file, &facts, &[])?) };
    if let Some(assignment) = &assignment {
        take(book, &mut file, &assignment.choice);
    }
    book.count("trader", &facts.trader, 1, 0);
    book.count("declarant", &facts.declarant, 1, 0);
    let trace_digest = trace(book, &file, facts, selection.clone(), assignment, &[], class, via)?;
    let hand = book.office_mut(&office)?;
    hand.days.decisions += 1;
    let decided = Decided {
        key: file.key.clone(),
        version: declaration.version,
        lane: wire_lane(selection.lane).into(),
        form: wire_form(selection.form).into(),
        legal_ground: selection.ground,
        score: selection.score,
        day: day.to_string(),
        trace_digest,
        officer: file.officer.clone(),
        queue_reason: file.queue_reason.clone(),
        points: file.points.unsigned_abs(),
        rules: hand.rules().to_vec(),
    };
    let place = Place { class, office: &office, subject: &file.key, via, now };
    book.entries.push(place.fact(decided));
    book.put(file);
    Ok(())
}

/// Tries to find an officer for a queued file; true when one was found.
pub fn assign_queued(book: &mut Book, key: &str, via: &Via) -> Result<bool, Failure> {
    let Some(mut file) = book.file(key).filter(|f| f.state == "QUEUED").cloned() else { return Ok(false) };
    let now = book.at_work(&file.office, via)?;
    let facts = read_facts(&file)?;
    file.round += 1;
    let assignment = pick(book, &file, &facts, &[])?;
    let Choice::Officer(officer) = assignment.choice.clone() else { return Ok(false) };
    take(book, &mut file, &assignment.choice);
    let class = class_of(&file.class);
    let (day, selection) = {
        let hand = book.office(&file.office)?;
        let (day, _) = hand.open()?;
        (day, select(&facts, &book.rules.set, day, hand.key(file.selection_day)?, key))
    };
    let trace_digest = trace(book, &file, facts, selection, Some(assignment), &[], class, via)?;
    let fact = Assigned {
        key: key.to_owned(),
        version: u32::from(file.version.unsigned_abs()),
        officer,
        points: file.points.unsigned_abs(),
        day: day.to_string(),
        trace_digest,
    };
    let place = Place { class, office: &file.office, subject: key, via, now };
    book.entries.push(place.fact(fact));
    book.put(file);
    Ok(true)
}

/// A withdrawn declaration needs no check, in whatever state it is.
pub fn withdraw(book: &mut Book, key: &str, via: &Via) -> Result<(), Failure> {
    let Some(file) = book.file(key).cloned() else { return Ok(()) };
    book.at_work(&file.office, via)?;
    close_assignment(book, &file, "withdrawn", via)?;
    book.put(FileRow { state: "WITHDRAWN".to_owned(), ..file });
    Ok(())
}

/// Gives an open or queued file up; its points stay with nobody.
fn close_assignment(book: &mut Book, file: &FileRow, reason: &str, via: &Via) -> Result<(), Failure> {
    if file.state != "OPEN" && file.state != "QUEUED" {
        return Ok(());
    }
    let now = book.at_work(&file.office, via)?;
    if file.state == "OPEN" {
        book.load(&file.office, &file.officer, -i64::from(file.points), -1);
    }
    let fact = AssignmentClosed {
        key: file.key.clone(),
        version: u32::from(file.version.unsigned_abs()),
        officer: file.officer.clone(),
        reason: reason.to_owned(),
        points: file.points.unsigned_abs(),
    };
    let place = Place { class: class_of(&file.class), office: &file.office, subject: &file.key, via, now };
    book.entries.push(place.fact(fact));
    Ok(())
}

/// Filters and draws for a file.
pub fn pick(book: &Book, file: &FileRow, facts: &Facts, exclude: &[&str]) -> Result<Assignment, Failure> {
    let hand = book.office(&file.office)?;
    let (_, key) = hand.open()?;
    let pick = Pick {
        declaration: &file.key,
        version: u32::from(file.version.unsigned_abs()),
        list: facts.direction.as_str(),
        commodities: facts.lines.iter().map(|l| l.commodity.as_str()).collect(),
        trader: &facts.trader,
        declarant: &facts.declarant,
        exclude: exclude.to_vec(),
        default_cap: book.rules.set.weights.default_cap,
        month_start_us: month_start(book),
        now_us: hand.now.timestamp_micros(),
        round: file.round.unsigned_abs(),
    };
    let load = |officer: &str| {
        let (points, files) = book.loads.get(&(file.office.clone(), officer.to_owned())).copied().unwrap_or_default();
        Load { points: points.unsigned_abs(), open_files: files.unsigned_abs() }
    };
    Ok(assign(&pick, &hand.roster, load, key))
}

/// Hands the file to the chosen officer or puts it into the queue.
pub fn take(book: &mut Book, file: &mut FileRow, choice: &Choice) {
    match choice {
        Choice::Officer(code) => {
            book.load(&file.office, code, i64::from(file.points), 1);
            file.state = "OPEN".to_owned();
            file.officer = code.clone();
            file.queue_reason = String::new();
        }
        Choice::Queued(reason) => {
            file.state = "QUEUED".to_owned();
            file.officer = String::new();
            file.queue_reason = reason.clone();
        }
    }
}

/// Journals the trace of a decision; returns its salted digest.
#[expect(clippy::too_many_arguments, reason = "a trace has all of its parts")]
pub fn trace(
    book: &mut Book,
    file: &FileRow,
    facts: Facts,
    selection: Selection,
    assignment: Option<Assignment>,
    excluded: &[&str],
    class: Class,
    via: &Via,
) -> Result<Vec<u8>, Failure> {
    let hand = book.office(&file.office)?;
    let (day, _) = hand.open()?;
    let trace = Trace {
        office: file.office.clone(),
        day: day.to_string(),
        selection_day: file.selection_day.to_string(),
        now_us: hand.now.timestamp_micros(),
        declaration: file.key.clone(),
        version: u32::from(file.version.unsigned_abs()),
        round: file.round.unsigned_abs(),
        facts,
        rules: hex::encode(hand.rules()),
        roster: hex::encode(hand.roster.digest()),
        selection,
        assignment,
        excluded: excluded.iter().map(|s| (*s).to_owned()).collect(),
        points: file.points.unsigned_abs(),
    };
    let salt: [u8; 16] = clock::random().map_err(|e| Failure::Retry(e.to_string()))?;
    let bytes = trace.bytes();
    let digest = digest(&salt, &bytes).to_vec();
    let place = Place { class, office: &file.office, subject: &file.key, via, now: hand.now };
    let entry = place.trace(Traced { key: file.key.clone(), version: trace.version, salt: salt.to_vec(), trace: bytes });
    book.entries.push(entry);
    Ok(digest)
}

pub fn read_facts(file: &FileRow) -> Result<Facts, Failure> {
    serde_json::from_slice(&file.facts).map_err(|e| Failure::Deterministic(format!("facts of {}: {e}", file.key)))
}

fn month_start(book: &Book) -> i64 {
    let midnight = book.month().and_hms_opt(0, 0, 0).unwrap_or_default();
    midnight.and_local_timezone(values::ZONE).earliest().map_or(0, |t| t.timestamp_micros())
}

fn facts(book: &Book, d: &common::Declaration, earlier: Option<&FileRow>) -> Result<Facts, Failure> {
    let direction = match d.direction() {
        common::Direction::Import => Direction::Import,
        common::Direction::Export => Direction::Export,
        common::Direction::Unspecified => return Err(Failure::Deterministic("a declaration without direction".to_owned())),
    };
    let count = |kind: &str, code: &str| book.history.get(&(kind.to_owned(), code.to_owned())).copied().unwrap_or_default();
    let (trader, declarant, vehicle) = (count("trader", &d.trader), count("declarant", &d.declarant), count("vehicle", &d.plate));
    let lines = d
        .lines
        .iter()
        .map(|l| LineFacts {
            line: l.line,
            commodity: l.commodity_code.clone(),
            origin: l.origin.clone(),
            tariff_table: l.tariff_table.clone(),
            quantity: l.quantity,
            value: l.value,
            net_mass_g: l.net_mass_g,
            duty_rate: l.duty_rate,
            duty_vnd: l.duty_vnd,
        })
        .collect();
    Ok(Facts {
        direction,
        kind: d.kind.clone(),
        office: d.office.clone(),
        transport_mode: d.transport_mode.clone(),
        trader: d.trader.clone(),
        declarant: d.declarant.clone(),
        counterparty_country: d.counterparty_country.clone(),
        plate: d.plate.clone(),
        plate_country: d.plate_country.clone(),
        tax_deadline: d.tax_deadline.clone(),
        currency: d.currency.clone(),
        value: d.value,
        duty_vnd: d.duty_vnd,
        gross_mass_g: d.gross_mass_g,
        packages: i64::from(d.packages),
        lines,
        history: History {
            trader_30d: trader[0],
            trader_90d: trader[1],
            trader_365d: trader[2],
            trader_nonconform_365d: trader[3],
            declarant_90d: declarant[1],
            declarant_nonconform_365d: declarant[3],
            vehicle_held_90d: vehicle[1],
            earlier_lane: earlier.and_then(|f| Lane::parse(&f.lane).ok()),
        },
    })
}

pub fn class_of(name: &str) -> Class {
    if name == "parcels" { Class::Parcels } else { Class::Cargo }
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Cargo => "cargo",
        Class::Parcels => "parcels",
    }
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::None => "none",
        Form::Documents => "documents",
        Form::Scanner => "scanner",
        Form::Direct => "direct",
        Form::Laboratory => "laboratory",
    }
}

/// Form by the name in the table.
pub fn form_of(name: &str) -> wire::Form {
    match name {
        "documents" => wire::Form::Documents,
        "scanner" => wire::Form::Scanner,
        "direct" => wire::Form::Direct,
        "laboratory" => wire::Form::Laboratory,
        _ => wire::Form::Unspecified,
    }
}

pub fn wire_form(form: Form) -> wire::Form {
    form_of(form_name(form))
}

pub fn wire_lane(lane: Lane) -> common::Lane {
    match lane {
        Lane::Green => common::Lane::Green,
        Lane::Yellow => common::Lane::Yellow,
        Lane::Red => common::Lane::Red,
    }
}
