//! L4 as a head of office sees it: every report's totals, by call, against what the journals of intake and risk count.
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
    let mut finding = Finding::new("L4 every office's reports count what was lodged, by lane, amended and cleared");
    let days = days(evidence);
    for (office, expected) in counted(evidence, days.len() == 1) {
        let mut shown = Counts::new();
        for day in &days {
            let report = report(site, &office, day).await.with_context(|| format!("report of {office} on {day}"))?;
            for figure in report["figures"].as_array().into_iter().flatten() {
                for cell in cells(&text(&figure["cell"]), days.len() == 1) {
                    *shown.entry(cell).or_default() += number(&figure["value"]);
                }
            }
        }
        shown.retain(|_, count| *count != 0);
        finding.hold(shown == expected, || format!("{office} counts {expected:?}, its reports show {shown:?}"));
    }
    Ok(finding)
}

/// What is compared of an office, by its name.
type Counts = BTreeMap<String, i64>;

/// Which sums a report's cell is part of. A report sees everything else as it stood at the end of its day, so only what was lodged is compared
/// when clocks or midnight spread the work over several.
fn cells(cell: &str, one_day: bool) -> Vec<String> {
    match cell.split('.').collect::<Vec<_>>().as_slice() {
        ["lodged", _, _, lane] if one_day => vec!["lodged".to_owned(), format!("lodged {lane}")],
        ["lodged", _, _, _] => vec!["lodged".to_owned()],
        ["amended" | "cleared"] if one_day => vec![cell.to_owned()],
        _ => Vec::new(),
    }
}

/// The same from the journals of intake and risk.
fn counted(evidence: &Evidence, one_day: bool) -> BTreeMap<String, Counts> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let mut count = |office: &str, name: &str| *counts.entry(office.to_owned()).or_default().entry(name.to_owned()).or_default() += 1;
    for row in evidence.rows("intake", "customs.intake.v1") {
        match row.kind.rsplit('.').next().unwrap_or_default() {
            "Lodged" => count(&row.office, "lodged"),
            "Amended" if one_day => count(&row.office, "amended"),
            "Cleared" if one_day => count(&row.office, "cleared"),
            _ => {}
        }
    }
    for row in evidence.rows("risk", "customs.risk.v1").filter(|r| one_day && r.kind.ends_with(".Decided")) {
        // A report counts a declaration once, under the lane of the version that was lodged.
        if let Some(fact) = row.fact.as_ref().filter(|fact| number(&fact["version"]) == 0) {
            count(&row.office, &format!("lodged {}", text(&fact["lane"]).trim_start_matches("LANE_").to_lowercase()));
        }
    }
    counts
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
