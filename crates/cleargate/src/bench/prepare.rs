//! What must be in force before anything is measured: officers on roster, a model, and at least a hundred active profiles.
use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use chrono::{Datelike, NaiveDate, TimeDelta};
use contracts::risk::{ListRulesRequest, Officer, SetRosterRequest, Shift};
use tonic::metadata::MetadataValue;

use crate::{
    client::{Clients, explain},
    clock, demo,
    load::mix::OFFICES,
    profile::{save, step},
    progress::Progress,
    stack::Stack,
};

/// Profiles that decide every declaration of a bench.
const ACTIVE: usize = 100;
/// The demo's model is drawn from this seed.
const SEED: u64 = 9;

/// `offices`: to which declarations go beside those of the mix.
pub async fn decisions(stack: &Stack, offices: &[String], progress: &Progress) -> Result<()> {
    let step = progress.step("rules", "roster, model and profiles");
    let clients = Clients::new(stack)?;
    // Trained on made-up history, so that every bench decides by a model of the same size.
    let has_model = !names(&clients, "model").await?.is_empty();
    if !has_model {
        demo::learning::prepare(&clients, None, SEED).await?;
    }
    let active = names(&clients, "profile").await?;
    let missing = ACTIVE.saturating_sub(active.len());
    let free = (1..).map(|n| format!("B{n:03}")).filter(|id| !active.contains(id)).take(missing);
    for (n, id) in free.enumerate() {
        approve(&clients, &id, n).await?;
    }
    let active = names(&clients, "profile").await?.len();
    if active < ACTIVE {
        bail!("only {active} profiles are active; a bench needs {ACTIVE}");
    }
    // Last: each office publishes the rules with its next step, and hundreds of offices in one transaction would be a large one.
    let offices: BTreeSet<&str> = OFFICES.iter().map(|office| office.code).chain(offices.iter().map(String::as_str)).collect();
    roster(&clients, &offices, clock::today_date()).await?;
    step.done(&format!("a model and {active} active profiles decide at {} offices", offices.len()));
    Ok(())
}

/// Rules of a kind that are in force and name something.
async fn names(clients: &Clients, kind: &str) -> Result<Vec<String>> {
    let message = ListRulesRequest { kind: kind.to_owned(), id: String::new() };
    let rules = clients.risk().list_rules(clients.request("analyst-1", "analyst", message)?).await.map_err(|s| explain(&s))?.into_inner().rules;
    // A stack that was never told of a model has thresholds for an empty digest.
    let is_empty = |document: &str| serde_json::from_str::<serde_json::Value>(document).is_ok_and(|d| d.get("digest") == Some(&"".into()));
    let approved = rules.into_iter().filter(|rule| rule.state == "approved" && !is_empty(&rule.document));
    let mut ids: Vec<String> = approved.map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Six officers an office, all of them around the clock: no hand-over of a shift falls into a measurement.
async fn roster(clients: &Clients, offices: &BTreeSet<&str>, today: NaiveDate) -> Result<()> {
    let month = today.with_day(1).unwrap_or(today);
    let whole = |day: NaiveDate| {
        let from = values::start_of(day).timestamp_micros();
        Shift { from_us: from, to_us: from + 24 * 3_600_000_000 }
    };
    for office in offices {
        let officers = (1..=6).map(|n| Officer {
            code: format!("{office}-{n:02}"),
            // Nobody concludes files during a bench: the lists grow to what millions of declarations leave.
            cap: 10_000_000,
            shifts: (0..40).map(|day| whole(month + TimeDelta::days(day))).collect(),
            ..Officer::default()
        });
        let message = SetRosterRequest { office: (*office).to_owned(), officers: officers.collect(), supervisors: Vec::new() };
        let mut request = clients.request("head-of-office", "head", message)?;
        // By its content it would be taken for the same call of an earlier bench, and a roster that was set since would stay.
        let key = MetadataValue::try_from(format!("bench-{office}-{}", clock::now_micros()))?;
        request.metadata_mut().insert("idempotency-key", key);
        clients.risk().set_roster(request).await.map_err(|s| explain(&s)).with_context(|| format!("roster of {office}"))?;
    }
    Ok(())
}

/// One more profile by two persons: of a chapter of the tariff, with a bound on value or on the firm's record, as analysts write them.
async fn approve(clients: &Clients, id: &str, n: usize) -> Result<()> {
    let chapter = n % 97 + 1;
    let condition = match n % 4 {
        0 => format!("lines.exists(l, l.commodity.startsWith(\"{chapter:02}\") && l.value_per_kg < {})", 5_000 + 100 * n),
        1 => format!("trader_seen_365d < 3 && lines.exists(l, l.commodity.startsWith(\"{chapter:02}\"))"),
        2 => format!("value >= {} && lines.exists(l, l.commodity.startsWith(\"{chapter:02}\"))", 1_000_000_000 + 10_000_000 * n),
        _ => format!("declarant_found_365d >= 1 && lines.exists(l, l.commodity.startsWith(\"{chapter:02}\") && l.duty_rate >= 100000)"),
    };
    let document = format!(
        "id = \"{id}\"\nowner = \"analyst-1\"\nreason = \"bench: one of a hundred\"\ntitle_vi = \"Chương {chapter:02}, hồ sơ {n}\"\n\
         title_en = \"Chapter {chapter:02}, case {n}\"\ndirection = \"{}\"\nvalid_from = \"2026-01-01\"\nvalid_to = \"2027-12-31\"\n\
         when = '{condition}'\nlane = \"yellow\"\nshare = \"2\"\nweight = 20000\nground = \"Circular 81/2019/TT-BTC article 17 (nature of goods)\"\n",
        if n.is_multiple_of(3) { "export" } else { "import" }
    );
    let (id, version) = save(clients, "profile", document, "analyst-1").await.with_context(|| format!("profile {id}"))?;
    step(clients, "profile", &id, version, "approve", "head-of-risk").await?;
    Ok(())
}
