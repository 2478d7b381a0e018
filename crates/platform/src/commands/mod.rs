//! gRPC commands: each decided once by its idempotency key, many sharing one commit.
//!
//! Calls queue; whatever waits when a transaction is free is decided together, so 64 callers cost a few commits and not 64. Callers that were
//! answered together are waited for a moment, so that they do not fall into halves that wait for each other. A call with the
//! key of an earlier one gets the stored answer; the same key with other content is refused. A refusal is not stored: what was mended may be
//! sent again under the same key.
//! A call whose deadline passed while it waited is not decided.
mod crowd;
mod decide;
mod stored;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

pub use self::decide::CommandLoop;
use crate::{callers::Caller, failure::Failure, limits::Deadline, metrics::Metrics, serving::Refusal, work::Work};

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
    /// Bytes of the content as it came.
    pub bytes: usize,
    /// After it nobody waits for an answer.
    pub deadline: Deadline,
    pub command: C,
}

/// For a call that came past no guard, as in tests.
const LONGEST: Duration = Duration::from_secs(60);

impl<C> Call<C> {
    /// What a row that follows from this call names as its cause.
    pub fn cause(&self) -> String {
        format!("grpc:{}:{}:{}", self.method, self.caller.subject, self.key)
    }

    /// A call out of a gRPC request; `natural_key` is used when the metadata names no key.
    pub fn new<M: prost::Message>(request: &tonic::Request<M>, method: &'static str, natural_key: String, command: C) -> Result<Self, tonic::Status> {
        let content = request.get_ref().encode_to_vec();
        let text = |name: &str| request.metadata().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(Self {
            caller: Caller::of(request.extensions())?,
            second: request.extensions().get::<crate::callers::SecondPerson>().map(|s| s.0.clone()),
            method,
            key: text("idempotency-key").unwrap_or(natural_key),
            digest: Sha256::digest(&content).to_vec(),
            trace: text(crate::cloudevent::TRACEPARENT).unwrap_or_default(),
            bytes: content.len(),
            deadline: request.extensions().get().copied().unwrap_or_else(|| Deadline::after(LONGEST)),
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

/// An encoded answer or why there is none.
type Decision = Result<Vec<u8>, Refusal>;

/// A call in the queue.
struct Waiting<C> {
    call: Call<C>,
    asker: Asker,
}

/// Who waits for a decision.
struct Asker {
    answer: oneshot::Sender<Decision>,
    /// The bytes of the call in the queue, free again when it is answered.
    _room: OwnedSemaphorePermit,
    /// How often the call was tried in vain.
    tries: u32,
}

impl Asker {
    fn tell(self, decision: Decision) {
        // A caller that has gone away needs no answer; a repeat of its key gets the stored one.
        let _ = self.answer.send(decision);
    }
}

/// Where gRPC handlers leave their calls.
pub struct Commands<C> {
    queue: mpsc::Sender<Waiting<C>>,
    room: Arc<Semaphore>,
    bytes: usize,
    metrics: Metrics,
}

impl<C> Clone for Commands<C> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), room: Arc::clone(&self.room), bytes: self.bytes, metrics: self.metrics.clone() }
    }
}

impl<C: Send + Sync + 'static> Commands<C> {
    /// Waits for the decision. A full queue turns the call away at once.
    pub async fn submit(&self, call: Call<C>) -> Decision {
        let full = || {
            self.metrics.turned_away("command", "queue");
            Refusal::Overloaded
        };
        // One command larger than the queue waits alone in it.
        let bytes = u32::try_from(call.bytes.min(self.bytes)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(bytes).map_err(|_| full())?;
        let (answer, decided) = oneshot::channel();
        self.queue.try_send(Waiting { call, asker: Asker { answer, _room: room, tries: 0 } }).map_err(|_| full())?;
        decided.await.unwrap_or(Err(Refusal::Unavailable))
    }
}
