//! gRPC: one server for all services, one mapping from refusals to status.
use std::{sync::Arc, time::Duration};

use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, service::Routes, transport::Server};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{
    callers::{Verifier, guard},
    failure::Failure,
    health::Health,
    limits::{self, Limits},
    settings,
};

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// JSON pointer.
    pub field: String,
    pub code: String,
    pub text_vi: String,
    pub text_en: String,
}

/// Why a call was not granted. The only errors that leave a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Every fault of the request.
    Invalid(Vec<FieldFault>),
    NotFound(String),
    /// The state of things does not allow it; code and sentence.
    Conflict {
        code: String,
        text: String,
    },
    /// The caller may not do this here.
    Denied(String),
    /// Too many calls wait; come back in a moment.
    Overloaded,
    /// This caller asked more often than it may; come back after this time.
    Quota {
        after: Duration,
    },
    /// The deadline passed before there was an answer. What was decided all the same is told to a repeat with the same key.
    Late,
    /// The database is away; the same call may be repeated.
    Unavailable,
    /// Our fault; logged where it happened.
    Internal,
}

impl Refusal {
    pub fn conflict(code: &str, text: &str) -> Self {
        Self::Conflict { code: code.to_owned(), text: text.to_owned() }
    }

    /// One fault of one field.
    pub fn invalid(field: &str, code: &str, text_vi: &str, text_en: &str) -> Self {
        Self::Invalid(vec![FieldFault { field: field.to_owned(), code: code.to_owned(), text_vi: text_vi.to_owned(), text_en: text_en.to_owned() }])
    }

    /// The caller does not act for the office.
    pub fn other_office(office: &str) -> Self {
        Self::Denied(format!("the caller does not act for office {office}"))
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(faults) => {
                let mut details = ErrorDetails::new();
                for fault in &faults {
                    details.add_bad_request_violation(&fault.field, format!("{}: {} | {}", fault.code, fault.text_en, fault.text_vi));
                }
                let first = faults.first().map_or_else(String::new, |f| format!(": {} {} {}", f.code, f.field, f.text_en));
                Status::with_error_details(Code::InvalidArgument, format!("{} fault(s){first}", faults.len()), details)
            }
            Refusal::NotFound(what) => Status::not_found(what),
            Refusal::Conflict { code, text } => {
                let mut details = ErrorDetails::new();
                details.set_error_info(&code, "cleargate", std::collections::HashMap::<String, String>::new());
                Status::with_error_details(Code::FailedPrecondition, format!("{code}: {text}"), details)
            }
            Refusal::Denied(why) => Status::permission_denied(why),
            Refusal::Overloaded => exhausted("too many calls wait, try again", "OVERLOADED", spread(Duration::from_millis(150))),
            Refusal::Quota { after } => exhausted("this caller asks more often than it may", "QUOTA", spread(after)),
            Refusal::Late => Status::deadline_exceeded("no answer before the deadline; a repeat with the same idempotency key is answered once"),
            Refusal::Unavailable => Status::unavailable("the service cannot reach its database, try again"),
            Refusal::Internal => Status::internal("internal error"),
        }
    }
}

/// RESOURCE_EXHAUSTED with the reason and the time after which to come again.
fn exhausted(text: &str, reason: &str, after: Duration) -> Status {
    let mut details = ErrorDetails::new();
    details.set_retry_info(Some(after));
    details.set_error_info(reason, "cleargate", std::collections::HashMap::<String, String>::new());
    Status::with_error_details(Code::ResourceExhausted, text, details)
}

/// Up to a quarter of a second more, so that those who were turned away together do not come back together.
fn spread(after: Duration) -> Duration {
    let [jitter] = crate::clock::random::<1>().unwrap_or_default();
    after + Duration::from_millis(jitter.into())
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        tracing::warn!(%failure, "query");
        match failure {
            Failure::Retry(_) | Failure::Fenced => Self::Unavailable,
            Failure::Deterministic(_) => Self::Internal,
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Failure::from(error).into()
    }
}

/// A peer that does not answer a ping within this time is gone.
const PONG: Duration = Duration::from_secs(10);
/// After its age a connection has this time more than the longest call to end what it has open.
const GRACE: Duration = Duration::from_secs(5);
/// Bytes of the headers of one call: two tokens and what belongs to it.
const LARGEST_HEADERS: u32 = 32 << 10;

/// Serves the routes behind [`guard`] and the limits, with health and reflection, until cancelled; calls in hand are finished.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    verifier: Arc<Verifier>,
    limits: Arc<Limits>,
    health: Health,
    settings: settings::Grpc,
    stop: CancellationToken,
) -> Result<(), anyhow::Error> {
    let (reporter, health_service) = tonic_health::server::health_reporter();
    // tonic says SERVING by default; nothing is served before the database is there.
    reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(contracts::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // Python's grpcio-reflection and many other clients know only the older version.
    let routes = routes.add_service(health_service).add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    let limited = routes.prepare().into_axum_router().layer(from_fn_with_state(limits, limits::guard));
    let guarded = limited.layer(from_fn_with_state(verifier, guard));
    let watch = tokio::spawn(report_health(reporter, health, stop.clone()));
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    let keepalive = Some(Duration::from_secs(settings.keepalive_s));
    Server::builder()
        .max_connection_age(Duration::from_secs(settings.connection_age_s))
        .max_connection_age_grace(Duration::from_millis(settings.deadline_ms) + GRACE)
        .max_concurrent_streams(settings.calls_of_connection)
        .http2_max_header_list_size(LARGEST_HEADERS)
        .http2_keepalive_interval(keepalive)
        .http2_keepalive_timeout(Some(PONG))
        .tcp_keepalive(keepalive)
        .add_routes(Routes::from(guarded))
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await?;
    watch.abort();
    Ok(())
}

async fn report_health(reporter: tonic_health::server::HealthReporter, health: Health, stop: CancellationToken) {
    let mut serving = false;
    while !stop.is_cancelled() {
        if health.ready() != serving {
            serving = !serving;
            let status = if serving { tonic_health::ServingStatus::Serving } else { tonic_health::ServingStatus::NotServing };
            reporter.set_service_status("", status).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
}
