//! The calls that every service offers: its journal for repair, its dead letters for operators.
use std::sync::Arc;

use contracts::common::{
    DeadLetter, DeadLetterDiscarded, DeadLetterId, DiscardRequest, DiscardResponse, JournalRow, ListDeadLettersRequest, ListDeadLettersResponse,
    ReadJournalRequest, ReadJournalResponse, RedriveRequest, RedriveResponse, ShowDeadLetterRequest, WitnessedRequest, WitnessedResponse,
    operations_server::Operations,
};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use crate::{
    Instant,
    callers::Caller,
    clock,
    dead_letters::{self, Letter, LetterId},
    journal::{self, Journal, Row},
    reader::Handler,
    redrive::Redriven,
    relay::Wake,
    serving::Refusal,
    streams::Class,
    witness,
    work::Entry,
};

/// Rows in one answer of `ReadJournal`.
const MOST_ROWS: i64 = 2000;
/// Bytes of payload in one answer; peers decode at most 64 MiB.
const MOST_BYTES: usize = 16 << 20;

/// How a service writes platform facts down in its own event.
#[derive(Clone, Copy)]
pub struct Told {
    pub topic: &'static str,
    pub discarded_kind: &'static str,
    pub discarded: fn(DeadLetterDiscarded) -> Vec<u8>,
}

/// Served beside the service's own calls.
#[derive(Clone)]
pub struct Desk {
    pub pool: PgPool,
    pub handler: Arc<dyn Handler>,
    pub journal: Journal,
    pub wake: Wake,
    pub told: Told,
}

impl Desk {
    async fn discard_letter(&self, id: &LetterId, reason: &str, caller: &Caller, second: &Caller, now: Instant) -> Result<(), Refusal> {
        let mut tx = self.pool.begin().await?;
        let letter = dead_letters::find(&mut tx, id).await?.ok_or_else(|| Refusal::NotFound(format!("no dead letter {}/{}@{}", id.0, id.1, id.2)))?;
        if letter.redriven_at.is_some() {
            return Err(Refusal::conflict("NOT_OPEN", "the dead letter was applied or discarded before"));
        }
        let fact = &letter.fact;
        dead_letters::close(&mut tx, &[fact], now).await?;
        let payload = (self.told.discarded)(DeadLetterDiscarded {
            topic: fact.topic.to_string(),
            partition: fact.partition.unsigned_abs(),
            offset: fact.offset,
            reason: reason.to_owned(),
            second_person: second.subject.clone(),
        });
        let entry = Entry {
            topic: self.told.topic,
            class: Class::Cargo,
            kind: self.told.discarded_kind.into(),
            subject: fact.place(),
            office: fact.office().to_owned(),
            actor: caller.subject.clone(),
            cause: format!("grpc:Discard:{}:{}", caller.subject, fact.place()),
            recorded_at: now,
            trace: fact.traceparent().to_owned(),
            payload,
            headers: crate::cloudevent::Headers::default(),
            answer: false,
            answers: None,
        };
        journal::append(&mut tx, self.journal, vec![entry]).await?;
        tx.commit().await?;
        self.wake.wake();
        Ok(())
    }
}

#[tonic::async_trait]
impl Operations for Desk {
    async fn read_journal(&self, request: Request<ReadJournalRequest>) -> Result<Response<ReadJournalResponse>, Status> {
        let restricted = request.get_ref().topic.contains(".traces.");
        let caller = Caller::of(request.extensions())?;
        if restricted && !caller.has("auditor") {
            return Err(Refusal::Denied("traces are read by auditors alone".to_owned()).into());
        }
        let request = request.into_inner();
        let stream = i32::try_from(request.stream).map_err(|_| Status::invalid_argument("stream is out of range"))?;
        let from = i64::try_from(request.from.max(1)).map_err(|_| Status::invalid_argument("from is out of range"))?;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let head = journal::head(&mut conn, &request.topic, stream).await.map_err(Refusal::from)?;
        let head = head.ok_or_else(|| Refusal::NotFound(format!("no stream {}/{stream} here", request.topic)))?;
        let limit = i64::from(request.limit).min(MOST_ROWS);
        let rows =
            if limit == 0 { Vec::new() } else { journal::read(&mut conn, &request.topic, stream, from, limit).await.map_err(Refusal::from)? };
        Ok(Response::new(ReadJournalResponse {
            rows: page(rows).into_iter().map(wire).collect(),
            position: head.position.unsigned_abs(),
            published: head.published.unsigned_abs(),
        }))
    }

    async fn witnessed(&self, _: Request<WitnessedRequest>) -> Result<Response<WitnessedResponse>, Status> {
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let heads = witness::heads(&mut conn).await.map_err(Refusal::from)?;
        Ok(Response::new(WitnessedResponse { heads }))
    }

