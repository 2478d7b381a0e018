//! The declarant takes a declaration back before clearance (Customs Law 54/2014/QH13 article 29).
use contracts::{intake::Withdrawn, nsw::v1 as wire};
use intake_domain::{Refusal, ResponseCode, State};
use platform::Failure;

use crate::{
    answer::{self, Place},
    book::Book,
    lodging::{Verdict, refuse},
    submission::Submission,
};

/// Withdraws the declaration that the number or the sender's reference names.
pub fn withdraw(book: &mut Book, submission: &Submission, withdrawal: &wire::Withdrawal) -> Result<Verdict, Failure> {
    let refused = |book: &mut Book, refusal: Refusal| Ok(refuse(book, submission, &[refusal.fault()]));
    if submission.via.reused {
        return refused(book, Refusal::OtherContent);
    }
    let by_number = withdrawal.number.get(..11).and_then(|key| book.record(key));
    let Some(record) = by_number.or_else(|| book.by_reference(&withdrawal.sender, &withdrawal.reference)).cloned() else {
        let key = withdrawal.number.get(..11).filter(|key| values::DeclarationKey::parse(key).is_ok());
        return match key {
            Some(key) => Ok(Verdict::Unknown(key.to_owned())),
            None => refused(book, Refusal::Unknown),
        };
    };
    if record.sender != withdrawal.sender {
        return refused(book, Refusal::ForeignSender);
    }
    if withdrawal.reason.trim().is_empty() {
        return refused(book, Refusal::NoReason);
    }
    if record.standing.state == State::Withdrawn {
        return refused(book, Refusal::WithdrawTwice);
    }
    let (standing, _) = match record.standing.clone().withdraw() {
        Ok(step) => step,
        Err(refusal) => return refused(book, refusal),
    };
    let changed = book.change(record.key.as_str(), standing).ok_or_else(|| Failure::Retry("the declaration was not loaded".to_owned()))?.clone();
    let place = Place { class: changed.class, office: &changed.office, subject: changed.key.as_str(), via: &submission.via, now: book.now };
    let version = u32::from(changed.standing.version.count());
    let fact = Withdrawn { key: changed.key.to_string(), version, reason: withdrawal.reason.clone() };
    let mut response = answer::response(ResponseCode::Invalidated);
    response.reference = changed.reference.clone();
    response.number = changed.number();
    response.version = version;
    let entries = [Some(answer::fact(&place, fact)), answer::reply(&place, &changed.sender, response)];
    book.entries.extend(entries.into_iter().flatten());
    Ok(Verdict::Accepted(changed.number()))
}
