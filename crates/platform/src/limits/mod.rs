//! Limits that protect: what one caller may ask for, how many calls are in hand, how long they may take, how often a failed one is repeated.
//!
//! [`guard`] stands behind the check of the caller, for all services alike. Whom it turns away gets `RESOURCE_EXHAUSTED` with the time after
//! which to come again, before anything was done for it.
pub mod bucket;
pub mod deadline;
mod methods;
pub mod quota;
pub mod retry;
pub mod share;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status};

pub use self::deadline::Deadline;
use self::{methods::Methods, quota::Quotas, share::Share};
use crate::{callers::Caller, metrics::Metrics, serving::Refusal, settings};

/// What a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Command,
    Query,
    /// Repair between services and the work of operators: never turned away, for overload is when they are needed.
    Operation,
}

impl Kind {
    /// As metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Query => "query",
            Self::Operation => "operation",
        }
    }
}

/// Why a call was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// Too many calls in hand.
    Calls,
    /// Too many queries in hand.
    Queries,
    /// This caller asked too often.
    Quota { after: Duration },
}

impl Turned {
    /// As metrics name it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Queries => "queries",
            Self::Quota { .. } => "quota",
        }
    }
}

impl From<Turned> for Refusal {
    fn from(turned: Turned) -> Self {
        match turned {
            Turned::Calls | Turned::Queries => Self::Overloaded,
            Turned::Quota { after } => Self::Quota { after },
        }
    }
}

/// tonic's own timer would say CANCELLED; this one is a little faster and says DEADLINE_EXCEEDED.
const AHEAD: Duration = Duration::from_millis(3);

/// The limits of one server.
pub struct Limits {
    methods: Methods,
    quotas: Quotas,
    pub share: Share,
    longest: Duration,
    metrics: Metrics,
}

impl Limits {
    /// `longest`: the deadline of a call that names none, and the most that any may have.
    pub fn new(settings: settings::Limits, longest: Duration, metrics: Metrics) -> Result<Self, prost::DecodeError> {
        Ok(Self {
            methods: Methods::of(contracts::DESCRIPTORS)?,
            quotas: Quotas::new(settings.commands_of_one, settings.queries_of_one),
            share: Share::new(settings),
            longest,
            metrics,
        })
    }

    /// The caller's own flood counts against its quota first, so that it does not take the share of others.
    fn admit(&self, kind: Kind, subject: &str, now: Instant) -> Result<share::Pass, Turned> {
        self.quotas.take(subject, kind, now).map_err(|after| Turned::Quota { after })?;
        self.share.enter(kind)
    }
}

/// Middleware behind [`crate::callers::guard`]; health and reflection have no caller and pass.
pub async fn guard(State(limits): State<Arc<Limits>>, mut request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Caller>() else { return next.run(request).await };
    let (kind, begun) = (limits.methods.kind(request.uri().path(), caller), Instant::now());
    let pass = match limits.admit(kind, &caller.subject, begun) {
        Ok(pass) => pass,
        Err(turned) => {
            limits.metrics.turned_away(kind.name(), turned.reason());
            return http(Refusal::from(turned).into());
        }
    };
    let deadline = Deadline(Deadline::of(request.headers(), limits.longest, begun).0.checked_sub(AHEAD).unwrap_or(begun));
    request.extensions_mut().insert(deadline);
    let answer = timeout_at(deadline.0, deadline.within(next.run(request))).await;
    drop(pass);
    // A process that stood still finds answer and timer due at once, and the answer is looked at first.
    let in_time = answer.ok().filter(|_| !deadline.passed());
    let answer = in_time.unwrap_or_else(|| http(Refusal::Late.into()));
    limits.metrics.called(kind.name(), code(&answer), begun.elapsed());
    answer
}

fn http(status: Status) -> Response {
    status.into_http::<tonic::body::Body>().map(axum::body::Body::new)
}

/// Of an answer without a body the code is in the headers; one with a body is good.
fn code(answer: &Response) -> Code {
    answer.headers().get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}
