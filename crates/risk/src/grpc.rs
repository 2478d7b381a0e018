//! The gRPC service `customs.risk.v1.Risk`: translates, checks offices, and leaves commands to [`crate::decide`].
use std::sync::Arc;

use contracts::risk::{
    ChangeLaneRequest, ChangeLaneResponse, CloseDayRequest, CloseDayResponse, ConcludeRequest, ConcludeResponse, ExplainRequest, ExplainResponse,
    File, GetModelRequest, GetModelResponse, ListRulesRequest, ListRulesResponse, OverridesResponse, PeriodRequest, PutModelRequest,
    PutModelResponse, ReassignRequest, ReassignResponse, ReportResponse, Rule, SaveRuleRequest, SaveRuleResponse, SetBeaconRequest,
    SetBeaconResponse, SetRosterRequest, SetRosterResponse, StepRuleRequest, StepRuleResponse, WorklistRequest, WorklistResponse, risk_server::Risk,
};
use platform::{
    Instant,
    callers::Caller,
    commands::{Call, Commands},
    serving::Refusal,
};
use prost::Message;
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use crate::{
    decide::Command,
    explaining,
    regime::InForce,
    reports::{self, Period},
    store::{self, FileRow, RuleRow},
    wire::{form_of, lane_of},
};

/// What calls need.
pub struct Api {
    pub pool: PgPool,
    pub commands: Commands<Command>,
    pub in_force: Arc<InForce>,
}

impl Api {
    async fn command<M: Message, A: Message + Default>(
        &self,
        request: &Request<M>,
        method: &'static str,
        key: String,
        command: Command,
    ) -> Result<Response<A>, Status> {
        let answer = self.commands.submit(Call::new(request, method, key, command)?).await?;
        A::decode(answer.as_slice()).map(Response::new).map_err(|_| Refusal::Internal.into())
    }
}

