//! Dead letters from outside: what lies in the databases, and the operator's call that tries them again.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Result;
use serde_json::{Value, json};
use tonic::transport::{Channel, Endpoint};

use crate::{site::Site, wire};

/// What the redrives of all letters of a service came to.
#[derive(Debug, Default, Clone, Copy)]
pub struct Redriven {
    pub tried: u64,
    pub applied: u64,
}

/// How often each open letter of a service lies there, by a digest of its headers and content: a letter that was doubled has another place.
pub async fn open(site: &Site, service: &str) -> Result<BTreeMap<String, i64>> {
    let pool = site.database(service).await?;
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT md5(headers || encode(payload, 'hex')), count(*) FROM dead_letters WHERE redriven_at IS NULL GROUP BY 1")
            .fetch_all(&pool)
            .await?;
    pool.close().await;
    Ok(rows.into_iter().collect())
}

/// Letters of a code, open or applied since, whose headers name a kind; '' is any kind.
pub async fn of_code(site: &Site, service: &str, code: &str, kind: &str, applied: bool) -> Result<i64> {
    let pool = site.database(service).await?;
    let letters = sqlx::query_scalar(
        "SELECT count(*) FROM dead_letters WHERE code = $1 AND ($2 = '' OR headers LIKE '%ce_type=' || $2 || E'\\n%') AND (redriven_at IS NOT NULL) = $3",
    )
    .bind(code)
    .bind(kind)
    .bind(applied)
    .fetch_one(&pool)
    .await?;
    pool.close().await;
    Ok(letters)
}

/// Subjects that wait behind a letter.
pub async fn parked(site: &Site, service: &str) -> Result<i64> {
    let pool = site.database(service).await?;
    let parked = sqlx::query_scalar("SELECT count(*) FROM parked").fetch_one(&pool).await?;
    pool.close().await;
    Ok(parked)
}

/// Asks a service to try every letter again, also what was applied before.
pub async fn redrive(site: &Arc<Site>, service: &str) -> Result<Redriven> {
    let channel = Endpoint::from_shared(format!("http://127.0.0.1:{}", site.grpc(service, 0)))?.connect().await?;
    let (mut places, mut page) = (Vec::new(), String::new());
    loop {
        let request = json!({"limit": 500, "pageToken": page, "withApplied": true});
        let answer = ask(&channel, site, "ListDeadLetters", &request).await?;
        places.extend(answer["letters"].as_array().into_iter().flatten().map(|letter| letter["id"].clone()));
        answer["nextPageToken"].as_str().unwrap_or_default().clone_into(&mut page);
        if page.is_empty() {
            break;
        }
    }
    let mut redriven = Redriven::default();
    for place in places {
        let request = json!({"id": {"topic": place["topic"], "partition": place["partition"], "offset": place["offset"].to_string()}});
        let answer = ask(&channel, site, "Redrive", &request).await?;
        redriven.tried += 1;
        redriven.applied += answer["applied"].as_u64().unwrap_or(0);
    }
    Ok(redriven)
}

async fn ask(channel: &Channel, site: &Site, method: &str, request: &Value) -> Result<Value> {
    let token = site.tokens.get("operator").cloned().unwrap_or_default();
    let (input, output) = (format!("customs.common.v1.{method}Request"), format!("customs.common.v1.{method}Response"));
    let path = format!("customs.common.v1.Operations/{method}");
    Ok(wire::call(channel.clone(), &token, &path, (&input, request), &output, Duration::from_secs(20)).await?)
}
