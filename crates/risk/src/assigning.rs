//! Who has a file: drawn, returned, handed on, given up.
use contracts::risk::{AssignmentClosed, PickTraced, Reassigned};
use platform::{Failure, Instant, clock};
use risk_domain::{Choice, Facts, PickTrace, Preferred, RuleBook, Task, digest, pick as draw};
use values::Lane;

use crate::{
    book::Book,
    facts::read_facts,
    place::{Place, Via},
    store::FileRow,
    wire::class_of,
};

/// Filters and draws for a file.
pub fn pick(
    book: &Book,
    file: &FileRow,
    facts: &Facts,
    lane: Lane,
    excluded: Vec<String>,
    preferred: Option<Preferred>,
) -> Result<PickTrace, Failure> {
    let hand = book.office(&file.office)?;
    let task = Task {
        facts,
        lane,
        round: file.round.unsigned_abs(),
        excluded,
        preferred,
        default_cap: book.regime.rules.default_cap(),
        month_start_us: hand.month_start_us()?,
        now_us: hand.now.timestamp_micros(),
    };
    Ok(draw(&task, hand.roster(), &hand.ledger, &hand.urn(&file.key, u32::from(file.version.unsigned_abs()))?))
}

/// Hands the file to the chosen officer or puts it into the queue.
pub fn take(book: &mut Book, file: &mut FileRow, pick: &PickTrace) -> Result<(), Failure> {
    file.how.clone_from(&pick.how);
    file.supervisor.clone_from(&pick.supervisor);
    match &pick.assignment.choice {
        Choice::Officer(code) => give(book, file, code),
        Choice::Queued(reason) => {
            file.state = "QUEUED".to_owned();
            file.officer = String::new();
            file.queue_reason.clone_from(reason);
            Ok(())
        }
    }
}

/// Hands the file to an officer.
pub fn give(book: &mut Book, file: &mut FileRow, officer: &str) -> Result<(), Failure> {
    book.office_mut(&file.office)?.ledger.taken(officer, file.points.unsigned_abs());
    file.state = "OPEN".to_owned();
    file.officer = officer.to_owned();
    file.queue_reason = String::new();
    Ok(())
}

/// Draws once more for the same version and journals how. `how` overrides what the file remembers of the way it was assigned.
pub fn draw_again(book: &mut Book, file: &mut FileRow, excluded: Vec<String>, via: &Via, now: Instant) -> Result<(), Failure> {
    let pick = next_pick(book, file, excluded)?;
    settle(book, file, &pick, via, now)
}

fn next_pick(book: &Book, file: &mut FileRow, excluded: Vec<String>) -> Result<PickTrace, Failure> {
    file.round += 1;
    let facts = read_facts(file)?;
    let lane = Lane::parse(&file.lane).map_err(|e| Failure::Deterministic(e.to_string()))?;
    pick(book, file, &facts, lane, excluded, None)
}

fn settle(book: &mut Book, file: &mut FileRow, pick: &PickTrace, via: &Via, now: Instant) -> Result<(), Failure> {
    take(book, file, pick)?;
    let salt: [u8; 16] = clock::random().map_err(|e| Failure::Retry(e.to_string()))?;
    let bytes = pick.bytes();
    let trace_digest = digest(&salt, &bytes).to_vec();
    let place = Place { class: class_of(&file.class), office: &file.office, subject: &file.key, via, now };
    let roster = book.office(&file.office)?.roster();
    let assigned = crate::wire::assigned(pick, roster, file.points.unsigned_abs(), &file.grp, trace_digest);
    book.entries.push(place.fact(assigned));
    let traced = PickTraced { key: file.key.clone(), version: pick.version, round: pick.round, salt: salt.to_vec(), trace: bytes };
    book.entries.push(place.trace(traced));
    Ok(())
}

/// Tries to find an officer for a queued file; true when one was found.
pub fn assign_queued(book: &mut Book, key: &str, via: &Via) -> Result<bool, Failure> {
    let Some(mut file) = book.file(key).filter(|f| f.state == "QUEUED").cloned() else { return Ok(false) };
    let now = book.at_work(&file.office, via)?;
    let pick = next_pick(book, &mut file, Vec::new())?;
    if matches!(pick.assignment.choice, Choice::Queued(_)) {
        return Ok(false);
    }
    settle(book, &mut file, &pick, via, now)?;
    book.put(file);
    Ok(true)
}

/// Takes an open file from its officer and draws among the others; the reason and who agreed are journaled first.
pub fn hand_on(book: &mut Book, key: &str, reason: &str, second_person: &str, via: &Via) -> Result<String, Failure> {
    let Some(mut file) = book.file(key).filter(|f| f.state == "OPEN").cloned() else { return Ok(String::new()) };
    let now = book.at_work(&file.office, via)?;
    let from = file.officer.clone();
    book.office_mut(&file.office)?.ledger.released(&from, file.points.unsigned_abs());
    let at = book.entries.len();
    draw_again(book, &mut file, vec![from.clone()], via, now)?;
    let fact = Reassigned {
        key: file.key.clone(),
        version: u32::from(file.version.unsigned_abs()),
        from,
        to: file.officer.clone(),
        reason: reason.to_owned(),
        second_person: second_person.to_owned(),
        points: file.points.unsigned_abs(),
        drawn: true,
        round: file.round.unsigned_abs(),
    };
    let place = Place { class: class_of(&file.class), office: &file.office, subject: &file.key, via, now };
    // Why it moved comes before where it went.
    book.entries.insert(at, place.fact(fact));
    if !second_person.is_empty() {
        file.how = reason.to_owned();
    }
    let officer = file.officer.clone();
    book.put(file);
    Ok(officer)
}

/// A withdrawn declaration needs no check, in whatever state it is.
pub fn withdraw(book: &mut Book, key: &str, via: &Via) -> Result<(), Failure> {
    let Some(file) = book.file(key).cloned() else { return Ok(()) };
    let now = book.at_work(&file.office, via)?;
    close_assignment(book, &file, "withdrawn", via, now)?;
    book.put(FileRow { state: "WITHDRAWN".to_owned(), ..file });
    Ok(())
}

/// Gives an open or queued file up; its points stay with nobody.
pub fn close_assignment(book: &mut Book, file: &FileRow, reason: &str, via: &Via, now: Instant) -> Result<(), Failure> {
    if file.state != "OPEN" && file.state != "QUEUED" {
        return Ok(());
    }
    if file.state == "OPEN" {
        book.office_mut(&file.office)?.ledger.released(&file.officer, file.points.unsigned_abs());
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
