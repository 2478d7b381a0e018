//! From sending to done, by the clocks of one machine: the load's ledger against reporting's own time.
use std::collections::HashMap;

use anyhow::Result;

use crate::{load::Ledger, record::percentile, site::Site};

/// One declaration's way.
pub struct Way {
    pub office: String,
    pub parcel: bool,
    pub sent_us: i64,
    /// Milliseconds to its lane in reporting.
    pub took_ms: u64,
}

/// Ways of all first versions that have arrived.
pub async fn ways(site: &Site, ledger: &Ledger) -> Result<Vec<Way>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT reference, (extract(epoch FROM reported_at) * 1000000)::bigint FROM declarations WHERE version = 0 AND reported_at IS NOT NULL",
    )
    .fetch_all(&site.database("reporting").await?)
    .await?;
    let reported: HashMap<String, i64> = rows.into_iter().collect();
    let items = ledger.items();
    let way = |(reference, item): (&String, &crate::load::Item)| {
        let done = reported.get(reference)?;
        Some(Way { office: item.office.clone(), parcel: item.parcel, sent_us: item.sent_us, took_ms: (done - item.sent_us).unsigned_abs() / 1000 })
    };
    Ok(items.iter().filter_map(way).collect())
}

/// Milliseconds at a percentile, per mille, of the ways that are looked at.
pub fn at(ways: &[Way], per_mille: usize, looked_at: impl Fn(&Way) -> bool) -> f64 {
    let took: Vec<u64> = ways.iter().filter(|w| looked_at(w)).map(|w| w.took_ms).collect();
    percentile(&took, per_mille) as f64
}
