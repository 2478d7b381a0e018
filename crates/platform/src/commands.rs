//! gRPC commands: each decided once by its idempotency key, many sharing one commit.
//!
//! Calls queue; whatever waits when a transaction is free is decided together, so 64 callers cost a few commits and not 64. A call with the
//! key of an earlier one gets the stored answer; the same key with other content is refused. A refusal is not stored: what was mended may be
//! sent again under the same key.
use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::FutureExt as _;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    Instant,
    callers::Caller,
    clock,
    failure::Failure,
    health::Health,
    journal::{self, Journal},
    laboratory,
    metrics::Metrics,
    reader::{
        Handler,
        settle::{Halt, settle},
    },
    relay::Wake,
    serving::Refusal,
    settings,
    work::Work,
};

/// One command of one caller.
#[derive(Debug)]
pub struct Call<C> {
    pub caller: Caller,
    /// Present when the call carries a verified second person.
    pub second: Option<Caller>,
    pub method: &'static str,
    /// Idempotency key: from the metadata, else the natural key of the command.
    pub key: String,
    /// Digest of the content.
    pub digest: Vec<u8>,
    /// W3C traceparent of the call.
    pub trace: String,
    pub command: C,
}

impl<C> Call<C> {
    /// What a row that follows from this call names as its cause.
    pub fn cause(&self) -> String {
        format!("grpc:{}:{}:{}", self.method, self.caller.subject, self.key)
    }

    /// A call out of a gRPC request; `natural_key` is used when the metadata names no key.
    pub fn new<M: prost::Message>(request: &tonic::Request<M>, method: &'static str, natural_key: String, command: C) -> Result<Self, tonic::Status> {
        let text = |name: &str| request.metadata().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(Self {
            caller: Caller::of(request.extensions())?,
            second: request.extensions().get::<crate::callers::SecondPerson>().map(|s| s.0.clone()),
            method,
            key: text("idempotency-key").unwrap_or(natural_key),
            digest: Sha256::digest(request.get_ref().encode_to_vec()).to_vec(),
            trace: text(crate::cloudevent::TRACEPARENT).unwrap_or_default(),
            command,
        })
    }
}

/// What a service does with the commands it is given.
#[async_trait]
pub trait Decide: Send + Sync + 'static {
    type Command: Send + Sync + 'static;

    /// Decides calls in their order: an encoded answer, or a refusal that has left no effect, for each.
    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Self::Command>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure>;
}

type Waiting<C> = (Call<C>, oneshot::Sender<Result<Vec<u8>, Refusal>>);

/// Where gRPC handlers leave their calls.
pub struct Commands<C> {
    queue: mpsc::Sender<Waiting<C>>,
}

impl<C> Clone for Commands<C> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<C: Send + Sync + 'static> Commands<C> {
    /// Waits for the decision. A full queue turns the call away at once.
    pub async fn submit(&self, call: Call<C>) -> Result<Vec<u8>, Refusal> {
        let (answer, decided) = oneshot::channel();
        self.queue.try_send((call, answer)).map_err(|_| Refusal::Overloaded)?;
        decided.await.unwrap_or(Err(Refusal::Unavailable))
    }
}

/// Decides queued commands.
pub struct CommandLoop<D: Decide> {
    queue: mpsc::Receiver<Waiting<D::Command>>,
    pub pool: PgPool,
    pub decide: Arc<D>,
    pub handler: Arc<dyn Handler>,
    pub journal: Journal,
    pub wake: Wake,
    pub health: Health,
    pub metrics: Metrics,
    settings: settings::Commands,
}

/// How long a call may be tried again before it is told to come back.
const PATIENCE: u32 = 8;

impl<D: Decide> CommandLoop<D> {
    #[expect(clippy::too_many_arguments, reason = "the parts of one loop, named at the only call")]
    pub fn new(
        pool: PgPool,
        decide: Arc<D>,
        handler: Arc<dyn Handler>,
        journal: Journal,
        wake: Wake,
        health: Health,
        metrics: Metrics,
        settings: settings::Commands,
    ) -> (Commands<D::Command>, Self) {
        let (sender, queue) = mpsc::channel(settings.queue);
        (Commands { queue: sender }, Self { queue, pool, decide, handler, journal, wake, health, metrics, settings })
    }

