//! Waits until reporting has kept the figures of the days that were filled in. It notices them by itself: who writes without marking, as SQL does, puts
//! what is kept in doubt.
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::database;
use crate::{progress::Step, stack::Stack};

/// Longest wait; what is not kept by then is counted when it is asked for, and the bench says so.
const MOST: Duration = Duration::from_secs(900);

/// Returns how it ended, in words.
pub async fn all(stack: &Stack, step: &Step) -> Result<String> {
    let mut reporting = database(stack, "reporting").await?;
    let begun = Instant::now();
    loop {
        let sql = "SELECT count(*), count(*) FILTER (WHERE figures IS NULL), (SELECT count(*) FROM kept_doubts) FROM kept_figures";
        let (days, open, doubts): (i64, i64, i64) = sqlx::query_as(sql).fetch_one(&mut reporting).await?;
        let waited = begun.elapsed().as_secs();
        if days > 0 && open + doubts == 0 {
            return Ok(format!("figures of {days} past days of offices kept, waited {waited} s for them"));
        }
        if begun.elapsed() > MOST {
            return Ok(format!("figures of {open} of {days} past days of offices not kept after {waited} s"));
        }
        step.doing(&format!("reporting keeps the figures of past days: {open} of {days} left"));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
