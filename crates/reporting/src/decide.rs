//! Commands of reporting, decided in their order.
use async_trait::async_trait;
use platform::{
    Failure, Work,
    commands::{Call, Decide},
    database,
    serving::Refusal,
};
use reporting_domain::Scope;
use values::Day;

use crate::freeze;

/// What callers ask for, parsed.
#[derive(Debug, Clone)]
pub enum Command {
    Close { scope: Scope, day: Day },
    SignOff { scope: Scope, day: Day, version: u32 },
    Correct { scope: Scope, day: Day, reason: String },
}

/// Decides commands; knows whether the running day may be closed.
pub struct Desk {
    pub close_open_days: bool,
}

#[async_trait]
impl Decide for Desk {
    type Command = Command;

    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Command>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let mut answers = Vec::with_capacity(calls.len());
        // A few a day: one at a time, each over a whole day.
        database::plan_for_values(work.conn).await?;
        for call in calls {
            answers.push(match &call.command {
                Command::Close { scope, day } => freeze::close(work, call, scope, *day, self.close_open_days).await?,
                Command::SignOff { scope, day, version } => freeze::sign_off(work, call, scope, *day, *version).await?,
                Command::Correct { scope, day, reason } => freeze::correct(work, call, scope, *day, reason).await?,
            });
        }
        Ok(answers)
    }
}
