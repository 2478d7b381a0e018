//! The result of a document check or examination.
use contracts::risk::{ConcludeRequest, Concluded};
use platform::{Failure, callers::Caller, serving::Refusal};
use risk_domain::{Facts, Match, MatchOutcome, Selection, outcomes::Outcome};
use sha2::{Digest, Sha256};
use values::{Day, DeclarationNumber};

use crate::{
    book::Book,
    deciding::selection,
    facts::read_facts,
    place::{Place, Via},
    store::{FileRow, OutcomeRow},
    wire::{class_of, form_of},
};

/// Concludes; the note stays behind, its digest travels.
pub fn conclude(book: &mut Book, request: &ConcludeRequest, caller: &Caller, via: &Via) -> Result<Result<(), Refusal>, Failure> {
    let (number, file) = match open_file(book, &request.number) {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !caller.acts_for(&file.office) {
        return Ok(Err(Refusal::other_office(&file.office)));
    }
    if file.officer != caller.subject && !caller.has("supervisor") {
        return Ok(Err(Refusal::Denied("the file belongs to another officer".to_owned())));
    }
    let now = book.at_work(&file.office, via)?;
    let facts = read_facts(&file)?;
    book.office_mut(&file.office)?.ledger.concluded(&file.officer);
    let found = i32::from(!request.conform);
    book.count("trader", &facts.trader, 0, found);
    book.count("declarant", &facts.declarant, 0, found);
    learn(book, &file, &facts, request.conform)?;
    let fact = Concluded {
        key: file.key.clone(),
        version: u32::from(number.version.count()),
        form: form_of(&file.form).into(),
        conform: request.conform,
        code: request.code.clone(),
        officer: file.officer.clone(),
        note_digest: Sha256::digest(request.note.as_bytes()).to_vec(),
    };
    let place = Place { class: class_of(&file.class), office: &file.office, subject: &file.key, via, now };
    book.entries.push(place.fact(fact));
    book.put(FileRow { state: "CONCLUDED".to_owned(), ..file });
    Ok(Ok(()))
}

/// Credits the finding to what selected the declaration.
fn learn(book: &mut Book, file: &FileRow, facts: &Facts, conform: bool) -> Result<(), Failure> {
    let Some(selection) = selection(file)? else { return Ok(()) };
    let selected = selection.matched.iter().filter(|m| m.outcome == MatchOutcome::Selected);
    for Match { profile, .. } in selected {
        let spares = book.regime.rules.profile(profile, file.selection_day).is_some_and(|p| p.spare_after > 0);
        if spares {
            book.count(&format!("check:{profile}"), &facts.trader, 1, i32::from(!conform));
        }
    }
    // What a finding brings in is settled later; the duty of the declaration bounds it.
    let revenue_vnd = if conform { 0 } else { facts.duty_vnd };
    let outcome = Outcome { found: Some(!conform), revenue_vnd, ..outcome(selection, file.selection_day) };
    let outcome = serde_json::to_vec(&outcome).map_err(|e| Failure::Deterministic(e.to_string()))?;
    book.outcomes.push(OutcomeRow { key: file.key.clone(), version: file.version, office: file.office.clone(), day: file.selection_day, outcome });
    Ok(())
}

/// A decision whose check, if there is one, has not been concluded.
pub fn outcome(selection: Selection, day: Day) -> Outcome {
    let selected = selection.matched.into_iter().filter(|m| m.outcome == MatchOutcome::Selected);
    Outcome {
        profiles: selected.map(|m| (m.profile, m.version)).collect(),
        by: selection.by,
        random: selection.random,
        random_propensity: selection.random_propensity,
        propensity: selection.propensity,
        score: selection.learned,
        lane: selection.lane,
        found: None,
        revenue_vnd: 0,
        day,
    }
}

/// The open file that a number names, in its current version.
pub fn open_file(book: &Book, number: &str) -> Result<(DeclarationNumber, FileRow), Refusal> {
    let parsed =
        DeclarationNumber::parse(number).map_err(|e| Refusal::invalid("/number", "CG301", "Số tờ khai phải có 12 chữ số", &e.to_string()))?;
    let file = book.file(parsed.key.as_str()).cloned().ok_or_else(|| Refusal::NotFound(format!("no declaration {number}")))?;
    if file.version != i16::from(parsed.version.count()) {
        let text = format!("the current version is {}{}: check that one", parsed.key, file.version);
        return Err(Refusal::conflict("SUPERSEDED", &text));
    }
    match file.state.as_str() {
        "OPEN" => Ok((parsed, file)),
        "QUEUED" => Err(Refusal::conflict("QUEUED", "the file waits for an officer")),
        "CONCLUDED" => Err(Refusal::conflict("CONCLUDED", "the check was concluded before")),
        "WITHDRAWN" => Err(Refusal::conflict("WITHDRAWN", "the declaration was withdrawn")),
        _ => Err(Refusal::conflict("NO_CHECK", "the declaration needs no check")),
    }
}
