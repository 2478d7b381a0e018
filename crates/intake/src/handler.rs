//! What intake does with the facts it hears.
use std::sync::Arc;

use async_trait::async_trait;
use contracts::{
    risk::{Assigned, Concluded, Decided, LaneChanged, Reassigned, RiskEvent, risk_event},
    tracking::{Departed, TrackingEvent, tracking_event},
};
use intake_domain::{Fault, ResponseCode};
use platform::{
    Fact, Failure, Handler, Outcome, Work,
    streams::{Class, Layout},
    trace,
};
use prost::Message;

use crate::{
    RISK, Rules, TRACKING, amending,
    answer::{self, Place},
    book::{Book, Wanted},
    hearing, lodging,
    lodging::Verdict,
    paying,
    submission::{self, Attempt, Submission, Via, content_type},
    withdrawing,
};

/// Receives declarations and payments, and what became of them.
pub struct IntakeHandler {
    rules: Arc<Rules>,
    layout: Layout,
}

impl IntakeHandler {
    pub fn new(rules: Arc<Rules>, layout: Layout) -> Self {
        Self { rules, layout }
    }
}

/// A fact as intake understands it.
pub enum Heard {
    Submitted(Submission),
    Decided(Decided),
    Assigned(Assigned),
    Reassigned(Reassigned),
    Concluded(Concluded),
    LaneChanged(LaneChanged),
    Departed(Departed),
    /// Arms that change nothing here.
    Ignored,
    Rejected(Outcome),
    /// A message of the single window that cannot be read; the sender is told.
    Unreadable(String),
}

#[async_trait]
impl Handler for IntakeHandler {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let heard: Vec<Heard> = facts.iter().map(hear).collect();
        let mut wanted = Wanted::default();
        heard.iter().for_each(|h| want(h, &mut wanted));
        let mut book = Book::open(work.conn, wanted, work.now).await?;
        let mut outcomes = Vec::with_capacity(facts.len());
        for (heard, fact) in heard.into_iter().zip(facts) {
            outcomes.push(self.take(&mut book, heard, fact)?);
        }
        book.close(work).await?;
        Ok(outcomes)
    }
}

impl IntakeHandler {
    fn take(&self, book: &mut Book, heard: Heard, fact: &Fact) -> Result<Outcome, Failure> {
        match heard {
            Heard::Submitted(submission) => Ok(match submit(book, &self.rules, &submission)? {
                Verdict::Unknown(subject) => Outcome::Await { subject },
                Verdict::Accepted(_) | Verdict::Refused(_) => Outcome::Done,
            }),
            Heard::Decided(decided) => hearing::decided(book, &decided, &via(fact)),
            Heard::Assigned(assigned) => hearing::assigned(book, &assigned, &via(fact)),
            Heard::Reassigned(reassigned) => hearing::reassigned(book, &reassigned, &via(fact)),
            Heard::Concluded(concluded) => hearing::concluded(book, &concluded, &via(fact)),
            Heard::LaneChanged(changed) => hearing::lane_changed(book, &changed, &via(fact)),
            Heard::Departed(departed) => {
                hearing::departed(book, &departed, &via(fact));
                Ok(Outcome::Done)
            }
            Heard::Ignored => Ok(Outcome::Done),
            Heard::Rejected(outcome) => Ok(outcome),
            Heard::Unreadable(reason) => {
                self.answer_unreadable(book, fact, &reason);
                Ok(Outcome::undecodable(reason))
            }
        }
    }

    /// Answer 03 to whoever published it, when it says who.
    fn answer_unreadable(&self, book: &mut Book, fact: &Fact, reason: &str) {
        let message = fact.message_id();
        // A redriven message was answered when it came.
        if message.0.is_empty() || message.1.is_empty() || fact.redriven {
            return;
        }
        let recipient = message.0.rsplit('/').next().unwrap_or_default().to_owned();
        let via = Via { wire: content_type(fact), message: Some(message), reused: fact.reused, ..via(fact) };
        let class = if *fact.topic == *crate::PARCELS { Class::Parcels } else { self.layout.class(fact.partition.unsigned_abs()) };
        let place = Place { class, office: "", subject: "", via: &via, now: book.now };
        let mut response = answer::response(ResponseCode::Rejected);
        response.faults = answer::faults(&[Fault {
            code: "CG090",
            pointer: String::new(),
            text_vi: "Không đọc được thông điệp.",
            text_en: "The message cannot be read.",
        }]);
        response.note_en = reason.chars().take(300).collect();
        book.entries.extend(answer::reply(&place, &recipient, response));
    }
}

