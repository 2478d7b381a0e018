//! The canonical state of a site: every table of every service without times and bookkeeping, as one digest a table.
use std::collections::BTreeMap;

use anyhow::Result;
use sqlx::AssertSqlSafe;

use crate::site::{SERVICES, Site};

/// What is bookkeeping: how far was read, what was answered again, who leads, when, and what a timer has counted so far.
const BOOKKEEPING: [&str; 11] =
    ["consumers", "inbox", "commands", "leases", "streams", "dead_letters", "_sqlx_migrations", "day_keys", "counted", "kept_figures", "kept_doubts"];
/// Rows of these topics repeat answers or witness heads whenever something is read again; their content is compared elsewhere.
const REPEATING: [&str; 1] = ["nsw.responses.v1"];

/// Risk's counts with what is still on its way to them: when a timer adds it is chance.
const COUNTS: &str = "(SELECT kind, code, day, sum(events) AS events, sum(nonconform) AS nonconform
    FROM (SELECT kind, code, day, events, nonconform FROM counts
          UNION ALL SELECT UNNEST(kinds), UNNEST(codes), day, UNNEST(events), UNNEST(findings) FROM counted) AS c
    GROUP BY kind, code, day) AS counts";

/// (service, table) → digest of its rows.
pub type Canon = BTreeMap<(String, String), String>;

/// Digests of every table at rest. `without_journal`: for states that were reached on different ways through the journal.
pub async fn canon(site: &Site, services: &[&str]) -> Result<Canon> {
    let mut canon = Canon::new();
    for service in SERVICES.into_iter().filter(|s| services.contains(s)) {
        let pool = site.database(service).await?;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")
                .fetch_all(&pool)
                .await?;
        for table in tables.into_iter().filter(|t| !BOOKKEEPING.contains(&t.as_str())) {
            let columns: Vec<String> = sqlx::query_scalar(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'
                 AND data_type NOT LIKE 'timestamp%' AND is_generated = 'NEVER' AND column_name NOT IN ('hash', 'stream', 'position', 'trace', 'cause', 'officer_position') ORDER BY ordinal_position",
            )
            .bind(&table)
            .fetch_all(&pool)
            .await?;
            let row = columns.iter().map(|c| text(&table, c)).collect::<Vec<_>>().join(" || '|' || ");
            let kept = if table == "journal" {
                format!("WHERE topic NOT IN ('{}') AND kind NOT LIKE '%.HeadsWitnessed'", REPEATING.join("', '"))
            } else {
                String::new()
            };
            let rows = if table == "counts" { COUNTS.to_owned() } else { format!("\"{table}\"") };
            let digest: String = sqlx::query_scalar(AssertSqlSafe(format!(
                "SELECT count(*) || ':' || coalesce(md5(string_agg(md5({row}), '' ORDER BY md5({row}))), '') FROM {rows} {kept}"
            )))
            .fetch_one(&pool)
            .await?;
            canon.insert((service.to_owned(), table), digest);
        }
        pool.close().await;
    }
    Ok(canon)
}

/// A column as text. Stages stand on the row of their version in the order in which the topics were heard, so their bytes are counted.
fn text(table: &str, column: &str) -> String {
    if (table, column) == ("declarations", "stages") {
        format!("octet_length(\"{column}\")::text")
    } else {
        format!("coalesce(\"{column}\"::text, '~')")
    }
}

/// Tables that differ.
pub fn difference(before: &Canon, after: &Canon) -> Vec<String> {
    before.iter().filter(|(place, digest)| after.get(*place) != Some(*digest)).map(|((service, table), _)| format!("{service}.{table}")).collect()
}
