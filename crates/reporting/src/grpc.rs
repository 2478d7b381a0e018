//! The calls of reporting: queries read at once, commands wait for their decision.
use contracts::reporting::{
    CellRequest, CellResponse, CloseRequest, CorrectRequest, DailyReportRequest, IndicatorsRequest, IndicatorsResponse, Report, SignOffRequest,
    TimelineRequest, TimelineResponse, reporting_server::Reporting,
};
use platform::{
    callers::{Caller, RoleTable},
    commands::{Call, Commands},
    serving::Refusal,
};
use prost::Message;
use reporting_domain::Scope;
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use crate::{daily, decide::Command, report, timeline};

const READERS: &[&str] = &["officer", "supervisor", "head", "auditor", "operator", "service"];

/// Which role may call what; which office, each call asks by itself.
pub const ROLES: RoleTable = &[
    ("/customs.reporting.v1.Reporting/DailyReport", READERS),
    ("/customs.reporting.v1.Reporting/Cell", READERS),
    ("/customs.reporting.v1.Reporting/Timeline", READERS),
    ("/customs.reporting.v1.Reporting/Indicators", READERS),
    ("/customs.reporting.v1.Reporting/Close", &["supervisor", "head"]),
    ("/customs.reporting.v1.Reporting/SignOff", &["head"]),
    ("/customs.reporting.v1.Reporting/Correct", &["supervisor", "head"]),
];

/// Answers calls.
pub struct Counter {
    pub pool: PgPool,
    pub commands: Commands<Command>,
    /// Name of the sub-department, as callers may write it.
    pub sub_department: String,
}

impl Counter {
    /// The scope, if the caller may see it: the whole sub-department is for those who act for all offices.
    fn scope<M>(&self, request: &Request<M>, text: &str) -> Result<Scope, Status> {
        let caller = Caller::of(request.extensions())?;
        let scope = report::scope(text, &self.sub_department)?;
        let office = match &scope {
            Scope::SubDepartment => "*",
            Scope::Office(code) => code.as_str(),
        };
        if caller.acts_for(office) { Ok(scope) } else { Err(Refusal::other_office(office).into()) }
    }

    async fn decided(&self, call: Call<Command>) -> Result<Response<Report>, Status> {
        let answer = self.commands.submit(call).await?;
        let report = Report::decode(answer.as_slice()).map_err(|error| {
            tracing::error!(%error, "a stored answer cannot be decoded");
            Status::from(Refusal::Internal)
        })?;
        Ok(Response::new(report))
    }
}

#[tonic::async_trait]
impl Reporting for Counter {
    async fn daily_report(&self, request: Request<DailyReportRequest>) -> Result<Response<Report>, Status> {
        let scope = self.scope(&request, &request.get_ref().scope)?;
        let day = report::day("/day", &request.get_ref().day)?;
        Ok(Response::new(daily::daily(&self.pool, &scope, day, request.get_ref()).await?))
    }

    async fn cell(&self, request: Request<CellRequest>) -> Result<Response<CellResponse>, Status> {
        let scope = self.scope(&request, &request.get_ref().scope)?;
        let day = report::day("/day", &request.get_ref().day)?;
        Ok(Response::new(daily::cell(&self.pool, &scope, day, request.get_ref()).await?))
    }

    async fn timeline(&self, request: Request<TimelineRequest>) -> Result<Response<TimelineResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        Ok(Response::new(timeline::way(&self.pool, &caller, request.get_ref()).await?))
    }

    async fn indicators(&self, request: Request<IndicatorsRequest>) -> Result<Response<IndicatorsResponse>, Status> {
        let scope = self.scope(&request, &request.get_ref().scope)?;
        Ok(Response::new(daily::over(&self.pool, &scope, request.get_ref()).await?))
    }

    async fn close(&self, request: Request<CloseRequest>) -> Result<Response<Report>, Status> {
        let scope = self.scope(&request, &request.get_ref().scope)?;
        let day = report::day("/day", &request.get_ref().day)?;
        let natural_key = format!("{scope}/{day}");
        self.decided(Call::new(&request, "Close", natural_key, Command::Close { scope, day })?).await
    }

    async fn sign_off(&self, request: Request<SignOffRequest>) -> Result<Response<Report>, Status> {
        let scope = self.scope(&request, &request.get_ref().scope)?;
        let (day, version) = (report::day("/day", &request.get_ref().day)?, request.get_ref().version);
        let natural_key = format!("{scope}/{day}/{version}");
        self.decided(Call::new(&request, "SignOff", natural_key, Command::SignOff { scope, day, version })?).await
    }

    async fn correct(&self, request: Request<CorrectRequest>) -> Result<Response<Report>, Status> {
        let scope = self.scope(&request, &request.get_ref().scope)?;
        let (day, reason) = (report::day("/day", &request.get_ref().day)?, request.get_ref().reason.clone());
        // The same reason again is the same correction; who means another names an idempotency key.
        let natural_key = format!("{scope}/{day}/{reason}");
        self.decided(Call::new(&request, "Correct", natural_key, Command::Correct { scope, day, reason })?).await
    }
}