    async fn list_dead_letters(&self, request: Request<ListDeadLettersRequest>) -> Result<Response<ListDeadLettersResponse>, Status> {
        let request = request.into_inner();
        let after = parse_token(&request.page_token).ok_or_else(|| Status::invalid_argument("page_token is not one of ours"))?;
        let limit = i64::from(if request.limit == 0 { 100 } else { request.limit.min(1000) });
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let letters = dead_letters::list(&mut conn, &after, limit, request.with_applied).await.map_err(Refusal::from)?;
        let open = dead_letters::count(&mut conn).await.map_err(Refusal::from)?;
        let full = i64::try_from(letters.len()).unwrap_or(0) == limit;
        let next_page_token = letters.last().filter(|_| full).map(|l| l.fact.place()).unwrap_or_default();
        let letters = letters.into_iter().map(|l| letter(l, false)).collect();
        Ok(Response::new(ListDeadLettersResponse { letters, next_page_token, open: open.unsigned_abs() }))
    }

    async fn show_dead_letter(&self, request: Request<ShowDeadLetterRequest>) -> Result<Response<DeadLetter>, Status> {
        let id = letter_id(request.into_inner().id)?;
        let mut conn = self.pool.acquire().await.map_err(Refusal::from)?;
        let found = dead_letters::find(&mut conn, &id).await.map_err(Refusal::from)?;
        let found = found.ok_or_else(|| Refusal::NotFound(format!("no dead letter {}/{}@{}", id.0, id.1, id.2)))?;
        Ok(Response::new(letter(found, true)))
    }

    async fn redrive(&self, request: Request<RedriveRequest>) -> Result<Response<RedriveResponse>, Status> {
        let id = letter_id(request.into_inner().id)?;
        let desk = self.clone();
        // Not dropped with the caller: a transaction that appends goes to its end.
        let redriven = tokio::spawn(async move { desk.redrive(&id).await }).await.map_err(|_| Refusal::Internal)?;
        let Redriven { applied, left, reason, .. } = redriven?;
        Ok(Response::new(RedriveResponse { applied, left, reason }))
    }

    async fn discard(&self, request: Request<DiscardRequest>) -> Result<Response<DiscardResponse>, Status> {
        let caller = Caller::of(request.extensions())?;
        let second = Caller::second(request.extensions(), "operator").ok_or_else(|| {
            Refusal::Denied("discarding needs a second person: metadata second-person with the token of another operator".to_owned())
        })?;
        let request = request.into_inner();
        if request.reason.trim().is_empty() {
            return Err(Refusal::invalid("/reason", "CG901", "Thiếu lý do", "a reason is needed").into());
        }
        let id = letter_id(request.id)?;
        self.discard_letter(&id, &request.reason, &caller, &second, clock::now()).await?;
        Ok(Response::new(DiscardResponse {}))
    }
}

/// As many rows as fit into an answer, at least one.
fn page(rows: Vec<Row>) -> Vec<Row> {
    let mut bytes = 0;
    let fitting = rows.iter().take_while(|row| {
        bytes += row.payload.len() + 1024;
        bytes <= MOST_BYTES
    });
    let count = fitting.count().max(1);
    rows.into_iter().take(count).collect()
}

fn wire(row: Row) -> JournalRow {
    JournalRow {
        topic: row.topic.into_owned(),
        stream: row.stream.unsigned_abs(),
        position: row.position.unsigned_abs(),
        kind: row.kind.into_owned(),
        subject: row.subject,
        office: row.office,
        actor: row.actor,
        cause: row.cause,
        recorded_at_us: row.recorded_at.timestamp_micros(),
        trace: row.trace,
        payload: row.payload.into(),
        hash: row.hash,
    }
}

fn letter_id(id: Option<DeadLetterId>) -> Result<LetterId, Status> {
    let id = id.ok_or_else(|| Status::invalid_argument("id is missing"))?;
    let partition = i32::try_from(id.partition).map_err(|_| Status::invalid_argument("partition is out of range"))?;
    Ok((id.topic, partition, id.offset))
}

/// `topic/partition@offset`, or '' for the beginning.
fn parse_token(token: &str) -> Option<LetterId> {
    if token.is_empty() {
        return Some((String::new(), 0, i64::MIN));
    }
    let (place, offset) = token.rsplit_once('@')?;
    let (topic, partition) = place.rsplit_once('/')?;
    Some((topic.to_owned(), partition.parse().ok()?, offset.parse().ok()?))
}

fn letter(letter: Letter, whole: bool) -> DeadLetter {
    let time = |at: Instant| pbjson_types::Timestamp::from(at);
    let fact = letter.fact;
    DeadLetter {
        position: fact.position.unsigned_abs(),
        subject: fact.subject().to_owned(),
        kind: fact.kind().to_owned(),
        code: letter.code,
        reason: letter.reason,
        received_at: Some(time(letter.received_at)),
        redriven_at: letter.redriven_at.map(time),
        headers: fact.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        payload: if whole { fact.payload.to_vec() } else { Vec::new() },
        key: fact.key.to_string(),
        id: Some(DeadLetterId { topic: fact.topic.to_string(), partition: fact.partition.unsigned_abs(), offset: fact.offset }),
    }
}
