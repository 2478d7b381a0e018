//! A site with its fleet and its load: what nearly every experiment opens, breaks, and closes with all laws checked.
use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::json;
use tonic::transport::Endpoint;

use crate::{
    clock,
    experiment::Bench,
    fleet::Fleet,
    laws::{self, Expected},
    load::{Demand, Ledger, Load, Standing},
    quiet,
    record::Record,
    site::{OFFICES, Plan, Site},
    wire,
};

/// What is running.
pub struct Scene {
    pub site: Arc<Site>,
    pub fleet: Fleet,
    pub load: Load,
}

impl Scene {
    /// Databases, topics, processes, officers; then load, until the first hundred are accepted.
    pub async fn open(bench: &Bench, plan: Plan, demand: Demand) -> Result<Self> {
        let site = Arc::new(Site::new(&bench.ground, plan).await?);
        let fleet = Fleet::start(&site).await?;
        rosters(&site).await?;
        let load = Load::start(&site, &demand)?;
        let scene = Self { site, fleet, load };
        scene.accepted_at_least(100, Duration::from_secs(30)).await?;
        Ok(scene)
    }

    pub async fn accepted_at_least(&self, wanted: u64, patience: Duration) -> Result<()> {
        let wait = async {
            while self.load.ledger.count(Standing::Accepted) < wanted {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(patience, wait).await.with_context(|| format!("less than {wanted} declarations were accepted"))
    }

    /// Waits until everything sent so far has arrived; nothing more is sent until the load is paced again.
    pub async fn still(&self, patience: Duration) -> Result<Duration> {
        self.load.pace(0);
        quiet::wait(&self.site, patience).await
    }

    /// Ends the load and waits until nothing moves any more.
    pub async fn rest(self, patience: Duration) -> Result<Rest> {
        let Self { site, fleet, load } = self;
        let ledger = load.finish().await?;
        fleet.all_ready(Duration::from_secs(60)).await?;
        let drained = quiet::wait(&site, patience).await?;
        Ok(Rest { site, fleet, ledger, drained })
    }

    /// Ends the load, waits for quiet, checks all laws, and takes everything down.
    pub async fn close(self, record: &mut Record, expected: Expected) -> Result<()> {
        let rest = self.rest(Duration::from_secs(180)).await?;
        record.figure("drained after the load's end in", rest.drained.as_secs_f64(), "s", None);
        rest.judge(record, expected).await
    }
}

/// A scene at rest: nothing is sent, nothing is under way.
pub struct Rest {
    pub site: Arc<Site>,
    pub fleet: Fleet,
    pub ledger: Arc<Ledger>,
    /// From the load's end to quiet.
    pub drained: Duration,
}

impl Rest {
    /// Checks all laws and takes everything down. What broke a law stays for a look.
    pub async fn judge(self, record: &mut Record, expected: Expected) -> Result<()> {
        let mut heads = quiet::heads(&self.site).await?;
        let mut verdict = laws::check(&self.site, &self.ledger, expected).await?;
        // Timers go on meanwhile: a fact that one of them tells between two readings looks like a fault.
        while !verdict.holds() && heads != quiet::heads(&self.site).await? {
            quiet::wait(&self.site, Duration::from_secs(60)).await?;
            heads = quiet::heads(&self.site).await?;
            verdict = laws::check(&self.site, &self.ledger, expected).await?;
        }
        let holds = verdict.holds();
        record.judged(verdict, self.ledger.count(Standing::Accepted));
        self.fleet.down().await?;
        if holds { self.site.remove().await } else { Ok(()) }
    }
}

/// Officers in every office, around the clock.
pub async fn rosters(site: &Site) -> Result<()> {
    let (from, to) = (clock::now().timestamp_micros() - 86_400_000_000, clock::now().timestamp_micros() + 40 * 86_400_000_000);
    let address = format!("http://127.0.0.1:{}", site.grpc("risk", 0));
    let channel = Endpoint::from_shared(address)?.connect().await?;
    let token = site.tokens.get("head").cloned().unwrap_or_default();
    for office in OFFICES {
        let officers: Vec<_> = (1..=6)
            .map(|n| json!({"code": format!("{office}-{n:02}"), "cap": 4_000_000, "shifts": [{"fromUs": from.to_string(), "toUs": to.to_string()}]}))
            .collect();
        let request = json!({"office": office, "officers": officers});
        let kinds = (("customs.risk.v1.SetRosterRequest", &request), "customs.risk.v1.SetRosterResponse");
        wire::call(channel.clone(), &token, "customs.risk.v1.Risk/SetRoster", kinds.0, kinds.1, Duration::from_secs(10)).await?;
    }
    Ok(())
}