    /// Decides until cancelled and the queue is empty.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut held: Vec<Waiting<D::Command>> = Vec::new();
        loop {
            self.health.progressed("commands");
            if held.is_empty() {
                let next = tokio::select! {
                    () = stop.cancelled() => self.queue.try_recv().ok(),
                    next = tokio::time::timeout(Duration::from_secs(30), self.queue.recv()) => match next {
                        Ok(next) => next,
                        Err(_) => continue,
                    },
                };
                let Some(next) = next else { return };
                held.push(next);
            }
            while held.len() < self.settings.batch {
                let Ok(next) = self.queue.try_recv() else { break };
                held.push(next);
            }
            held = self.step(held).await;
        }
    }

    /// Decides calls in one transaction and answers them. Returns those that must wait for a call with the same key.
    pub async fn step(&self, waiting: Vec<Waiting<D::Command>>) -> Vec<Waiting<D::Command>> {
        let (now, later) = without_repeats(waiting);
        let (calls, answers): (Vec<_>, Vec<_>) = now.into_iter().unzip();
        let decided = self.decide_patiently(calls).await;
        for (answer, decision) in answers.into_iter().zip(decided) {
            // A caller that has gone away needs no answer; a repeat of its key gets the stored one.
            let _ = answer.send(decision);
        }
        later
    }

    async fn decide_patiently(&self, calls: Vec<Call<D::Command>>) -> Vec<Result<Vec<u8>, Refusal>> {
        let mut calls = calls;
        let mut pause = Duration::from_millis(5);
        for _ in 0..PATIENCE {
            match self.transact(&calls).await {
                Ok(decisions) => {
                    self.wake.wake();
                    self.metrics.decided(decisions.len());
                    return decisions;
                }
                Err(Failure::Deterministic(reason)) if calls.len() == 1 => {
                    tracing::error!(reason, method = calls[0].method, "the database refuses a command");
                    return vec![Err(Refusal::Internal)];
                }
                Err(Failure::Deterministic(_)) => return self.one_by_one(std::mem::take(&mut calls)).await,
                Err(failure) => {
                    tracing::warn!(%failure, "commands will be tried again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(500));
                }
            }
        }
        calls.iter().map(|_| Err(Refusal::Unavailable)).collect()
    }

    async fn one_by_one(&self, calls: Vec<Call<D::Command>>) -> Vec<Result<Vec<u8>, Refusal>> {
        let mut decisions = Vec::with_capacity(calls.len());
        for call in calls {
            decisions.extend(Box::pin(self.decide_patiently(vec![call])).await);
        }
        decisions
    }

    async fn transact(&self, calls: &[Call<D::Command>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let mut tx = self.pool.begin().await?;
        let stored = stored(&mut tx, calls).await?;
        if stored.len() == calls.len() {
            return Ok(calls.iter().filter_map(|c| repeat(&stored, c)).collect());
        }
        if !stored.is_empty() {
            // Rare: answer the repeats from the table and decide the others by themselves.
            tx.rollback().await?;
            return self.around_repeats(calls, &stored).await;
        }
        let mut work = Work::new(&mut tx, clock::now());
        // One call that makes the service panic must not take the loop with it; it is found by deciding one by one.
        let decided = AssertUnwindSafe(self.decide.decide(&mut work, calls)).catch_unwind().await;
        let decisions = decided.unwrap_or_else(|_| Err(Failure::Deterministic("the decision panicked".to_owned())))?;
        if decisions.len() != calls.len() {
            return Err(Failure::Deterministic(format!("{} calls got {} decisions", calls.len(), decisions.len())));
        }
        match settle(self.handler.as_ref(), &mut work, &[]).await {
            Ok(_) => {}
            Err(Halt::Failure(failure)) => return Err(failure),
            Err(Halt::SplitAfter(_)) => return Err(Failure::Retry("an awaited fact was rejected".to_owned())),
        }
        let now = work.now;
        let entries = std::mem::take(&mut work.entries);
        remember(&mut tx, calls, &decisions, now).await?;
        journal::append(&mut tx, self.journal, &entries).await?;
        laboratory::point("commands::before-commit");
        tx.commit().await?;
        laboratory::point("commands::after-commit");
        Ok(decisions)
    }

    async fn around_repeats(&self, calls: &[Call<D::Command>], stored: &Stored) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let mut decisions = Vec::with_capacity(calls.len());
        for call in calls {
            match repeat(stored, call) {
                Some(decision) => decisions.push(decision),
                None => decisions.extend(Box::pin(self.transact(std::slice::from_ref(call))).await?),
            }
        }
        Ok(decisions)
    }
}

