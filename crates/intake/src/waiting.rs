//! Messages that wait for a declaration too long: the sender is told, the message goes on waiting and is listed.
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use intake_domain::{Refusal, ResponseCode};
use platform::{Failure, Work, awaiting, streams::Class, timers::Timer, trace};

use crate::{
    answer::{self, Place},
    submission::{self, Via},
};

/// Answers what has waited longer than this.
pub struct Waiting {
    pub seconds: u32,
}

#[async_trait]
impl Timer for Waiting {
    fn name(&self) -> &'static str {
        "waiting"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let before = work.now - TimeDelta::seconds(i64::from(self.seconds));
        for (subject, fact) in awaiting::overdue(work.conn, before, work.now, 500).await? {
            // Facts of our own services have no sender.
            let Ok(submission) = submission::read(&fact) else { continue };
            let cause = format!("timer:waiting:{}", fact.place());
            let via =
                Via { trace: trace::follow(fact.traceparent(), "intake.wait", &cause, None), cause, actor: "intake".to_owned(), ..submission.via };
            let place = Place { class: Class::Cargo, office: "", subject: &subject, via: &via, now: work.now };
            let mut response = answer::response(ResponseCode::Received);
            response.reference = submission.attempt.reference().to_owned();
            response.faults = answer::faults(&[Refusal::Unknown.fault()]);
            work.entries.extend(answer::reply(&place, submission.attempt.sender(), response));
        }
        Ok(())
    }
}
