//! What must hold between the services, judged at one vector of heads.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use contracts::{
    common::Lane,
    intake::{IntakeEvent, intake_event},
    risk::{RiskEvent, risk_event},
};
use futures::TryStreamExt;
use prost::Message;
use sqlx::Row;

use super::{Finding, snapshot::Snapshot};

/// (key, version).
type Version = (String, u32);

const INTAKE: &str = "customs.intake.v1";
const RISK: &str = "customs.risk.v1";

/// What intake accepted, with its place.
struct Accepted {
    versions: HashMap<Version, (i32, i64)>,
    doubled: Vec<Version>,
}

/// What risk did with a version.
#[derive(Default)]
struct Treatment {
    decisions: Vec<(i32, i64)>,
    /// As it was decided: what reports count.
    decided: i32,
    /// As it is, after a person changed it.
    lane: i32,
    officer: String,
    queue_reason: String,
}

pub async fn verify(reporting: &mut Snapshot, risk: &mut Snapshot, intake: &mut Snapshot) -> Result<Vec<Finding>> {
    let accepted = accepted(intake).await?;
    let treated = treated(risk).await?;
    let excused = excused(risk).await?;
    let mut findings = vec![one_lane(&accepted, &treated, risk, &excused), one_owner(&treated)];
    findings.extend(reported(reporting, &accepted, &treated).await?);
    Ok(findings)
}

async fn accepted(intake: &mut Snapshot) -> Result<Accepted> {
    let mut accepted = Accepted { versions: HashMap::new(), doubled: Vec::new() };
    let mut rows = sqlx::query("SELECT stream, position, payload FROM journal WHERE topic = $1 AND kind = ANY($2)")
        .bind(INTAKE)
        .bind(["customs.intake.v1.Lodged", "customs.intake.v1.Amended"].map(str::to_owned).to_vec())
        .fetch(&mut intake.conn);
    while let Some(row) = rows.try_next().await? {
        let (stream, position, payload): (i32, i64, Vec<u8>) = (row.get(0), row.get(1), row.get(2));
        let declaration = match IntakeEvent::decode(payload.as_slice())?.fact {
            Some(intake_event::Fact::Lodged(lodged)) => lodged.declaration,
            Some(intake_event::Fact::Amended(amended)) => amended.declaration,
            _ => None,
        };
        let Some(declaration) = declaration else { continue };
        let version = (declaration.key, declaration.version);
        if accepted.versions.insert(version.clone(), (stream, position)).is_some() {
            accepted.doubled.push(version);
        }
    }
    Ok(accepted)
}

async fn treated(risk: &mut Snapshot) -> Result<HashMap<Version, Treatment>> {
    let mut treated: HashMap<Version, Treatment> = HashMap::new();
    let mut rows =
        sqlx::query("SELECT stream, position, payload FROM journal WHERE topic = $1 ORDER BY stream, position").bind(RISK).fetch(&mut risk.conn);
    while let Some(row) = rows.try_next().await? {
        let (stream, position, payload): (i32, i64, Vec<u8>) = (row.get(0), row.get(1), row.get(2));
        match RiskEvent::decode(payload.as_slice())?.fact {
            Some(risk_event::Fact::Decided(d)) => {
                let treatment = treated.entry((d.key, d.version)).or_default();
                treatment.decisions.push((stream, position));
                treatment.decided = d.lane;
                (treatment.lane, treatment.officer, treatment.queue_reason) = (d.lane, d.officer, d.queue_reason);
            }
            Some(risk_event::Fact::Assigned(a)) => {
                let treatment = treated.entry((a.key, a.version)).or_default();
                (treatment.officer, treatment.queue_reason) = (a.officer, a.queue_reason);
            }
            Some(risk_event::Fact::LaneChanged(c)) => {
                let treatment = treated.entry((c.key, c.version)).or_default();
                (treatment.lane, treatment.officer) = (c.to, c.officer);
            }
            Some(risk_event::Fact::Reassigned(r)) => treated.entry((r.key, r.version)).or_default().officer = r.to,
            _ => {}
        }
    }
    Ok(treated)
}

/// Keys whose facts wait or lie in the dead letters of risk: told elsewhere.
async fn excused(risk: &mut Snapshot) -> Result<BTreeSet<String>> {
    let rows = sqlx::query_scalar("SELECT subject FROM dead_letters WHERE redriven_at IS NULL UNION SELECT subject FROM awaiting")
        .fetch_all(&mut risk.conn)
        .await?;
    Ok(rows.into_iter().collect())
}

