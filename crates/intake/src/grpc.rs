//! The gRPC service `customs.intake.v1.Intake`: translates, checks offices, and leaves commands to [`crate::decide`].
use std::sync::Arc;

use contracts::{
    common,
    intake::{
        AmendRequest, AmendResponse, GetRequest, GetResponse, ListRequest, ListResponse, LodgeRequest, LodgeResponse, Summary, ValidateRequest,
        ValidateResponse, WithdrawRequest, WithdrawResponse, intake_server::Intake,
    },
    nsw::v1::Declaration,
};
use platform::{
    callers::Caller,
    clock,
    commands::{Call, Commands},
    serving::Refusal,
    streams::Class,
};
use prost::Message;
use sqlx::PgPool;
use tonic::{Request, Response, Status};
use values::local_day;

use crate::{
    Rules, answer,
    decide::Command,
    draft::draft,
    store::{self, DeclarationRow},
    submission::Attempt,
};

/// What calls need.
pub struct Api {
    pub pool: PgPool,
    pub commands: Commands<Command>,
    pub rules: Arc<Rules>,
}

impl Api {
    async fn command<M: Message, A: Message + Default>(
        &self,
        request: &Request<M>,
        method: &'static str,
        command: Command,
    ) -> Result<Response<A>, Status> {
        let caller = Caller::of(request.extensions())?;
        let attempt = &command.attempt;
        // A sender speaks for itself alone.
        if caller.has("sender") && !caller.has("officer") && caller.subject != attempt.sender() {
            return Err(Refusal::Denied(format!("the caller is not the sender {}", attempt.sender())).into());
        }
        let key = format!("{}/{}/{}", attempt.sender(), attempt.reference(), number(attempt));
        let answer = self.commands.submit(Call::new(request, method, key, command)?).await?;
        A::decode(answer.as_slice()).map(Response::new).map_err(|_| Refusal::Internal.into())
    }
}

#[tonic::async_trait]
impl Intake for Api {
    async fn lodge(&self, request: Request<LodgeRequest>) -> Result<Response<LodgeResponse>, Status> {
        let declaration = present(request.get_ref().declaration.as_ref())?;
        own_office(&Caller::of(request.extensions())?, &declaration.office)?;
        let class = match request.get_ref().class() {
            common::TrafficClass::Parcels => Class::Parcels,
            common::TrafficClass::Cargo | common::TrafficClass::Unspecified => Class::Cargo,
        };
        self.command(&request, "Lodge", Command { attempt: Attempt::Lodge(Box::new(declaration.into())), class }).await
    }

    async fn amend(&self, request: Request<AmendRequest>) -> Result<Response<AmendResponse>, Status> {
        let declaration = present(request.get_ref().declaration.as_ref())?;
        own_office(&Caller::of(request.extensions())?, &declaration.office)?;
        self.command(&request, "Amend", Command { attempt: Attempt::Amend(Box::new(declaration.into())), class: Class::Cargo }).await
    }

    async fn withdraw(&self, request: Request<WithdrawRequest>) -> Result<Response<WithdrawResponse>, Status> {
        let withdrawal = request.get_ref().withdrawal.clone();
        let withdrawal = withdrawal.ok_or_else(|| Refusal::invalid("/withdrawal", "CG001", "Thiếu nội dung", "the withdrawal is missing"))?;
        self.command(&request, "Withdraw", Command { attempt: Attempt::Withdraw(withdrawal), class: Class::Cargo }).await
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let number = request.into_inner().number;
        let key = number.get(..11).unwrap_or(&number);
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let row = store::find(&mut conn, key).await.map_err(Refusal::from)?;
        let row = row.ok_or_else(|| Refusal::NotFound(format!("no declaration {number}")))?;
        if !caller.acts_for(&row.office) && caller.subject != row.sender {
            return Err(Refusal::other_office(&row.office).into());
        }
        let wanted: Option<i16> = number.get(11..).filter(|v| !v.is_empty()).and_then(|v| v.parse().ok());
        let body = match wanted.filter(|v| *v != row.version) {
            None => row.body.clone(),
            Some(version) => {
                let versions = store::versions(&mut conn, &[key.to_owned()]).await.map_err(Refusal::from)?;
                let found = versions.into_iter().find(|v| v.version == version);
                found.ok_or_else(|| Refusal::NotFound(format!("no declaration {number}")))?.body
            }
        };
        let declaration = common::Declaration::decode(body.as_slice()).map_err(|_| Refusal::Internal)?;
        Ok(Response::new(GetResponse { summary: Some(summary(&row)), declaration: Some(declaration) }))
    }

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let request = request.into_inner();
        own_office(&caller, &request.office)?;
        let limit = if request.limit == 0 { 100 } else { request.limit.min(1000) };
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let rows = store::list(&mut conn, &request.office, &request.state, &request.page_token, i64::from(limit)).await.map_err(Refusal::from)?;
        let next_page_token = rows.last().filter(|_| rows.len() == limit as usize).map(|r| r.key.clone()).unwrap_or_default();
        Ok(Response::new(ListResponse { declarations: rows.iter().map(summary).collect(), next_page_token }))
    }

    async fn validate(&self, request: Request<ValidateRequest>) -> Result<Response<ValidateResponse>, Status> {
        let declaration = present(request.into_inner().declaration.as_ref())?;
        let faults = intake_domain::parse(&draft(declaration), &self.rules.tables, local_day(clock::now())).err().unwrap_or_default();
        Ok(Response::new(ValidateResponse { faults: answer::faults(&faults) }))
    }
}

fn present(declaration: Option<&Declaration>) -> Result<Declaration, Refusal> {
    declaration.cloned().ok_or_else(|| Refusal::invalid("/declaration", "CG001", "Thiếu tờ khai", "the declaration is missing"))
}

fn own_office(caller: &Caller, office: &str) -> Result<(), Refusal> {
    if caller.acts_for(office) { Ok(()) } else { Err(Refusal::other_office(office)) }
}

fn number(attempt: &Attempt) -> &str {
    match attempt {
        Attempt::Lodge(_) => "",
        Attempt::Amend(c) => &c.draft.number,
        Attempt::Withdraw(w) => &w.number,
        Attempt::Pay(p) => &p.number,
    }
}

fn summary(row: &DeclarationRow) -> Summary {
    let lane = match row.lane.as_str() {
        "green" => common::Lane::Green,
        "yellow" => common::Lane::Yellow,
        "red" => common::Lane::Red,
        _ => common::Lane::Unspecified,
    };
    Summary {
        number: format!("{}{}", row.key, row.version),
        version: u32::from(row.version.unsigned_abs()),
        state: row.state.clone(),
        sender: row.sender.clone(),
        reference: row.reference.clone(),
        office: row.office.clone(),
        lane: lane.into(),
        officer: row.officer.clone(),
        duty_vnd: row.duty_vnd,
        paid_vnd: row.paid_vnd,
        lodged_at: Some(row.lodged_at.into()),
        changed_at: Some(row.changed_at.into()),
    }
}
