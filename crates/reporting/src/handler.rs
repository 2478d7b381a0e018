//! Folds facts of the three owners into the read models: everything in memory, then one statement for each table.
use async_trait::async_trait;
use contracts::{intake::IntakeEvent, risk::RiskEvent, tracking::TrackingEvent};
use platform::{Fact, Failure, Handler, Outcome, Work, clock};
use prost::Message;

use crate::{
    INTAKE, RISK, TRACKING,
    book::{Book, Place},
    hear, store,
};

/// Reporting as a reader: facts of different topics commute, so that nothing is ever awaited.
pub struct Reading;

#[async_trait]
impl Handler for Reading {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let mut book = Book::default();
        let outcomes = facts.iter().map(|fact| take(&mut book, fact).unwrap_or_else(|refused| refused)).collect();
        store::save(work.conn, &book, clock::now()).await?;
        Ok(outcomes)
    }
}

fn take<'f>(book: &mut Book<'f>, fact: &'f Fact) -> Result<Outcome, Outcome> {
    let place = Place::of(fact)?;
    match &*fact.topic {
        INTAKE => hear::intake::hear(book, &place, decoded::<IntakeEvent>(fact)?.fact.ok_or_else(|| unknown(fact))?)?,
        RISK => hear::risk::hear(book, &place, decoded::<RiskEvent>(fact)?.fact.ok_or_else(|| unknown(fact))?)?,
        TRACKING => hear::tracking::hear(book, &place, decoded::<TrackingEvent>(fact)?.fact.ok_or_else(|| unknown(fact))?)?,
        other => return Err(Outcome::Reject { code: "UNKNOWN_TOPIC", reason: format!("topic {other} is not heard") }),
    }
    Ok(Outcome::Done)
}

fn decoded<M: Message + Default>(fact: &Fact) -> Result<M, Outcome> {
    M::decode(&*fact.payload).map_err(Outcome::undecodable)
}

fn unknown(fact: &Fact) -> Outcome {
    Outcome::unknown_kind(fact.kind())
}