type Key = (String, String, String);
type Stored = HashMap<Key, (Vec<u8>, Vec<u8>)>;

fn key<C>(call: &Call<C>) -> Key {
    (call.caller.subject.clone(), call.method.to_owned(), call.key.clone())
}

fn repeat<C>(stored: &Stored, call: &Call<C>) -> Option<Result<Vec<u8>, Refusal>> {
    let (digest, answer) = stored.get(&key(call))?;
    let same = *digest == call.digest;
    Some(if same { Ok(answer.clone()) } else { Err(Refusal::conflict("KEY_REUSED", "this idempotency key was used with other content")) })
}

fn without_repeats<C>(waiting: Vec<Waiting<C>>) -> (Vec<Waiting<C>>, Vec<Waiting<C>>) {
    let mut keys = std::collections::HashSet::new();
    waiting.into_iter().partition(|(call, _)| keys.insert(key(call)))
}

fn columns<C>(calls: &[&Call<C>]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let column = |pick: fn(&Call<C>) -> &str| calls.iter().map(|c| pick(c).to_owned()).collect();
    (column(|c| &c.caller.subject), column(|c| c.method), column(|c| &c.key))
}

async fn stored<C>(conn: &mut PgConnection, calls: &[Call<C>]) -> Result<Stored, Failure> {
    let (callers, methods, keys) = columns(&calls.iter().collect::<Vec<_>>());
    let rows = sqlx::query!(
        r#"SELECT c.caller, c.method, c.key, c.digest, c.answer
           FROM UNNEST($1::text[], $2::text[], $3::text[]) AS w (caller, method, key) JOIN commands c USING (caller, method, key)"#,
        &callers,
        &methods,
        &keys
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| ((r.caller, r.method, r.key), (r.digest, r.answer))).collect())
}

/// A key that another replica has just used is a `Retry`: loading again sees its answer.
async fn remember<C>(conn: &mut PgConnection, calls: &[Call<C>], decisions: &[Result<Vec<u8>, Refusal>], now: Instant) -> Result<(), Failure> {
    let mut granted: Vec<(&Call<C>, &Vec<u8>)> = calls.iter().zip(decisions).filter_map(|(c, d)| d.as_ref().ok().map(|a| (c, a))).collect();
    if granted.is_empty() {
        return Ok(());
    }
    granted.sort_by_key(|(call, _)| key(call));
    let (callers, methods, keys) = columns(&granted.iter().map(|(c, _)| *c).collect::<Vec<_>>());
    let digests: Vec<Vec<u8>> = granted.iter().map(|(c, _)| c.digest.clone()).collect();
    let answers: Vec<Vec<u8>> = granted.iter().map(|(_, a)| (*a).clone()).collect();
    sqlx::query!(
        r#"INSERT INTO commands (caller, method, key, digest, answer, at)
           SELECT w.caller, w.method, w.key, w.digest, w.answer, $6
           FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) AS w (caller, method, key, digest, answer)"#,
        &callers,
        &methods,
        &keys,
        &digests,
        &answers,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
