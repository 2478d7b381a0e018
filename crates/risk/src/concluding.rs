//! The result of a document check or examination.
use contracts::risk::{ConcludeRequest, Concluded};
use platform::{Failure, callers::Caller, serving::Refusal};
use sha2::{Digest, Sha256};
use values::DeclarationNumber;

use crate::{
    book::{Book, Place, Via},
    deciding::{class_of, form_of, read_facts},
    store::FileRow,
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
    book.load(&file.office, &file.officer, 0, -1);
    if !request.conform {
        book.count("trader", &facts.trader, 0, 1);
        book.count("declarant", &facts.declarant, 0, 1);
    }
    let fact = Concluded {
        key: file.key.clone(),
        version: u32::from(number.version.count()),
        form: form_of(&file.form).into(),
        conform: request.conform,
        code: request.code.clone(),
        officer: caller.subject.clone(),
        note_digest: Sha256::digest(request.note.as_bytes()).to_vec(),
    };
    let place = Place { class: class_of(&file.class), office: &file.office, subject: &file.key, via, now };
    book.entries.push(place.fact(fact));
    book.put(FileRow { state: "CONCLUDED".to_owned(), ..file });
    Ok(Ok(()))
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
