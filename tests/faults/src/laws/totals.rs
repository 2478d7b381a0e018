//! L4 as a head of office sees it: every report's totals, by call, against what intake's journal counts.
use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tonic::transport::Endpoint;

use super::{
    Evidence, Finding,
    effects::{number, text},
};
use crate::{clock, site::Site, wire};

pub async fn verify(site: &Site, evidence: &Evidence) -> Result<Finding> {
    let mut finding = Finding::new("L4 every office's report counts what was lodged");
    let mut lodged: BTreeMap<String, i64> = BTreeMap::new();
    for row in evidence.rows("intake", "customs.intake.v1").filter(|r| r.kind.ends_with(".Lodged")) {
        *lodged.entry(row.office.clone()).or_default() += 1;
    }
    let days = days(evidence);
    for (office, expected) in lodged {
        let mut shown = 0;
        for day in &days {
            let report = report(site, &office, day).await.with_context(|| format!("report of {office} on {day}"))?;
            let figures = report["figures"].as_array().cloned().unwrap_or_default();
            shown += figures
                .iter()
                .filter(|f| text(&f["cell"]).starts_with("lodged.") && text(&f["cell"]).split('.').count() == 4)
                .map(|f| number(&f["value"]))
                .sum::<i64>();
        }
        finding.hold(shown == expected, || format!("{office} lodged {expected}, its reports show {shown}"));
    }
    Ok(finding)
}

/// Local days on which intake registered something.
fn days(evidence: &Evidence) -> Vec<String> {
    let mut days: Vec<String> = evidence
        .rows("intake", "customs.intake.v1")
        .filter_map(|r| chrono::DateTime::from_timestamp_micros(r.recorded_us))
        .map(|at| at.with_timezone(&chrono_tz::Asia::Ho_Chi_Minh).date_naive().to_string())
        .collect();
    days.push(clock::today().to_string());
    days.sort();
    days.dedup();
    days
}

async fn report(site: &Site, office: &str, day: &str) -> Result<Value> {
    let address = format!("http://127.0.0.1:{}", site.grpc("reporting", 0));
    let channel = Endpoint::from_shared(address)?.connect_timeout(Duration::from_secs(5)).connect().await?;
    let token = site.tokens.get("auditor").cloned().unwrap_or_default();
    let request = json!({"scope": office, "day": day});
    let answer = wire::call(
        channel,
        &token,
        "customs.reporting.v1.Reporting/DailyReport",
        ("customs.reporting.v1.DailyReportRequest", &request),
        "customs.reporting.v1.Report",
        Duration::from_secs(20),
    );
    Ok(answer.await?)
}
