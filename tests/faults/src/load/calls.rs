//! Callers of `Lodge` and `Amend`: each tries again under the same reference until it is told yes or no, as a single window would.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};

use super::{Ledger, Lodging, REFUSED, Standing, digest};
use crate::{fleet, site::Site, wire};

/// So many deadlines long somebody listens for what is answered.
const LISTENS: u32 = 3;
/// By so much an answer may be on its way past the deadline; a heartbeat that takes longer tells of a way or a process that stands still.
const TOLERANCE: Duration = Duration::from_millis(250);
const HEARTBEAT: Duration = Duration::from_millis(50);

/// Calls in flight against the replicas of intake that are ready, in turn, as behind a Kubernetes Service.
pub struct Calls {
    replicas: Vec<Arc<Replica>>,
    token: String,
    ledger: Arc<Ledger>,
    deadline: Duration,
    turn: AtomicUsize,
    tasks: TaskTracker,
    /// Callers at a time.
    callers: Arc<Semaphore>,
    given_up: CancellationToken,
    _probes: Vec<AbortOnDropHandle<()>>,
}

/// A replica as the readiness probe sees it.
struct Replica {
    channel: Channel,
    ready: AtomicBool,
    /// How long heartbeats were without an answer, all together: what was said then could not be heard, on either side.
    silent_ms: AtomicU64,
}

impl Replica {
    fn silent(&self) -> Duration {
        Duration::from_millis(self.silent_ms.load(Ordering::Relaxed))
    }
}

/// A call with the names of its messages.
struct Asked {
    path: String,
    kinds: (String, String),
    request: Value,
}

