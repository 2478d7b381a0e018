//! What tracking does with the commands it is given.
use std::sync::Arc;

use async_trait::async_trait;
use contracts::tracking::{AnnounceResponse, ObserveResponse};
use platform::{
    Failure, Work,
    commands::{Call, Decide},
    serving::Refusal,
};
use prost::Message as _;
use tracking_domain::Reading;

use crate::{
    apply::apply,
    event::{Announced, Event, Told, Via},
    settings::Rules,
};

/// A command, checked.
#[derive(Debug, Clone)]
pub enum Command {
    Announce(Announced),
    Observe(Reading),
}

/// Decides commands by the same rules as facts.
pub struct Deciding {
    pub rules: Arc<Rules>,
}

#[async_trait]
impl Decide for Deciding {
    type Command = Command;

    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Command>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let told: Vec<Told> = calls.iter().map(told).collect();
        let answers = apply(work, &self.rules, &told.iter().collect::<Vec<_>>()).await?;
        let encoded = calls.iter().zip(answers).map(|(call, answer)| match call.command {
            Command::Announce(_) => AnnounceResponse { vehicle: answer.vehicle }.encode_to_vec(),
            Command::Observe(_) => {
                ObserveResponse { outcome: answer.outcome.to_owned(), reason: answer.reason.to_owned(), visit: answer.visit }.encode_to_vec()
            }
        });
        Ok(encoded.map(Ok).collect())
    }
}

fn told(call: &Call<Command>) -> Told {
    let (event, name) = match &call.command {
        Command::Announce(announced) => (Event::Announced(announced.clone()), "tracking.announce"),
        Command::Observe(reading) => (Event::Observed(reading.clone()), "tracking.observe"),
    };
    let cause = call.cause();
    let trace = platform::trace::follow(&call.trace, name, &cause, None);
    Told { event, via: Via { actor: call.caller.subject.clone(), cause, trace } }
}
