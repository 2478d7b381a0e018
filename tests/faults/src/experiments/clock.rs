//! Clocks that are wrong: ahead, behind, and stepping back over midnight in one process.
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Result, bail};
use serde_json::json;
use tonic::{Code, transport::Endpoint};

use crate::{
    clock,
    experiment::Bench,
    laws::Expected,
    load::{Demand, Standing},
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES, Site},
    wire,
};

const MINUTE_US: i64 = 60_000_000;

/// One replica of each service lives ten minutes ahead, then behind; then its clock steps over midnight and back.
pub async fn wrong(bench: &Bench, record: &mut Record) -> Result<()> {
    let plan = Plan { laboratory: true, ..Plan::default() };
    let scene = Scene::open(bench, plan, Demand::at(200, bench.seed)).await?;
    for service in SERVICES {
        std::fs::write(file(&scene.site, service), "0")?;
        scene.fleet.environment((service, 0), "CLEARGATE_CLOCK", &file(&scene.site, service).display().to_string());
        scene.fleet.kill((service, 0)).await?;
    }
    let shifts = [10 * MINUTE_US, -10 * MINUTE_US, to_midnight() + MINUTE_US, to_midnight() - MINUTE_US, 0];
    let mut tokens = Tokens::default();
    for shift in shifts {
        for service in SERVICES {
            std::fs::write(file(&scene.site, service), shift.to_string())?;
        }
        let before = scene.load.ledger.count(Standing::Accepted);
        scene.accepted_at_least(before + bench.scale.pick(600, 4_000), Duration::from_secs(120)).await?;
        if shift.abs() == 10 * MINUTE_US {
            tokens.judge(bench, &scene.site, 0, shift).await?;
            tokens.judge(bench, &scene.site, 1, 0).await?;
        }
        // So that the shifted replicas decide something, whoever owns the partitions now.
        for service in SERVICES {
            scene.fleet.kill((service, 1)).await?;
        }
    }
    let rest = scene.rest(Duration::from_secs(180)).await?;
    let (turned, fell) = days(&rest.site).await?;
    record.figure("clock shifts of one replica of each service", shifts.len() as f64, "", None);
    record.figure("days that turned at an office", turned as f64, "", Some(Must::AtLeast(1.0)));
    record.figure("days that fell back", fell as f64, "", Some(Must::AtMost(0.0)));
    record.figure("times of an office that fell back", times(&rest.site).await? as f64, "", Some(Must::AtMost(0.0)));
    record.figure("tokens judged", f64::from(tokens.judged), "", None);
    record.figure("judged otherwise than by the replica's own clock", f64::from(tokens.wrong), "", Some(Must::AtMost(0.0)));
    SERVICES.iter().for_each(|service| {
        let _ = std::fs::remove_file(file(&rest.site, service));
    });
    rest.judge(record, Expected::default()).await
}

/// Where a service's first replica reads how far its clock is off.
fn file(site: &Site, service: &str) -> PathBuf {
    std::env::temp_dir().join(format!("cleargate-clock-{}-{service}", site.name))
}

/// Microseconds until midnight at the offices.
fn to_midnight() -> i64 {
    let local = clock::now().with_timezone(&chrono_tz::Asia::Ho_Chi_Minh);
    let passed = i64::from(chrono::Timelike::num_seconds_from_midnight(&local));
    (86_400 - passed) * 1_000_000
}

/// What replicas made of tokens that end close to now.
#[derive(Default)]
struct Tokens {
    judged: u32,
    wrong: u32,
}

impl Tokens {
    /// Shows a replica of each service a token that expired five minutes ago and one that expires in five. A process has one clock: by the
    /// same that stamps its facts a token holds or does not, whatever the time is elsewhere.
    async fn judge(&mut self, bench: &Bench, site: &Site, replica: u16, shift: i64) -> Result<()> {
        for rest_s in [-300, 300] {
            let expires = format!("--expires-in-s={rest_s}");
            let token = bench.ground.cli(&["token", "--subject", "lab-operator", "--role", "operator", "--office", "*", &expires]).await?;
            let holds = rest_s * 1_000_000 > shift;
            for service in SERVICES {
                self.judged += 1;
                self.wrong += u32::from(taken(site, service, replica, &token).await? != holds);
            }
        }
        Ok(())
    }
}

/// Whether a replica takes the token for a call that its bearer may make. One that is just away is asked again.
async fn taken(site: &Site, service: &str, replica: u16, token: &str) -> Result<bool> {
    let address = format!("http://127.0.0.1:{}", site.grpc(service, replica));
    let channel = Endpoint::from_shared(address)?.connect_timeout(Duration::from_secs(1)).connect_lazy();
    let (input, output) = ("customs.common.v1.ListDeadLettersRequest", "customs.common.v1.ListDeadLettersResponse");
    let (method, request) = ("customs.common.v1.Operations/ListDeadLetters", json!({"limit": 1}));
    let mut last = None;
    for _ in 0..20 {
        match wire::call(channel.clone(), token, method, (input, &request), output, Duration::from_secs(5)).await {
            Ok(_) => return Ok(true),
            Err(status) if status.code() == Code::Unauthenticated => return Ok(false),
            Err(status) => last = Some(status),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!("{service}-{replica} does not judge a token: {last:?}")
}

/// How many days followed another at an office, and how many days were not later than the one before. By position: by time, a day that fell
/// back would stand in its place.
async fn days(site: &Site) -> Result<(usize, usize)> {
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT office, payload FROM journal WHERE kind = 'customs.risk.v1.DayOpened' ORDER BY topic, stream, position")
            .fetch_all(&site.database("risk").await?)
            .await?;
    let (mut turned, mut fell) = (0, 0);
    let mut latest: BTreeMap<String, String> = BTreeMap::new();
    for (office, payload) in rows {
        let event = wire::decode("customs.risk.v1.RiskEvent", &payload)?;
        let date = event["dayOpened"]["date"].as_str().unwrap_or_default().to_owned();
        if let Some(before) = latest.get(&office) {
            turned += usize::from(*before < date);
            fell += usize::from(*before >= date);
        }
        latest.insert(office, date);
    }
    Ok((turned, fell))
}

/// How many rows of an office are dated before the row in front of them.
async fn times(site: &Site) -> Result<i64> {
    let fell = "SELECT count(*) FROM (
        SELECT recorded_at < lag(recorded_at) OVER (PARTITION BY stream, office ORDER BY position) AS fell
        FROM journal WHERE topic = 'customs.risk.v1' AND office <> ''
    ) AS rows WHERE fell";
    Ok(sqlx::query_scalar(fell).fetch_one(&site.database("risk").await?).await?)
}
