//! The gRPC service `customs.risk.v1.Risk`: translates, checks offices, and leaves commands to [`crate::decide`].
use contracts::risk::{
    ConcludeRequest, ConcludeResponse, Decided, ExplainRequest, ExplainResponse, File, ReassignRequest, ReassignResponse, SetRosterRequest,
    SetRosterResponse, TraceEvent, Voice, WorklistRequest, WorklistResponse, risk_server::Risk, trace_event,
};
use platform::{
    Instant,
    callers::Caller,
    commands::{Call, Commands},
    serving::Refusal,
};
use prost::Message;
use risk_domain::{Choice, Trace, digest, explain};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use crate::{
    decide::Command,
    deciding::{form_of, wire_form, wire_lane},
    store::{self, FileRow},
};

/// What calls need.
pub struct Api {
    pub pool: PgPool,
    pub commands: Commands<Command>,
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
        let rows = store::worklist(&mut conn, &request.office, &request.officer, (since, &key), i64::from(limit)).await.map_err(Refusal::from)?;
        let next_page_token = match rows.last() {
            Some(last) if rows.len() == limit as usize => format!("{}/{}", last.since.timestamp_micros(), last.key),
            _ => String::new(),
        };
        Ok(Response::new(WorklistResponse { files: rows.iter().map(file).collect(), next_page_token }))
    }

    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let voice = allowed_voice(&caller, request.get_ref().voice())?;
        let number = request.into_inner().number;
        let key = number.get(..11).unwrap_or(&number);
        let version: Option<u32> = number.get(11..).and_then(|v| v.parse().ok());
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let traces = store::traces(&mut conn, key).await.map_err(Refusal::from)?;
        let found = traces.iter().rev().filter_map(|payload| match TraceEvent::decode(payload.as_slice()).ok()?.fact? {
            trace_event::Fact::Traced(traced) => Some(traced),
            _ => None,
        });
        let traced = found.into_iter().find(|t| version.is_none_or(|v| t.version == v));
        let traced = traced.ok_or_else(|| Refusal::NotFound(format!("no decision on {number}")))?;
        let trace = Trace::read(&traced.trace).map_err(|_| Refusal::Internal)?;
        if voice != risk_domain::Voice::Declarant && !caller.acts_for(&trace.office) {
            return Err(Refusal::other_office(&trace.office).into());
        }
        let told = explain(&trace, voice);
        let auditor = voice == risk_domain::Voice::Auditor;
        Ok(Response::new(ExplainResponse {
            decision: Some(decided(&trace, &traced, voice)),
            text_vi: told.text_vi,
            text_en: told.text_en,
            trace: told.json,
            salt: if auditor { traced.salt } else { Vec::new() },
        }))
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
        let key = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(body.encode_to_vec()));
        self.command(&request, "SetRoster", key, Command::SetRoster(body)).await
    }
}

fn allowed_voice(caller: &Caller, voice: Voice) -> Result<risk_domain::Voice, Refusal> {
    let any = |roles: &[&str]| roles.iter().any(|r| caller.has(r));
    match voice {
        Voice::Auditor if any(&["auditor"]) => Ok(risk_domain::Voice::Auditor),
        Voice::Officer if any(&["officer", "supervisor", "head", "auditor"]) => Ok(risk_domain::Voice::Officer),
        Voice::Declarant | Voice::Unspecified => Ok(risk_domain::Voice::Declarant),
        _ => Err(Refusal::Denied("this voice is not for the caller".to_owned())),
    }
}

fn decided(trace: &Trace, traced: &contracts::risk::Traced, voice: risk_domain::Voice) -> Decided {
    let (officer, queue_reason) = match trace.assignment.as_ref().map(|a| &a.choice) {
        Some(Choice::Officer(code)) => (code.clone(), String::new()),
        Some(Choice::Queued(reason)) => (String::new(), reason.clone()),
        None => (String::new(), String::new()),
    };
    let salt: Result<[u8; 16], _> = traced.salt.clone().try_into();
    let for_declarant = voice == risk_domain::Voice::Declarant;
    Decided {
        key: trace.declaration.clone(),
        version: trace.version,
        lane: wire_lane(trace.selection.lane).into(),
        form: wire_form(trace.selection.form).into(),
        legal_ground: trace.selection.ground.clone(),
        score: if for_declarant { 0 } else { trace.selection.score },
        day: trace.day.clone(),
        trace_digest: salt.map(|salt| digest(&salt, &traced.trace).to_vec()).unwrap_or_default(),
        officer: if for_declarant { String::new() } else { officer },
        queue_reason,
        points: if for_declarant { 0 } else { trace.points },
        rules: hex::decode(&trace.rules).unwrap_or_default(),
    }
}

fn file(row: &FileRow) -> File {
    let lane = values::Lane::parse(&row.lane).map_or(contracts::common::Lane::Unspecified, wire_lane);
    File {
        number: format!("{}{}", row.key, row.version),
        lane: lane.into(),
        form: form_of(&row.form).into(),
        officer: row.officer.clone(),
        queue_reason: row.queue_reason.clone(),
        points: row.points.unsigned_abs(),
        since: Some(row.since.into()),
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
