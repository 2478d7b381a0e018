//! Callers of `Lodge` and `Amend`: each tries again under the same reference until it is told yes or no, as a single window would.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};

use super::{Ledger, Lodging, REFUSED, Standing, digest};
use crate::{fleet, site::Site, wire};

/// How long a caller waits for one answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Calls in flight against the replicas of intake that are ready, in turn, as behind a Kubernetes Service.
pub struct Calls {
    replicas: Vec<Arc<Replica>>,
    token: String,
    ledger: Arc<Ledger>,
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
}

/// Asks a replica again and again whether it is ready.
async fn probe(replica: Arc<Replica>, port: u16) {
    loop {
        replica.ready.store(fleet::is_ok(port, "/readyz").await, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Calls {
    pub fn new(site: &Site, ledger: Arc<Ledger>, given_up: CancellationToken) -> Result<Self> {
        let mut replicas = Vec::new();
        let mut probes = Vec::new();
        for replica in 0..site.plan.replicas {
            let address = format!("http://127.0.0.1:{}", site.grpc("intake", replica));
            let channel = Endpoint::from_shared(address)?.connect_timeout(Duration::from_secs(1)).connect_lazy();
            replicas.push(Arc::new(Replica { channel, ready: AtomicBool::new(true) }));
        }
        for (n, replica) in (0..).zip(&replicas) {
            probes.push(AbortOnDropHandle::new(tokio::spawn(probe(Arc::clone(replica), site.http("intake", n)))));
        }
        let token = site.tokens.get("sender").cloned().unwrap_or_default();
        let callers = Arc::new(Semaphore::new(64));
        Ok(Self { replicas, token, ledger, turn: AtomicUsize::new(0), tasks: TaskTracker::new(), callers, given_up, _probes: probes })
    }

    /// The next ready replica; any when none is.
    fn channel(&self) -> Option<Channel> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = || self.replicas.iter().cycle().skip(turn % self.replicas.len().max(1)).take(self.replicas.len());
        let ready = in_turn().find(|r| r.ready.load(Ordering::Relaxed));
        ready.or_else(|| in_turn().next()).map(|r| r.channel.clone())
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
        let (kind, answer) = (format!("customs.intake.v1.{method}Request"), format!("customs.intake.v1.{method}Response"));
        let path = format!("customs.intake.v1.Intake/{method}");
        let mut pause = Duration::from_millis(20);
        for _ in 0..400 {
            if self.given_up.is_cancelled() {
                break;
            }
            match wire::call(self.channel()?, &self.token, &path, (&kind, &request), &answer, DEADLINE).await {
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
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
        None
    }

    /// Waits until every caller has its answer.
    pub async fn finish(&self, patience: Duration) -> Result<()> {
        self.tasks.close();
        tokio::time::timeout(patience, self.tasks.wait()).await.context("calls were still unanswered")
    }
}

/// An answer by rule, the same however often it is asked. Not so a token that one replica holds for expired because its clock is wrong.
fn is_final(code: Code) -> bool {
    matches!(code, Code::InvalidArgument | Code::FailedPrecondition)
}