/// Listens on a connection of its own that goes the same way as the calls.
async fn listen(replica: Arc<Replica>, channel: Channel) {
    loop {
        let asked = Instant::now();
        wire::heartbeat(channel.clone()).await;
        let took = asked.elapsed();
        if took > TOLERANCE {
            replica.silent_ms.fetch_add(u64::try_from(took.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        sleep(HEARTBEAT).await;
    }
}

/// Asks a replica again and again whether it is ready.
async fn probe(replica: Arc<Replica>, port: u16) {
    loop {
        replica.ready.store(fleet::is_ok(port, "/readyz").await, Ordering::Relaxed);
        sleep(HEARTBEAT).await;
    }
}

impl Calls {
    pub fn new(site: &Site, ledger: Arc<Ledger>, deadline: Duration, given_up: CancellationToken) -> Result<Self> {
        let mut replicas = Vec::new();
        let mut probes = Vec::new();
        for n in 0..site.plan.replicas {
            let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", site.called(n)))?.connect_timeout(Duration::from_secs(1));
            let replica = Arc::new(Replica { channel: endpoint.connect_lazy(), ready: AtomicBool::new(true), silent_ms: AtomicU64::new(0) });
            probes.push(AbortOnDropHandle::new(tokio::spawn(probe(Arc::clone(&replica), site.http("intake", n)))));
            probes.push(AbortOnDropHandle::new(tokio::spawn(listen(Arc::clone(&replica), endpoint.connect_lazy()))));
            replicas.push(replica);
        }
        let token = site.tokens.get("sender").cloned().unwrap_or_default();
        let callers = Arc::new(Semaphore::new(64));
        Ok(Self { replicas, token, ledger, deadline, turn: AtomicUsize::new(0), tasks: TaskTracker::new(), callers, given_up, _probes: probes })
    }

    /// The next ready replica; any when none is.
    fn replica(&self) -> Option<&Arc<Replica>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = || self.replicas.iter().cycle().skip(turn % self.replicas.len().max(1)).take(self.replicas.len());
        let ready = in_turn().find(|r| r.ready.load(Ordering::Relaxed));
        ready.or_else(|| in_turn().next())
    }

    /// Lodges in a task of its own, and amends when the mix says so.
    pub fn lodge(self: &Arc<Self>, lodging: Lodging) {
        self.ledger.sent(&lodging, "");
        let calls = Arc::clone(self);
        self.tasks.spawn(async move {
            let Ok(_caller) = calls.callers.acquire().await else { return };
            calls.walk(lodging).await;
        });
    }

    async fn walk(&self, lodging: Lodging) {
        let class = if lodging.parcel { "TRAFFIC_CLASS_PARCELS" } else { "TRAFFIC_CLASS_CARGO" };
        let Some(number) = self.insist("Lodge", &lodging.reference, json!({"declaration": lodging.json, "class": class})).await else { return };
        self.ledger.change(&lodging.reference, |item| {
            item.standing = Standing::Accepted;
            item.number.clone_from(&number);
        });
        if lodging.amended {
            self.amend(&lodging, &number).await;
        }
    }

    async fn amend(&self, lodging: &Lodging, number: &str) {
        let packages = lodging.packages + 1;
        let mut declaration = lodging.json.clone();
        declaration["packages"] = Value::from(packages.to_string());
        declaration["number"] = Value::from(number);
        self.ledger.change(&lodging.reference, |item| {
            item.digests.push(digest(&lodging.reference, packages, lodging.grams, lodging.cents, lodging.commodity));
        });
        let Some(number) = self.insist("Amend", "", json!({"declaration": declaration})).await else { return };
        self.ledger.change(&lodging.reference, |item| {
            item.version = 1;
            item.number = number;
        });
    }

    /// Calls until OK (the number) or a final no. What was refused by rule is remembered as such.
    async fn insist(&self, method: &str, reference: &str, request: Value) -> Option<String> {
        let kinds = (format!("customs.intake.v1.{method}Request"), format!("customs.intake.v1.{method}Response"));
        let asked = Arc::new(Asked { path: format!("customs.intake.v1.Intake/{method}"), kinds, request });
        let mut pause = Duration::from_millis(20);
        for _ in 0..400 {
            if self.given_up.is_cancelled() {
                break;
            }
            match self.attempt(self.replica()?, &asked).await {
                Ok(response) => {
                    self.ledger.attempted("OK");
                    return Some(response["number"].as_str().unwrap_or_default().to_owned());
                }
                Err(status) if is_final(status.code()) => {
                    self.ledger.attempted(REFUSED);
                    self.ledger.change(reference, |item| item.standing = Standing::Refused);
                    return None;
                }
                Err(status) => self.ledger.attempted(&format!("{:?}", status.code())),
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
        None
    }

    /// One call within its deadline. When that has passed the caller goes its way, and somebody listens on.
    async fn attempt(&self, replica: &Arc<Replica>, asked: &Arc<Asked>) -> Result<Value, Status> {
        let (began, silent, deadline) = (Instant::now(), replica.silent(), self.deadline);
        let (channel, token, own) = (replica.channel.clone(), self.token.clone(), Arc::clone(asked));
        let mut answer = Box::pin(async move {
            let (input, output) = ((own.kinds.0.as_str(), &own.request), own.kinds.1.as_str());
            wire::ask(channel, &token, &own.path, input, output, deadline, deadline * LISTENS).await
        });
        if let Ok(answered) = timeout(deadline, &mut answer).await {
            return answered;
        }
        let (ledger, replica, asked) = (Arc::clone(&self.ledger), Arc::clone(replica), Arc::clone(asked));
        self.tasks.spawn(async move {
            if answer.await.is_err() {
                return;
            }
            let took = began.elapsed();
            // The heartbeat that stood still with this answer comes back with it.
            sleep(TOLERANCE * 2).await;
            if took > deadline + TOLERANCE + (replica.silent() - silent) {
                ledger.answered_late(format!("{} was answered OK after {} ms", asked.path, took.as_millis()));
            }
        });
        Err(Status::deadline_exceeded("no answer in time"))
    }

    /// Waits until every caller has its answer.
    pub async fn finish(&self, patience: Duration) -> Result<()> {
        self.tasks.close();
        timeout(patience, self.tasks.wait()).await.context("calls were still unanswered")
    }
}

/// An answer by rule, the same however often it is asked. Not so a token that one replica holds for expired because its clock is wrong.
fn is_final(code: Code) -> bool {
    matches!(code, Code::InvalidArgument | Code::FailedPrecondition)
}
