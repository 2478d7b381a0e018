//! Commands of senders: the same submissions as those of the single window, answered by gRPC.
use std::sync::Arc;

use async_trait::async_trait;
use contracts::intake::{AmendResponse, LodgeResponse, WithdrawResponse};
use intake_domain::Refusal as Rule;
use platform::{
    Failure, Work,
    commands::{Call, Decide},
    serving::{FieldFault, Refusal},
    streams::Class,
    trace,
};
use prost::Message;

use crate::{
    Rules,
    book::{Book, Wanted},
    handler::{Heard, submit, want},
    lodging::Verdict,
    submission::{Attempt, Submission, Via},
};

/// What a sender asks for.
pub struct Command {
    pub attempt: Attempt,
    pub class: Class,
}

/// Decides commands.
pub struct IntakeCommands {
    rules: Arc<Rules>,
}

impl IntakeCommands {
    pub fn new(rules: Arc<Rules>) -> Self {
        Self { rules }
    }
}

#[async_trait]
impl Decide for IntakeCommands {
    type Command = Command;

    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Command>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let submissions: Vec<Heard> = calls.iter().map(|call| Heard::Submitted(submission(call))).collect();
        let mut wanted = Wanted::default();
        submissions.iter().for_each(|s| want(s, &mut wanted));
        let mut book = Book::open(work.conn, wanted, work.now).await?;
        let mut decisions = Vec::with_capacity(calls.len());
        for heard in &submissions {
            let Heard::Submitted(submission) = heard else { continue };
            decisions.push(answer(submission, submit(&mut book, &self.rules, submission)?));
        }
        book.close(work).await?;
        Ok(decisions)
    }
}

fn submission(call: &Call<Command>) -> Submission {
    let cause = call.cause();
    let via = Via {
        trace: trace::follow(&call.trace, "intake.receive", &cause, None),
        cause,
        actor: call.caller.subject.clone(),
        // Notices to a sender who came by gRPC travel as protobuf.
        wire: platform::cloudevent::PROTOBUF,
        message: None,
        reused: false,
    };
    Submission { attempt: call.command.attempt.clone(), class: call.command.class, via }
}

fn answer(submission: &Submission, verdict: Verdict) -> Result<Vec<u8>, Refusal> {
    match verdict {
        Verdict::Accepted(number) => Ok(match submission.attempt {
            Attempt::Lodge(_) => LodgeResponse { number }.encode_to_vec(),
            Attempt::Amend(_) => AmendResponse { number }.encode_to_vec(),
            Attempt::Withdraw(_) | Attempt::Pay(_) => WithdrawResponse { number }.encode_to_vec(),
        }),
        Verdict::Refused(faults) => Err(Refusal::Invalid(
            faults
                .into_iter()
                .map(|f| FieldFault { field: f.pointer, code: f.code.to_owned(), text_vi: f.text_vi.to_owned(), text_en: f.text_en.to_owned() })
                .collect(),
        )),
        Verdict::Unknown(key) => Err(Refusal::NotFound(format!("{}: no declaration {key}", Rule::Unknown.code()))),
    }
}
