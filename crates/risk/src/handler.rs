//! What risk does with the facts it hears.
use std::sync::Arc;

use async_trait::async_trait;
use contracts::{
    common::Declaration,
    intake::{IntakeEvent, intake_event},
    tracking::{Held, TrackingEvent, tracking_event},
};
use platform::{Fact, Failure, Handler, Outcome, Work, streams::Layout, trace};
use prost::Message;

use crate::{
    INTAKE, assigning,
    book::{Book, Wanted},
    deciding,
    place::Via,
    regime::InForce,
};

/// Decides what intake lodges.
pub struct RiskHandler {
    in_force: Arc<InForce>,
    layout: Layout,
}

impl RiskHandler {
    pub fn new(in_force: Arc<InForce>, layout: Layout) -> Self {
        Self { in_force, layout }
    }
}

/// A fact as risk understands it.
enum Heard {
    Declared(Box<Declaration>),
    Withdrawn(String),
    Held(Held),
    /// Arms that change nothing here.
    Ignored,
    Rejected(Outcome),
}

#[async_trait]
impl Handler for RiskHandler {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let heard: Vec<Heard> = facts.iter().map(hear).collect();
        let wanted = wanted(&heard, facts);
        if wanted.offices.is_empty() && wanted.keys.is_empty() {
            return Ok(heard.into_iter().map(outcome).collect());
        }
        let mut book = Book::open(work.conn, &self.in_force, wanted).await?;
        let mut outcomes = Vec::with_capacity(facts.len());
        for (heard, fact) in heard.into_iter().zip(facts) {
            outcomes.push(self.take(&mut book, heard, fact)?);
        }
        book.close(work).await?;
        Ok(outcomes)
    }
}

impl RiskHandler {
    fn take(&self, book: &mut Book, heard: Heard, fact: &Fact) -> Result<Outcome, Failure> {
        let class = self.layout.class(fact.partition.unsigned_abs());
        match heard {
            Heard::Declared(declaration) => deciding::decide(book, *declaration, class, &via(fact))?,
            Heard::Withdrawn(key) => assigning::withdraw(book, &key, &via(fact))?,
            Heard::Held(held) => {
                let plate = held.vehicle.as_ref().map(|v| v.plate.as_str()).unwrap_or_default();
                book.count("vehicle", plate, 0, 1);
                if held.reason.starts_with("SEAL") {
                    book.count("seal", plate, 1, 1);
                }
            }
            other @ (Heard::Ignored | Heard::Rejected(_)) => return Ok(outcome(other)),
        }
        Ok(Outcome::Done)
    }
}

fn via(fact: &Fact) -> Via {
    let cause = fact.cause();
    Via { trace: trace::follow(fact.traceparent(), "risk.decide", &cause, fact.at()), cause, actor: "risk".to_owned() }
}

fn outcome(heard: Heard) -> Outcome {
    match heard {
        Heard::Rejected(outcome) => outcome,
        _ => Outcome::Done,
    }
}

fn wanted(heard: &[Heard], facts: &[Fact]) -> Wanted {
    let mut wanted = Wanted::default();
    for (heard, fact) in heard.iter().zip(facts) {
        match heard {
            Heard::Declared(d) => {
                wanted.offices.push(d.office.clone());
                wanted.keys.push(d.key.clone());
                for (kind, code) in [("trader", &d.trader), ("declarant", &d.declarant), ("vehicle", &d.plate), ("seal", &d.plate)] {
                    if !code.is_empty() {
                        wanted.history.put(kind, code, None);
                    }
                }
                wanted.traders.push(d.trader.clone());
                wanted.groups.extend(d.split_first.get(..11).map(str::to_owned));
            }
            Heard::Withdrawn(key) => wanted.keys.push(key.clone()),
            Heard::Held(_) => wanted.offices.push(fact.office().to_owned()),
            Heard::Ignored | Heard::Rejected(_) => {}
        }
    }
    wanted
}

fn hear(fact: &Fact) -> Heard {
    if *fact.topic == *INTAKE { hear_intake(fact) } else { hear_tracking(fact) }
}

fn hear_intake(fact: &Fact) -> Heard {
    use intake_event::Fact as Arm;
    let event = match IntakeEvent::decode(&*fact.payload) {
        Ok(event) => event,
        Err(error) => return Heard::Rejected(Outcome::undecodable(error)),
    };
    match event.fact {
        Some(Arm::Lodged(lodged)) => declared(lodged.declaration),
        Some(Arm::Amended(amended)) => declared(amended.declaration),
        Some(Arm::Withdrawn(withdrawn)) => Heard::Withdrawn(withdrawn.key),
        // Payment and clearance come after the decision; refusals were never registered.
        Some(
            Arm::Refused(_)
            | Arm::PaymentReceived(_)
            | Arm::TaxDue(_)
            | Arm::Cleared(_)
            | Arm::ClearanceRefused(_)
            | Arm::Superseded(_)
            | Arm::HeadsWitnessed(_)
            | Arm::DeadLetterDiscarded(_),
        ) => Heard::Ignored,
        None => Heard::Rejected(Outcome::unknown_kind(fact.kind())),
    }
}

fn declared(declaration: Option<Declaration>) -> Heard {
    match declaration {
        Some(declaration) if !declaration.key.is_empty() && !declaration.lines.is_empty() => Heard::Declared(Box::new(declaration)),
        _ => Heard::Rejected(Outcome::Reject { code: "INCOMPLETE", reason: "a declaration without key or lines".to_owned() }),
    }
}

fn hear_tracking(fact: &Fact) -> Heard {
    use tracking_event::Fact as Arm;
    let event = match TrackingEvent::decode(&*fact.payload) {
        Ok(event) => event,
        Err(error) => return Heard::Rejected(Outcome::undecodable(error)),
    };
    match event.fact {
        Some(Arm::Held(held)) => Heard::Held(held),
        // Where a vehicle is does not change how risky its goods are.
        Some(
            Arm::Announced(_)
            | Arm::Arrived(_)
            | Arm::Unrecognised(_)
            | Arm::Departed(_)
            | Arm::Linked(_)
            | Arm::Released(_)
            | Arm::HeadsWitnessed(_)
            | Arm::DeadLetterDiscarded(_),
        ) => Heard::Ignored,
        None => Heard::Rejected(Outcome::unknown_kind(fact.kind())),
    }
}
