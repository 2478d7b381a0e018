//! A payment of duties and taxes: recorded once by its reference, clears what waited for it.
use contracts::{intake::PaymentReceived, nsw::v1 as wire};
use intake_domain::{Fact, Refusal, ResponseCode};
use platform::Failure;
use values::{DeclarationKey, Vnd};

use crate::{
    answer::{self, Place},
    book::Book,
    hearing,
    lodging::{Verdict, refuse},
    store::PaymentRow,
    submission::Submission,
};

/// Records a payment.
pub fn pay(book: &mut Book, submission: &Submission, payment: &wire::Payment) -> Result<Verdict, Failure> {
    let refused = |book: &mut Book, refusal: Refusal| Ok(refuse(book, submission, &[refusal.fault()]));
    let key = payment.number.get(..11).and_then(|key| DeclarationKey::parse(key).ok());
    let Some(key) = key.filter(|_| payment.number.len() <= 12) else { return refused(book, Refusal::Unknown) };
    if submission.via.reused || payment.reference.is_empty() {
        return refused(book, Refusal::OtherContent);
    }
    if payment.currency != "VND" {
        return refused(book, Refusal::OtherCurrency);
    }
    let Ok(amount) = Vnd::parse(&payment.amount) else { return refused(book, Refusal::NothingPaid) };
    let Some(record) = book.record(key.as_str()).cloned() else { return Ok(Verdict::Unknown(key.to_string())) };
    if let Some(known) = book.payment(&payment.reference) {
        let same = known.key == key.as_str() && known.amount_vnd == amount.units();
        if !same {
            return refused(book, Refusal::OtherContent);
        }
        receive(book, submission, &record);
        return Ok(Verdict::Accepted(record.number()));
    }
    let (standing, facts) = match record.standing.clone().pay(amount) {
        Ok(step) => step,
        Err(refusal) => return refused(book, refusal),
    };
    let changed = book.change(key.as_str(), standing).ok_or_else(|| Failure::Retry("the declaration was not loaded".to_owned()))?.clone();
    book.add_payment(PaymentRow { reference: payment.reference.clone(), key: key.to_string(), amount_vnd: amount.units(), at: book.now });
    let place = Place { class: changed.class, office: &changed.office, subject: key.as_str(), via: &submission.via, now: book.now };
    let fact = PaymentReceived {
        key: key.to_string(),
        version: u32::from(changed.standing.version.count()),
        payment_reference: payment.reference.clone(),
        amount_vnd: amount.units(),
        paid_vnd: changed.standing.paid.units(),
    };
    book.entries.push(answer::fact(&place, fact));
    receive(book, submission, &changed);
    let rest: Vec<Fact> = facts.into_iter().filter(|f| !matches!(f, Fact::PaymentReceived { .. })).collect();
    hearing::tell(book, key.as_str(), &rest, &submission.via, "", "");
    Ok(Verdict::Accepted(changed.number()))
}

/// Answers 02 to whoever reported the payment.
fn receive(book: &mut Book, submission: &Submission, record: &crate::book::Record) {
    let mut response = answer::response(ResponseCode::Received);
    response.reference = submission.attempt.reference().to_owned();
    response.number = record.number();
    let place = Place { class: record.class, office: &record.office, subject: record.key.as_str(), via: &submission.via, now: book.now };
    book.entries.extend(answer::reply(&place, submission.attempt.sender(), response));
}