#[tonic::async_trait]
impl Risk for Api {
    async fn worklist(&self, request: Request<WorklistRequest>) -> Result<Response<WorklistResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let request = request.into_inner();
        if !caller.acts_for(&request.office) {
            return Err(Refusal::other_office(&request.office).into());
        }
        let limit = if request.limit == 0 { 100 } else { request.limit.min(1000) };
        let (since, key) = page(&request.page_token).ok_or_else(|| Status::invalid_argument("page_token is not one of ours"))?;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let (office, officer, after, most) = (&request.office, &request.officer, (since, key.as_str()), i64::from(limit));
        let rows = if officer.is_empty() {
            store::worklist_of_all(&mut conn, office, after, most).await
        } else {
            store::worklist(&mut conn, office, officer, after, most).await
        };
        let rows = rows.map_err(Refusal::from)?;
        let next_page_token = match rows.last() {
            Some(last) if rows.len() == limit as usize => format!("{}/{}", last.since.timestamp_micros(), last.key),
            _ => String::new(),
        };
        Ok(Response::new(WorklistResponse { files: rows.iter().map(file).collect(), next_page_token }))
    }

    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        Ok(Response::new(explaining::explain(&mut conn, &self.in_force, &caller, &request.into_inner()).await?))
    }

    async fn conclude(&self, request: Request<ConcludeRequest>) -> Result<Response<ConcludeResponse>, Status> {
        let body = request.get_ref().clone();
        if body.code.is_empty() || body.code.chars().count() > 10 {
            return Err(Refusal::invalid("/code", "CG305", "Mã kết quả dài từ 1 đến 10 ký tự", "expected a code of 1 to 10 characters").into());
        }
        let key = format!("{}:{}:{}", body.number, body.conform, body.code);
        self.command(&request, "Conclude", key, Command::Conclude(body)).await
    }

    async fn reassign(&self, request: Request<ReassignRequest>) -> Result<Response<ReassignResponse>, Status> {
        let body = request.get_ref().clone();
        let key = format!("{}:{}:{}", body.number, body.to, body.reason);
        self.command(&request, "Reassign", key, Command::Reassign(body)).await
    }

    async fn set_roster(&self, request: Request<SetRosterRequest>) -> Result<Response<SetRosterResponse>, Status> {
        let body = request.get_ref().clone();
        self.command(&request, "SetRoster", content(&body), Command::SetRoster(body)).await
    }

    async fn change_lane(&self, request: Request<ChangeLaneRequest>) -> Result<Response<ChangeLaneResponse>, Status> {
        let body = request.get_ref().clone();
        let key = format!("{}:{}:{}:{}", body.number, body.lane, body.form, body.reason);
        self.command(&request, "ChangeLane", key, Command::ChangeLane(body)).await
    }

    async fn close_day(&self, request: Request<CloseDayRequest>) -> Result<Response<CloseDayResponse>, Status> {
        let body = request.get_ref().clone();
        // Without a key of the caller's each call closes what is open then.
        let key = format!("{}:{}", body.office, platform::clock::now().timestamp_micros());
        self.command(&request, "CloseDay", key, Command::CloseDay(body)).await
    }

    async fn set_beacon(&self, request: Request<SetBeaconRequest>) -> Result<Response<SetBeaconResponse>, Status> {
        let body = request.get_ref().clone();
        self.command(&request, "SetBeacon", content(&body), Command::SetBeacon(body)).await
    }

    async fn save_rule(&self, request: Request<SaveRuleRequest>) -> Result<Response<SaveRuleResponse>, Status> {
        let body = request.get_ref().clone();
        self.command(&request, "SaveRule", content(&body), Command::SaveRule(body)).await
    }

    async fn step_rule(&self, request: Request<StepRuleRequest>) -> Result<Response<StepRuleResponse>, Status> {
        let body = request.get_ref().clone();
        // A rule may be suspended and resumed many times.
        let key = format!("{}:{}", content(&body), platform::clock::now().timestamp_micros());
        self.command(&request, "StepRule", key, Command::StepRule(body)).await
    }

    async fn put_model(&self, request: Request<PutModelRequest>) -> Result<Response<PutModelResponse>, Status> {
        let body = request.get_ref().clone();
        self.command(&request, "PutModel", content(&body), Command::PutModel(body)).await
    }

    async fn get_model(&self, request: Request<GetModelRequest>) -> Result<Response<GetModelResponse>, Status> {
        let digest = request.into_inner().digest;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let artefact = store::model(&mut conn, &digest).await.map_err(Refusal::from)?;
        let artefact = artefact.ok_or_else(|| Refusal::NotFound(format!("no model {}", hex::encode(digest))))?;
        Ok(Response::new(GetModelResponse { artefact }))
    }

    async fn list_rules(&self, request: Request<ListRulesRequest>) -> Result<Response<ListRulesResponse>, Status> {
        let request = request.into_inner();
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let regime = self.in_force.current(&mut conn).await.map_err(Refusal::from)?;
        let rows = store::list(&mut conn, &request.kind, &request.id).await.map_err(Refusal::from)?;
        let rules = rows.into_iter().map(rule).collect();
        Ok(Response::new(ListRulesResponse { rules, revision: regime.revision(), digest: regime.rules_digest().to_vec() }))
    }

    async fn outcomes(&self, request: Request<PeriodRequest>) -> Result<Response<ReportResponse>, Status> {
        let period = Period::of(&Caller::of(request.extensions())?, request.get_ref())?;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        Ok(Response::new(ReportResponse { json: reports::outcomes(&mut conn, &self.in_force, &period).await? }))
    }

    async fn pairs(&self, request: Request<PeriodRequest>) -> Result<Response<ReportResponse>, Status> {
        let period = Period::of(&Caller::of(request.extensions())?, request.get_ref())?;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        Ok(Response::new(ReportResponse { json: reports::pairs(&mut conn, &period).await? }))
    }

    async fn overrides(&self, request: Request<PeriodRequest>) -> Result<Response<OverridesResponse>, Status> {
        let period = Period::open(request.get_ref())?;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        Ok(Response::new(reports::overrides(&mut conn, &period).await?))
    }
}

/// A command's content as its natural key.
fn content(message: &impl Message) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(message.encode_to_vec()))
}

fn file(row: &FileRow) -> File {
    File {
        number: format!("{}{}", row.key, row.version),
        lane: lane_of(&row.lane).into(),
        form: form_of(&row.form).into(),
        officer: row.officer.clone(),
        queue_reason: row.queue_reason.clone(),
        points: row.points.unsigned_abs(),
        since: Some(row.since.into()),
    }
}

fn rule(row: RuleRow) -> Rule {
    Rule {
        kind: row.kind,
        id: row.id,
        version: row.version.unsigned_abs(),
        state: row.state,
        document: row.document,
        saved_by: row.saved_by,
        saved_at: Some(row.saved_at.into()),
        approved_by: row.approved_by,
        approved_at: row.approved_at.map(Into::into),
    }
}

/// `<microseconds>/<key>`, or '' for the beginning.
fn page(token: &str) -> Option<(Instant, String)> {
    if token.is_empty() {
        return Some((Instant::UNIX_EPOCH, String::new()));
    }
    let (since, key) = token.split_once('/')?;
    Some((chrono::DateTime::from_timestamp_micros(since.parse().ok()?)?, key.to_owned()))
}
