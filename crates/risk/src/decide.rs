//! Commands of officers, supervisors and rule makers.
use std::sync::Arc;

use async_trait::async_trait;
use contracts::risk::{
    ChangeLaneRequest, ChangeLaneResponse, CloseDayRequest, CloseDayResponse, ConcludeRequest, ConcludeResponse, PutModelRequest, PutModelResponse,
    ReassignRequest, ReassignResponse, SaveRuleRequest, SetBeaconRequest, SetBeaconResponse, SetRosterRequest, SetRosterResponse, StepRuleRequest,
};
use platform::{
    Failure, Work,
    commands::{Call, Decide},
    serving::Refusal,
    trace,
};
use prost::Message;

use crate::{
    book::{Book, Wanted},
    concluding::conclude,
    days::{close_day, draw_queue, set_beacon},
    lane_changing::change_lane,
    place::Via,
    reassigning::reassign,
    regime::InForce,
    rostering::set_roster,
    ruling, store,
};

/// What risk is asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    Conclude(ConcludeRequest),
    Reassign(ReassignRequest),
    SetRoster(SetRosterRequest),
    ChangeLane(ChangeLaneRequest),
    CloseDay(CloseDayRequest),
    SetBeacon(SetBeaconRequest),
    SaveRule(SaveRuleRequest),
    StepRule(StepRuleRequest),
    PutModel(PutModelRequest),
}

/// Decides commands.
pub struct RiskCommands {
    in_force: Arc<InForce>,
    close_open_days: bool,
}

impl RiskCommands {
    pub fn new(in_force: Arc<InForce>, close_open_days: bool) -> Self {
        Self { in_force, close_open_days }
    }
}

type Answer = Result<Vec<u8>, Refusal>;

#[async_trait]
impl Decide for RiskCommands {
    type Command = Command;

    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Command>]) -> Result<Vec<Answer>, Failure> {
        let mut book = Book::open(work.conn, &self.in_force, wanted(calls)).await?;
        let mut decisions = Vec::with_capacity(calls.len());
        for call in calls {
            let cause = call.cause();
            let via = Via { trace: trace::follow(&call.trace, "risk.command", &cause, None), cause, actor: call.caller.subject.clone() };
            decisions.push(self.decide_one(work, &mut book, call, &via).await?);
        }
        book.close(work).await?;
        Ok(decisions)
    }
}

impl RiskCommands {
    async fn decide_one(&self, work: &mut Work<'_>, book: &mut Book, call: &Call<Command>, via: &Via) -> Result<Answer, Failure> {
        let (caller, second) = (&call.caller, call.second.as_ref());
        match &call.command {
            Command::Conclude(request) => {
                let concluded = conclude(book, request, caller, via)?;
                if concluded.is_ok()
                    && let Some(file) = book.file(key(&request.number))
                {
                    store::save_note(work.conn, &file.key, file.version, &caller.subject, &request.note, work.now).await?;
                }
                Ok(concluded.map(|()| ConcludeResponse {}.encode_to_vec()))
            }
            Command::Reassign(request) => {
                Ok(reassign(book, request, caller, second, via)?.map(|officer| ReassignResponse { officer }.encode_to_vec()))
            }
            Command::ChangeLane(request) => {
                Ok(change_lane(book, request, caller, second, via)?.map(|officer| ChangeLaneResponse { officer }.encode_to_vec()))
            }
            Command::SetRoster(request) => match set_roster(book, request, caller, via)? {
                Ok(digest) => {
                    let assigned = draw_queue(work, book, &request.office, via).await?;
                    Ok(Ok(SetRosterResponse { digest, assigned }.encode_to_vec()))
                }
                Err(refusal) => Ok(Err(refusal)),
            },
            Command::CloseDay(request) => {
                Ok(close_day(book, request, self.close_open_days, caller, via)?.map(|date| CloseDayResponse { date }.encode_to_vec()))
            }
            Command::SetBeacon(request) => Ok(set_beacon(work, request).await?.map(|()| SetBeaconResponse {}.encode_to_vec())),
            Command::SaveRule(request) => Ok(ruling::save(work, request, caller, via).await?.map(|answer| answer.encode_to_vec())),
            Command::StepRule(request) => Ok(ruling::step(work, request, caller, via).await?.map(|answer| answer.encode_to_vec())),
            Command::PutModel(request) => {
                Ok(ruling::put_model(work, request, caller, via).await?.map(|digest| PutModelResponse { digest }.encode_to_vec()))
            }
        }
    }
}

fn wanted(calls: &[Call<Command>]) -> Wanted {
    let mut wanted = Wanted::default();
    // An office that cannot exist is refused before anything is locked.
    let mut office = |code: &String| {
        if values::OfficeCode::parse(code).is_ok() {
            wanted.offices.push(code.clone());
        }
    };
    for call in calls {
        match &call.command {
            Command::SetRoster(request) => office(&request.office),
            Command::CloseDay(request) => office(&request.office),
            _ => {}
        }
    }
    for call in calls {
        match &call.command {
            Command::Conclude(request) => wanted.keys.push(key(&request.number).to_owned()),
            Command::Reassign(request) => wanted.keys.push(key(&request.number).to_owned()),
            Command::ChangeLane(request) => wanted.keys.push(key(&request.number).to_owned()),
            _ => {}
        }
    }
    wanted
}

/// First 11 digits of a number, or all of what is too short.
fn key(number: &str) -> &str {
    number.get(..11).unwrap_or(number)
}
