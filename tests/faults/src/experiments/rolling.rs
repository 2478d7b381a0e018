//! A new version, replica by replica, with a migration between, while calls go on.
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};

use super::kill::whole;
use crate::{
    clock,
    experiment::Bench,
    laws::Expected,
    load::{Demand, Ledger, REFUSED},
    record::{Must, Record},
    scene::Scene,
    site::{OFFICES, Plan, SERVICES, Site},
    wire,
};

/// Both replicas of every service are stopped and started one after the other; between, the database is migrated to the next version.
pub async fn restart(bench: &Bench, record: &mut Record) -> Result<()> {
    let plan = Plan { laboratory: true, ..Plan::default() };
    let scene = Scene::open(bench, plan, Demand { grpc: 500, ..Demand::at(200, bench.seed) }).await?;
    scene.accepted_at_least(1_000, Duration::from_secs(60)).await?;
    let queries = Queries::start(&scene)?;
    let mut restarts = 0_u32;
    for _ in 0..bench.scale.pick(1, 5) {
        for service in SERVICES {
            let mut migrate = scene.site.command(service, 0);
            let output = migrate.arg("migrate").env("CLEARGATE_NEXT", "1").output().await?;
            ensure!(output.status.success(), "{service} migrate: {}", String::from_utf8_lossy(&output.stdout));
            for replica in [0, 1] {
                // Old and new side by side: the first replica is already new while the second is still old.
                scene.fleet.stop((service, replica)).await?;
                scene.fleet.environment((service, replica), "CLEARGATE_NEXT", "1");
                scene.fleet.spawn((service, replica))?;
                scene.fleet.all_ready(Duration::from_secs(30)).await?;
                restarts += 1;
            }
            // And an old one that must start again in the middle of it.
            scene.fleet.environment((service, 1), "CLEARGATE_NEXT", "");
            scene.fleet.stop((service, 1)).await?;
            scene.fleet.spawn((service, 1))?;
            scene.fleet.all_ready(Duration::from_secs(30)).await?;
            restarts += 1;
        }
    }
    let (asked, unanswered) = queries.finish().await;
    let (answered, failed) = scene.load.ledger.answered();
    let attempts = scene.load.ledger.attempts();
    let told: Vec<String> =
        attempts.iter().filter(|(how, _)| !["OK", REFUSED].contains(&how.as_str())).map(|(how, n)| format!("{how} {n}")).collect();
    scene.close(record, Expected::default()).await?;
    record.figure("replicas restarted", f64::from(restarts), "", None);
    record.figure("calls of intake answered", answered as f64, "", None);
    record.figure("calls of intake failed", failed as f64, &told.join(", "), Some(Must::AtMost(0.0)));
    let told: Vec<String> = unanswered.iter().map(|(what, n)| format!("{what} {n}")).collect();
    record.figure("queries of risk, tracking and reporting", asked as f64, "", Some(Must::AtLeast(1.0)));
    record.figure("queries failed", unanswered.values().sum::<u64>() as f64, &told.join(", "), Some(Must::AtMost(0.0)));
    if whole(record) {
        record.bound("restart", u64::from(restarts));
    }
    Ok(())
}

/// A call that changes nothing.
pub struct Query {
    pub role: &'static str,
    pub method: &'static str,
    pub input: &'static str,
    pub output: &'static str,
    pub request: Value,
}

/// All replicas of a service, called as the platform's own clients do: in turn, and what one cannot take is handed to the next, once.
pub struct Replicas {
    channels: Vec<Channel>,
    tokens: BTreeMap<&'static str, String>,
    turn: AtomicUsize,
}

impl Replicas {
    pub fn of(site: &Site, service: &str) -> Result<Self> {
        let mut channels = Vec::new();
        for replica in 0..site.plan.replicas {
            let address = format!("http://127.0.0.1:{}", site.grpc(service, replica));
            channels.push(Endpoint::from_shared(address)?.connect_timeout(Duration::from_secs(1)).connect_lazy());
        }
        ensure!(!channels.is_empty(), "{service} has no replicas");
        Ok(Self { channels, tokens: site.tokens.clone(), turn: AtomicUsize::new(0) })
    }

