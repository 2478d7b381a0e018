//! What is looked at afterwards: outcomes, pairs, overrides and shares of a period.
use std::sync::Arc;

use chrono::TimeDelta;
use contracts::{
    common,
    risk::{Override, OverridesResponse, PeriodRequest, Share},
};
use platform::{Instant, callers::Caller, serving::Refusal};
use risk_domain::outcomes::{self, Outcome};
use sqlx::PgConnection;
use values::{Day, start_of};

use crate::{
    concluding::outcome,
    pairing,
    regime::InForce,
    store::{self, OverrideRow},
    wire::lane_of,
};

/// Days of some offices; no office means all of them.
pub struct Period {
    pub offices: Vec<String>,
    pub from: Day,
    /// Inclusive.
    pub to: Day,
}

/// Most days in one period.
const LONGEST: i64 = 800;

impl Period {
    /// What a caller may look at.
    pub fn of(caller: &Caller, request: &PeriodRequest) -> Result<Self, Refusal> {
        let period = Self::open(request)?;
        if !request.office.is_empty() && !caller.acts_for(&request.office) {
            return Err(Refusal::other_office(&request.office));
        }
        let every = caller.offices.iter().any(|office| office == "*");
        let own = if every { Vec::new() } else { caller.offices.clone() };
        if !every && own.is_empty() && request.office.is_empty() {
            return Err(Refusal::Denied("the caller acts for no office".to_owned()));
        }
        Ok(if request.office.is_empty() { Self { offices: own, ..period } } else { period })
    }

    /// What everybody may look at.
    pub fn open(request: &PeriodRequest) -> Result<Self, Refusal> {
        let day = |text: &str, field: &str| {
            text.parse::<Day>().map_err(|_| Refusal::invalid(field, "CG330", "Ngày không đúng", "expected a day as YYYY-MM-DD"))
        };
        let (from, to) = (day(&request.from, "/from")?, day(&request.to, "/to")?);
        if to < from || (to - from).num_days() > LONGEST {
            let text = format!("expected a day from {from} to {LONGEST} days after it");
            return Err(Refusal::invalid("/to", "CG331", "Khoảng ngày không đúng", &text));
        }
        let offices = if request.office.is_empty() { Vec::new() } else { vec![request.office.clone()] };
        Ok(Self { offices, from, to })
    }

    /// First moment, and the first after it.
    fn moments(&self) -> (Instant, Instant) {
        (start_of(self.from), start_of(self.to) + TimeDelta::days(1))
    }
}

/// Hits, rates and alarms as JSON.
pub async fn outcomes(conn: &mut PgConnection, in_force: &Arc<InForce>, period: &Period) -> Result<String, Refusal> {
    let rows = store::outcomes(conn, &period.offices, period.from, period.to).await.map_err(Refusal::from)?;
    let mut outcomes: Vec<Outcome> = rows.iter().filter_map(|row| serde_json::from_slice(&row.outcome).ok()).collect();
    for (day, selection) in store::unconcluded(conn, &period.offices, period.from, period.to).await.map_err(Refusal::from)? {
        outcomes.extend(serde_json::from_slice(&selection).ok().map(|selection| outcome(selection, day)));
    }
    let regime = in_force.current(conn).await.map_err(Refusal::from)?;
    let reference = regime.reference();
    let report = outcomes::report(&outcomes, reference.as_ref(), period.to);
    serde_json::to_string(&report).map_err(|_| Refusal::Internal)
}

/// Officers beside declarants, traders and hours as JSON.
pub async fn pairs(conn: &mut PgConnection, period: &Period) -> Result<String, Refusal> {
    let (from, to) = period.moments();
    let rows = store::picks(conn, &period.offices, from, to).await.map_err(Refusal::from)?;
    let report = pairing::report(&rows);
    serde_json::to_string(&report).map_err(|_| Refusal::Internal)
}

/// The register, and how files came to their officers.
pub async fn overrides(conn: &mut PgConnection, period: &Period) -> Result<OverridesResponse, Refusal> {
    let (from, to) = period.moments();
    let rows = store::overrides(conn, &period.offices, from, to).await.map_err(Refusal::from)?;
    let shares = store::shares(conn, &period.offices, period.from, period.to).await.map_err(Refusal::from)?;
    Ok(OverridesResponse { overrides: rows.into_iter().map(overridden).collect(), shares: shares.into_iter().map(share).collect() })
}

fn overridden(row: OverrideRow) -> Override {
    Override {
        at: Some(row.at.into()),
        office: row.office,
        number: row.number,
        what: row.what,
        from: row.source,
        to: row.target,
        reason: row.reason,
        by: row.actor,
        second_person: row.second_person,
    }
}

fn share((lane, how, files): (String, String, i64)) -> Share {
    let automatic = matches!(how.as_str(), "DRAWN" | "ONLY" | "RETURNED" | "TOGETHER");
    let lane: common::Lane = lane_of(&lane);
    Share { lane: lane.into(), how, files: files.unsigned_abs(), automatic }
}
