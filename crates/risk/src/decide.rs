//! Commands of officers and supervisors.
use std::sync::Arc;

use async_trait::async_trait;
use contracts::risk::{ConcludeRequest, ConcludeResponse, ReassignRequest, ReassignResponse, SetRosterRequest, SetRosterResponse};
use platform::{
    Failure, Work,
    commands::{Call, Decide},
    serving::Refusal,
    trace,
};
use prost::Message;

use crate::{
    Rules,
    book::{Book, Via, Wanted},
    concluding::conclude,
    days::draw_queue,
    reassigning::reassign,
    rostering::set_roster,
    store,
};

/// What risk is asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    Conclude(ConcludeRequest),
    Reassign(ReassignRequest),
    SetRoster(SetRosterRequest),
}

/// Decides commands.
pub struct RiskCommands {
    rules: Arc<Rules>,
}

impl RiskCommands {
    pub fn new(rules: Arc<Rules>) -> Self {
        Self { rules }
    }
}

#[async_trait]
impl Decide for RiskCommands {
    type Command = Command;

    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Command>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let mut book = Book::open(work.conn, &self.rules, wanted(calls)).await?;
        let mut decisions = Vec::with_capacity(calls.len());
        for call in calls {
            let cause = call.cause();
            let via = Via { trace: trace::follow(&call.trace, "risk.command", &cause, None), cause, actor: call.caller.subject.clone() };
            decisions.push(decide_one(work, &mut book, call, &via).await?);
        }
        book.close(work).await?;
        Ok(decisions)
    }
}

async fn decide_one(work: &mut Work<'_>, book: &mut Book, call: &Call<Command>, via: &Via) -> Result<Result<Vec<u8>, Refusal>, Failure> {
    match &call.command {
        Command::Conclude(request) => {
            let concluded = conclude(book, request, &call.caller, via)?;
            if concluded.is_ok()
                && let Some(file) = book.file(key(&request.number))
            {
                store::save_note(work.conn, &file.key, file.version, &call.caller.subject, &request.note, work.now).await?;
            }
            Ok(concluded.map(|()| ConcludeResponse {}.encode_to_vec()))
        }
        Command::Reassign(request) => {
            let officer = reassign(book, request, &call.caller, call.second.as_ref(), via)?;
            Ok(officer.map(|officer| ReassignResponse { officer }.encode_to_vec()))
        }
        Command::SetRoster(request) => match set_roster(book, request, &call.caller, via)? {
            Ok(digest) => {
                let assigned = draw_queue(work, book, &request.office, via).await?;
                Ok(Ok(SetRosterResponse { digest, assigned }.encode_to_vec()))
            }
            Err(refusal) => Ok(Err(refusal)),
        },
    }
}

fn wanted(calls: &[Call<Command>]) -> Wanted {
    let mut wanted = Wanted::default();
    for call in calls {
        match &call.command {
            Command::Conclude(request) => wanted.keys.push(key(&request.number).to_owned()),
            Command::Reassign(request) => wanted.keys.push(key(&request.number).to_owned()),
            // A roster for an office that cannot exist is refused before anything is locked.
            Command::SetRoster(request) if values::OfficeCode::parse(&request.office).is_ok() => wanted.offices.push(request.office.clone()),
            Command::SetRoster(_) => {}
        }
    }
    wanted.keys.sort_unstable();
    wanted.keys.dedup();
    wanted
}

/// First 11 digits of a number, or all of what is too short.
fn key(number: &str) -> &str {
    number.get(..11).unwrap_or(number)
}