    pub async fn ask(&self, query: &Query) -> Result<Value, Status> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let token = self.tokens.get(query.role).map(String::as_str).unwrap_or_default();
        let attempt = |step: usize| {
            let channel = self.channels[turn.wrapping_add(step) % self.channels.len()].clone();
            wire::call(channel, token, query.method, (query.input, &query.request), query.output, Duration::from_secs(5))
        };
        match attempt(0).await {
            // The services never say UNKNOWN: it is what becomes of a connection that was lost.
            Err(status) if matches!(status.code(), Code::Unavailable | Code::Unknown) => attempt(1).await,
            answer => answer,
        }
    }
}

/// A few queries a second of every service that the load does not call.
struct Queries {
    stop: CancellationToken,
    task: JoinHandle<(u64, BTreeMap<String, u64>)>,
}

impl Queries {
    fn start(scene: &Scene) -> Result<Self> {
        let [risk, tracking, reporting] = ["risk", "tracking", "reporting"].map(|service| Replicas::of(&scene.site, service));
        let stop = CancellationToken::new();
        let task = tokio::spawn(ask([risk?, tracking?, reporting?], Arc::clone(&scene.load.ledger), stop.clone()));
        Ok(Self { stop, task })
    }

    /// How many were made, and how those ended that failed.
    async fn finish(self) -> (u64, BTreeMap<String, u64>) {
        self.stop.cancel();
        self.task.await.unwrap_or_else(|error| (0, BTreeMap::from([(error.to_string(), 1)])))
    }
}

async fn ask([risk, tracking, reporting]: [Replicas; 3], ledger: Arc<Ledger>, stop: CancellationToken) -> (u64, BTreeMap<String, u64>) {
    let (mut asked, mut failed) = (0, BTreeMap::new());
    while !stop.is_cancelled() {
        let office = OFFICES[fastrand::usize(..OFFICES.len())];
        let (worklist, board) = (worklist(office), board());
        let (report, way) = (report(office), timeline(&number(&ledger)));
        let answers = futures::join!(risk.ask(&worklist), tracking.ask(&board), reporting.ask(&report), reporting.ask(&way));
        for (query, answer) in [(worklist, answers.0), (board, answers.1), (report, answers.2), (way, answers.3)] {
            asked += 1;
            // What reporting has not heard of yet it does not know: an answer too.
            if let Some(status) = answer.err().filter(|status| status.code() != Code::NotFound) {
                *failed.entry(format!("{} {:?} {}", query.method, status.code(), status.message())).or_default() += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    (asked, failed)
}

/// The number of some declaration that was answered with one; '' before there is any.
pub fn number(ledger: &Ledger) -> String {
    ledger.items().values().find(|item| !item.number.is_empty()).map(|item| item.number.clone()).unwrap_or_default()
}

fn worklist(office: &str) -> Query {
    Query {
        role: "head",
        method: "customs.risk.v1.Risk/Worklist",
        input: "customs.risk.v1.WorklistRequest",
        output: "customs.risk.v1.WorklistResponse",
        request: json!({"office": office, "limit": 20}),
    }
}

fn board() -> Query {
    Query {
        role: "head",
        method: "customs.tracking.v1.Tracking/Board",
        input: "customs.tracking.v1.BoardRequest",
        output: "customs.tracking.v1.BoardResponse",
        request: json!({"gate": "LAOBAO"}),
    }
}

fn report(office: &str) -> Query {
    Query {
        role: "auditor",
        method: "customs.reporting.v1.Reporting/DailyReport",
        input: "customs.reporting.v1.DailyReportRequest",
        output: "customs.reporting.v1.Report",
        request: json!({"scope": office, "day": clock::today().to_string()}),
    }
}

fn timeline(number: &str) -> Query {
    Query {
        role: "auditor",
        method: "customs.reporting.v1.Reporting/Timeline",
        input: "customs.reporting.v1.TimelineRequest",
        output: "customs.reporting.v1.TimelineResponse",
        request: json!({"number": number}),
    }
}
