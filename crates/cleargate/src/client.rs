//! gRPC clients that sign in by themselves at the local issuer.
use std::time::Duration;

use anyhow::{Context, Result};
use contracts::{
    common::operations_client::OperationsClient, intake::intake_client::IntakeClient, reporting::reporting_client::ReportingClient,
    risk::risk_client::RiskClient,
};
use platform::handover::Replicas;
use tonic::{Request, Status, metadata::MetadataValue, transport::Endpoint};

use crate::stack::{Issuer, Stack};

/// Calls services in somebody's name.
#[derive(Clone)]
pub struct Clients {
    intake: Replicas,
    risk: Replicas,
    tracking: Replicas,
    reporting: Replicas,
    issuer: std::sync::Arc<Issuer>,
}

impl Clients {
    /// Connections to the four services of a stack, made when first used.
    pub fn new(stack: &Stack) -> Result<Self> {
        let limits = |endpoint: Endpoint| endpoint.connect_timeout(Duration::from_secs(3)).timeout(Duration::from_secs(30));
        let channel = |name: &str| Replicas::new(&stack.grpc_addresses(name).join(","), limits);
        Ok(Self {
            intake: channel("intake")?,
            risk: channel("risk")?,
            tracking: channel("tracking")?,
            reporting: channel("reporting")?,
            issuer: std::sync::Arc::new(Issuer::open_or_create(&stack.state.issuer()).context("no local issuer; run `cleargate up`")?),
        })
    }

    pub fn intake(&self) -> IntakeClient<Replicas> {
        IntakeClient::new(self.intake.clone())
    }

    pub fn risk(&self) -> RiskClient<Replicas> {
        RiskClient::new(self.risk.clone()).max_decoding_message_size(64 << 20)
    }

    pub fn reporting(&self) -> ReportingClient<Replicas> {
        ReportingClient::new(self.reporting.clone()).max_decoding_message_size(64 << 20)
    }

    /// The calls that every service has.
    pub fn operations(&self, service: &str) -> Result<OperationsClient<Replicas>> {
        let channel = match service {
            "intake" => &self.intake,
            "risk" => &self.risk,
            "tracking" => &self.tracking,
            "reporting" => &self.reporting,
            other => anyhow::bail!("{other} is not a service; intake, risk, tracking and reporting are"),
        };
        Ok(OperationsClient::new(channel.clone()).max_decoding_message_size(64 << 20))
    }

    /// A token for a subject with one role on all offices.
    pub fn token(&self, subject: &str, role: &str) -> Result<String> {
        self.issuer.sign(subject, &[role.to_owned()], &["*".to_owned()], Duration::from_secs(3600))
    }

    /// A request in the name of a subject with a role.
    pub fn request<M>(&self, subject: &str, role: &str, message: M) -> Result<Request<M>> {
        let mut request = Request::new(message);
        let bearer = MetadataValue::try_from(format!("Bearer {}", self.token(subject, role)?))?;
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }

    /// The same with a second person of the same role.
    pub fn request_of_two<M>(&self, first: &str, second: &str, role: &str, message: M) -> Result<Request<M>> {
        let mut request = self.request(first, role, message)?;
        request.metadata_mut().insert("second-person", MetadataValue::try_from(self.token(second, role)?)?);
        Ok(request)
    }
}

/// What a person should read of a refused call.
pub fn explain(status: &Status) -> anyhow::Error {
    use tonic_types::StatusExt;
    let mut text = status.message().to_owned();
    if let Some(bad) = status.get_error_details().bad_request() {
        for violation in &bad.field_violations {
            text.push_str(&format!("\n  {} {}", violation.field, violation.description));
        }
    }
    match status.code() {
        tonic::Code::Unavailable => anyhow::anyhow!("the service does not answer ({text}); see `cleargate status`, start it with `cleargate up`"),
        code => anyhow::anyhow!("{code:?}: {text}"),
    }
}
