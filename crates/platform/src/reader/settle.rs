//! Hands facts to the handler and deals with what it says about each.
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use super::{Fact, Handler, Outcome, UNKNOWN_KIND};
use crate::{awaiting, dead_letters, failure::Failure, laboratory, work::Work};

/// Why facts could not be settled together.
#[derive(Debug)]
pub enum Halt {
    Failure(Failure),
    /// The fact at this index was rejected although later ones of its subject were applied with it: do it again, up to and including this one.
    SplitAfter(usize),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// What became of the facts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    pub done: usize,
    pub rejected: usize,
    /// Rejected because this version does not know their kind.
    pub unknown: usize,
    pub awaiting: usize,
}

/// Applies facts, and whatever was waiting for subjects that arrive with them.
pub async fn settle(handler: &dyn Handler, work: &mut Work<'_>, facts: &[Fact]) -> Result<Settled, Halt> {
    let mut settled = Settled::default();
    if !facts.is_empty() {
        let outcomes = apply(handler, work, facts).await?;
        if let Some(index) = rejected_too_late(facts, &outcomes) {
            return Err(Halt::SplitAfter(index));
        }
        record(work, facts, &outcomes, &mut settled).await?;
    }
    while !work.arrived.is_empty() {
        let subjects = std::mem::take(&mut work.arrived);
        let waiting = awaiting::take(work.conn, &subjects).await?;
        // One at a time: facts of several topics about one subject are few, and each may be rejected by itself.
        for fact in waiting {
            let outcomes = apply(handler, work, std::slice::from_ref(&fact)).await?;
            record(work, std::slice::from_ref(&fact), &outcomes, &mut settled).await?;
        }
    }
    Ok(settled)
}

/// Gives the handler what this version knows. Every version knows all that its handler does, save in the laboratory.
async fn apply(handler: &dyn Handler, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
    if facts.iter().all(|fact| laboratory::knows(fact.kind())) {
        return hand(handler, work, facts).await;
    }
    let known: Vec<Fact> = facts.iter().filter(|fact| laboratory::knows(fact.kind())).cloned().collect();
    let mut told = if known.is_empty() { Vec::new() } else { hand(handler, work, &known).await? }.into_iter();
    let outcome = |fact: &Fact| if laboratory::knows(fact.kind()) { told.next() } else { Some(Outcome::unknown_kind(fact.kind())) };
    Ok(facts.iter().filter_map(outcome).collect())
}

/// A handler that panics over a fact has refused it: the transaction is gone, and the fact is found by taking the batch apart.
async fn hand(handler: &dyn Handler, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
    match AssertUnwindSafe(handler.apply(work, facts)).catch_unwind().await {
        Ok(outcomes) => outcomes,
        Err(_) => Err(Failure::Deterministic("the handler panicked".to_owned())),
    }
}

fn rejected_too_late(facts: &[Fact], outcomes: &[Outcome]) -> Option<usize> {
    let rejected = outcomes.iter().enumerate().filter(|(_, o)| matches!(o, Outcome::Reject { .. })).map(|(i, _)| i);
    rejected.into_iter().find(|i| {
        let fact = &facts[*i];
        !fact.subject().is_empty() && facts[i + 1..].iter().any(|later| later.topic == fact.topic && later.subject() == fact.subject())
    })
}

async fn record(work: &mut Work<'_>, facts: &[Fact], outcomes: &[Outcome], settled: &mut Settled) -> Result<(), Failure> {
    if outcomes.len() != facts.len() {
        return Err(Failure::Deterministic(format!("{} facts got {} outcomes", facts.len(), outcomes.len())));
    }
    let mut waiting = Vec::new();
    for (fact, outcome) in facts.iter().zip(outcomes) {
        match outcome {
            Outcome::Done => settled.done += 1,
            Outcome::Await { subject } => waiting.push((fact, subject.as_str())),
            Outcome::Reject { code, reason } => {
                settled.rejected += 1;
                settled.unknown += usize::from(*code == UNKNOWN_KIND);
                dead_letters::bury(work.conn, fact, code, reason, work.now).await?;
            }
        }
    }
    settled.awaiting += waiting.len();
    awaiting::store(work.conn, &waiting, work.now).await
}
