//! Amending a declaration (IDE/EDE; Circular 38/2015/TT-BTC article 20): a whole new version under the next amendment number.
use contracts::intake::Amended;
use intake_domain::{self as domain, Refusal};
use platform::Failure;
use prost::Message;
use values::{DeclarationNumber, local_day};

use crate::{
    Rules,
    answer::{self, Place},
    book::Book,
    lodging::{Verdict, accept, refuse, typed},
    submission::{Content, Submission},
};

/// Amends the version that the message names.
pub fn amend(book: &mut Book, rules: &Rules, submission: &Submission, content: &Content) -> Result<Verdict, Failure> {
    let Content { draft, digest } = content;
    let refused = |book: &mut Book, refusal: Refusal| Ok(refuse(book, submission, &[refusal.fault()]));
    if submission.via.reused {
        return refused(book, Refusal::OtherContent);
    }
    let Ok(number) = DeclarationNumber::parse(&draft.number) else { return refused(book, Refusal::Unknown) };
    let Some(record) = book.record(number.key.as_str()).cloned() else {
        return Ok(Verdict::Unknown(number.key.to_string()));
    };
    if record.sender != draft.sender {
        return refused(book, Refusal::ForeignSender);
    }
    if number.version != record.standing.version {
        // The same amendment again is answered as the first time.
        let made = number.version.next().and_then(|next| book.digest(number.key.as_str(), next));
        if made == Some(digest.as_slice()) {
            let number = format!("{}{}", number.key, number.version.count() + 1);
            accept(book, submission, &record, &number);
            return Ok(Verdict::Accepted(number));
        }
        return refused(book, Refusal::OtherVersion);
    }
    let parsed = match domain::parse(draft, &rules.tables, local_day(book.now)) {
        Ok(parsed) => parsed,
        Err(faults) => return Ok(refuse(book, submission, &faults)),
    };
    let moved = parsed.office.as_str() != record.office || !record.key.as_str().starts_with(first_digit(parsed.direction));
    if moved {
        return refused(book, Refusal::Moved);
    }
    let (standing, _) = match record.standing.clone().amend(parsed.duty, parsed.is_guaranteed()) {
        Ok(step) => step,
        Err(refusal) => return refused(book, refusal),
    };
    let typed = typed(parsed, record.key, standing.version.count(), record.class);
    book.supersede(record.key.as_str());
    let changed = book.change(record.key.as_str(), standing).ok_or_else(|| Failure::Retry("the declaration was not loaded".to_owned()))?;
    changed.replace(typed.office.clone(), digest.clone(), typed.encode_to_vec());
    let changed = changed.clone();
    let place = Place { class: changed.class, office: &changed.office, subject: changed.key.as_str(), via: &submission.via, now: book.now };
    book.entries.push(answer::fact(&place, Amended { declaration: Some(typed) }));
    let number = changed.number();
    accept(book, submission, &changed, &number);
    // What waited for this version can be applied now.
    book.arrived(changed.key.as_str());
    Ok(Verdict::Accepted(number))
}

fn first_digit(direction: values::Direction) -> &'static str {
    match direction {
        values::Direction::Import => "1",
        values::Direction::Export => "3",
    }
}