fn one_lane(accepted: &Accepted, treated: &HashMap<Version, Treatment>, risk: &Snapshot, excused: &BTreeSet<String>) -> Finding {
    let mut finding = Finding::new("every accepted version has exactly one lane");
    for version in &accepted.doubled {
        finding.fault(format!("{}{} was accepted twice", version.0, version.1));
    }
    for (version, (stream, position)) in &accepted.versions {
        if *position > risk.read_to(INTAKE, *stream) || excused.contains(&version.0) {
            continue;
        }
        finding.checked += 1;
        match treated.get(version).map_or(0, |t| t.decisions.len()) {
            1 => {}
            n => finding.fault(format!("{}{} has {n} lanes", version.0, version.1)),
        }
    }
    for version in treated.keys().filter(|v| !accepted.versions.contains_key(*v)) {
        finding.fault(format!("{}{} has a lane and was never accepted", version.0, version.1));
    }
    finding
}

fn one_owner(treated: &HashMap<Version, Treatment>) -> Finding {
    let mut finding = Finding::new("every check has one officer or one queue entry");
    for (version, treatment) in treated {
        let needs = treatment.lane != i32::from(Lane::Green);
        let has = usize::from(!treatment.officer.is_empty()) + usize::from(!treatment.queue_reason.is_empty());
        finding.checked += u64::from(needs);
        if has != usize::from(needs) {
            finding.fault(format!(
                "{}{} lane {} officer {:?} queue {:?}",
                version.0, version.1, treatment.lane, treatment.officer, treatment.queue_reason
            ));
        }
    }
    finding
}

async fn reported(reporting: &mut Snapshot, accepted: &Accepted, treated: &HashMap<Version, Treatment>) -> Result<Vec<Finding>> {
    let mut rows: BTreeMap<Version, (bool, String)> = BTreeMap::new();
    let mut doubled = Finding::new("reporting has one row a version, and no others");
    let mut stream = sqlx::query("SELECT key, version::int, lodged_at IS NOT NULL, lane FROM declarations").fetch(&mut reporting.conn);
    while let Some(row) = stream.try_next().await? {
        let (key, version, lodged, lane): (String, i32, bool, String) = (row.get(0), row.get(1), row.get(2), row.get(3));
        doubled.checked += 1;
        if rows.insert((key.clone(), version.unsigned_abs()), (lodged, lane)).is_some() {
            doubled.fault(format!("{key}{version} has two rows"));
        }
    }
    drop(stream);
    let mut complete = Finding::new("everything read from intake is in reporting, in equal number");
    let mut registered = 0_u64;
    for (version, (stream, position)) in &accepted.versions {
        if *position <= reporting.read_to(INTAKE, *stream) {
            complete.checked += 1;
            registered += 1;
            if !rows.get(version).is_some_and(|(lodged, _)| *lodged) {
                complete.fault(format!("{}{} is missing in reporting", version.0, version.1));
            }
        }
    }
    let shown = rows.values().filter(|(lodged, _)| *lodged).count() as u64;
    if shown != registered {
        complete.fault(format!("intake accepted {registered}, reporting shows {shown}"));
    }
    let mut lanes = Finding::new("every lane read from risk is the lane in reporting");
    for (version, treatment) in treated {
        for (stream, position) in &treatment.decisions {
            if *position > reporting.read_to(RISK, *stream) {
                continue;
            }
            lanes.checked += 1;
            let lane = match Lane::try_from(treatment.decided) {
                Ok(Lane::Green) => "green",
                Ok(Lane::Yellow) => "yellow",
                Ok(Lane::Red) => "red",
                _ => "",
            };
            if rows.get(version).map(|(_, shown)| shown.as_str()) != Some(lane) {
                lanes.fault(format!("{}{} is {lane} in risk, {:?} in reporting", version.0, version.1, rows.get(version)));
            }
        }
    }
    Ok(vec![doubled, complete, lanes])
}

/// What waits: told, not a fault.
pub async fn waiting(snapshots: [&mut Snapshot; 4]) -> Result<Finding> {
    let mut finding = Finding::new("dead letters and awaited facts are counted");
    let mut notes = Vec::new();
    for snapshot in snapshots {
        let row = sqlx::query("SELECT (SELECT count(*) FROM dead_letters WHERE redriven_at IS NULL), (SELECT count(*) FROM awaiting)")
            .fetch_one(&mut snapshot.conn)
            .await?;
        let (dead, awaiting): (i64, i64) = (row.get(0), row.get(1));
        finding.checked += (dead + awaiting).unsigned_abs();
        if dead + awaiting > 0 {
            notes.push(format!("{}: {dead} dead, {awaiting} awaiting", snapshot.service));
        }
    }
    finding.note = if notes.is_empty() { "none".to_owned() } else { notes.join("; ") };
    Ok(finding)
}
