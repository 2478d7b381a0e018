//! Clocks that are wrong: ahead, behind, and stepping back over midnight in one process.
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::Result;

use crate::{
    clock,
    experiment::Bench,
    laws::Expected,
    load::{Demand, Standing},
    record::{Must, Record},
    scene::Scene,
    site::{Plan, SERVICES, Site},
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
    for shift in shifts {
        for service in SERVICES {
            std::fs::write(file(&scene.site, service), shift.to_string())?;
        }
        let before = scene.load.ledger.count(Standing::Accepted);
        scene.accepted_at_least(before + bench.scale.pick(600, 4_000), Duration::from_secs(120)).await?;
        // So that the shifted replicas decide something, whoever owns the partitions now.
        for service in SERVICES {
            scene.fleet.kill((service, 1)).await?;
        }
    }
    let rest = scene.rest(Duration::from_secs(180)).await?;
    let (opened, fell) = days(&rest.site).await?;
    record.figure("clock shifts of one replica of each service", shifts.len() as f64, "", None);
    record.figure("days opened", opened as f64, "", None);
    record.figure("days that fell back", fell as f64, "", Some(Must::AtMost(0.0)));
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

/// How many days were opened, and how many of them not later than the one before at the same office.
async fn days(site: &Site) -> Result<(usize, usize)> {
    let rows: Vec<(String, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT office, (extract(epoch FROM recorded_at) * 1000000)::bigint, payload FROM journal WHERE kind = 'customs.risk.v1.DayOpened' ORDER BY 2",
    )
    .fetch_all(&site.database("risk").await?)
    .await?;
    let (opened, mut fell) = (rows.len(), 0);
    let mut latest: BTreeMap<String, String> = BTreeMap::new();
    for (office, _, payload) in rows {
        let event = crate::wire::decode("customs.risk.v1.RiskEvent", &payload)?;
        let date = event["dayOpened"]["date"].as_str().unwrap_or_default().to_owned();
        fell += usize::from(latest.get(&office).is_some_and(|before| *before >= date));
        latest.insert(office, date);
    }
    Ok((opened, fell))
}