/// Does what a submission wants, whichever way it came.
pub fn submit(book: &mut Book, rules: &Rules, submission: &Submission) -> Result<Verdict, Failure> {
    match &submission.attempt {
        Attempt::Lodge(content) => lodging::lodge(book, rules, submission, content),
        Attempt::Amend(content) => amending::amend(book, rules, submission, content),
        Attempt::Withdraw(withdrawal) => withdrawing::withdraw(book, submission, withdrawal),
        Attempt::Pay(payment) => paying::pay(book, submission, payment),
    }
}

/// What a fact needs to be looked up.
pub fn want(heard: &Heard, wanted: &mut Wanted) {
    let mut key = |number: &str| wanted.keys.extend(number.get(..11).map(str::to_owned));
    match heard {
        Heard::Submitted(submission) => match &submission.attempt {
            Attempt::Lodge(c) => {
                wanted.references.push((c.draft.sender.clone(), c.draft.reference.clone()));
                wanted.serials += 1;
            }
            Attempt::Amend(c) => {
                key(&c.draft.number);
                wanted.history.extend(c.draft.number.get(..11).map(str::to_owned));
            }
            Attempt::Withdraw(w) => {
                key(&w.number);
                wanted.references.push((w.sender.clone(), w.reference.clone()));
            }
            Attempt::Pay(p) => {
                key(&p.number);
                wanted.payments.push(p.reference.clone());
            }
        },
        Heard::Decided(f) => key(&f.key),
        Heard::Assigned(f) => key(&f.key),
        Heard::Reassigned(f) => key(&f.key),
        Heard::Concluded(f) => key(&f.key),
        Heard::LaneChanged(f) => key(&f.key),
        Heard::Departed(f) => f.declarations.iter().for_each(|k| key(k)),
        Heard::Ignored | Heard::Rejected(_) | Heard::Unreadable(_) => {}
    }
}

fn via(fact: &Fact) -> Via {
    let cause = fact.cause();
    Via {
        trace: trace::follow(fact.traceparent(), "intake.hear", &cause, fact.at()),
        cause,
        actor: "intake".to_owned(),
        wire: "",
        message: None,
        reused: false,
    }
}

fn hear(fact: &Fact) -> Heard {
    match &*fact.topic {
        RISK => hear_risk(fact),
        TRACKING => hear_tracking(fact),
        _ => match submission::read(fact) {
            Ok(submission) => Heard::Submitted(submission),
            Err(reason) => Heard::Unreadable(reason),
        },
    }
}

fn hear_risk(fact: &Fact) -> Heard {
    use risk_event::Fact as Arm;
    let event = match RiskEvent::decode(&*fact.payload) {
        Ok(event) => event,
        Err(error) => return Heard::Rejected(Outcome::undecodable(error)),
    };
    match event.fact {
        Some(Arm::Decided(decided)) => Heard::Decided(decided),
        Some(Arm::Assigned(assigned)) => Heard::Assigned(assigned),
        Some(Arm::Reassigned(reassigned)) => Heard::Reassigned(reassigned),
        Some(Arm::Concluded(concluded)) => Heard::Concluded(concluded),
        Some(Arm::LaneChanged(changed)) => Heard::LaneChanged(changed),
        // Days, rosters and rules are about offices; a closed assignment follows from intake's own facts.
        Some(
            Arm::AssignmentClosed(_)
            | Arm::Superseded(_)
            | Arm::DayCommitted(_)
            | Arm::DayOpened(_)
            | Arm::DayClosed(_)
            | Arm::DayKeyRevealed(_)
            | Arm::RulesInForce(_)
            | Arm::RosterSet(_)
            | Arm::HeadsWitnessed(_)
            | Arm::DeadLetterDiscarded(_),
        ) => Heard::Ignored,
        None => Heard::Rejected(Outcome::unknown_kind(fact.kind())),
    }
}

fn hear_tracking(fact: &Fact) -> Heard {
    use tracking_event::Fact as Arm;
    let event = match TrackingEvent::decode(&*fact.payload) {
        Ok(event) => event,
        Err(error) => return Heard::Rejected(Outcome::undecodable(error)),
    };
    match event.fact {
        Some(Arm::Departed(departed)) => Heard::Departed(departed),
        // The sender is told of the exit alone.
        Some(
            Arm::Announced(_)
            | Arm::Arrived(_)
            | Arm::Held(_)
            | Arm::Unrecognised(_)
            | Arm::Linked(_)
            | Arm::Released(_)
            | Arm::HeadsWitnessed(_)
            | Arm::DeadLetterDiscarded(_),
        ) => Heard::Ignored,
        None => Heard::Rejected(Outcome::unknown_kind(fact.kind())),
    }
}
