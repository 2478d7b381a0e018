//! What reporting shows of a run: counted piece by piece when many are under way, one by one when latency is measured.
use std::{collections::HashMap, sync::atomic::Ordering::Relaxed};

use anyhow::Result;
use sqlx::PgPool;

use super::states::{ACCEPTED, AMENDED, REFUSED, States, WITHDRAWN};

/// Declarations that are counted together.
const PIECE: usize = 2_000;

/// Reads `declarations` of reporting through an index: ours by a range of references, the floor's by its numbers.
pub struct Shown {
    reporting: PgPool,
    run: String,
    /// Ours; the floor has neither amendments nor withdrawals.
    whole: bool,
    /// All before it are shown.
    first: usize,
}

impl Shown {
    pub fn new(reporting: PgPool, run: &str, whole: bool) -> Self {
        Self { reporting, run: run.to_owned(), whole, first: 0 }
    }

    /// References have as many digits, so text order is their order.
    fn reference(&self, n: usize) -> String {
        format!("{}-{:07}", self.run, n + 1)
    }

    /// Moves over every piece that is settled and whose current versions are all in reporting.
    pub async fn count(&mut self, states: &States) -> Result<()> {
        while self.first < states.count() {
            let end = (self.first + PIECE).min(states.count());
            if !(self.first..end).all(|n| states.settled(n)) {
                break;
            }
            let current = (self.first..end).map(|n| states.flags(n)).filter(|f| f & ACCEPTED != 0 && f & (REFUSED | WITHDRAWN) == 0);
            let (amended, plain): (Vec<u16>, Vec<u16>) = current.partition(|f| f & AMENDED != 0);
            if self.found(states, end).await? != (i64::try_from(plain.len())?, i64::try_from(amended.len())?) {
                break;
            }
            self.first = end;
            states.shown.store(end as u64, Relaxed);
        }
        Ok(())
    }

    /// Current versions up to `end` that are reported: as lodged, and amended. Planned anew each time: a plan for the young table would stay.
    async fn found(&self, states: &States, end: usize) -> Result<(i64, i64)> {
        if !self.whole {
            let numbers: Vec<String> = (self.first..end).filter_map(|n| states.number(n)).collect();
            let sql = "SELECT count(*), 0::bigint FROM UNNEST($1::text[]) AS w (number) JOIN declarations d USING (number)
                       WHERE d.reported_at IS NOT NULL";
            return Ok(sqlx::query_as(sql).bind(numbers).persistent(false).fetch_one(&self.reporting).await?);
        }
        let sql = "SELECT count(*) FILTER (WHERE version = 0), count(*) FILTER (WHERE version > 0) FROM declarations
                   WHERE reference >= $1 AND reference < $2 AND reported_at IS NOT NULL AND replaced_at IS NULL AND withdrawn_at IS NULL";
        let (from, to) = (self.reference(self.first), self.reference(end));
        Ok(sqlx::query_as(sql).bind(from).bind(to).persistent(false).fetch_one(&self.reporting).await?)
    }

    /// Notes each declaration whose current version is there, from the oldest that is not done.
    pub async fn mark(&mut self, states: &States) -> Result<()> {
        while self.first < states.count() && states.is_done(self.first) {
            self.first += 1;
        }
        let sent = usize::try_from(states.sent.load(Relaxed))?;
        let done = (self.first..sent).filter(|n| states.is_done(*n)).count();
        states.shown.store((self.first + done) as u64, Relaxed);
        if self.first + done < sent {
            if self.whole { self.mark_ours(states, sent).await? } else { self.mark_floor(states, sent).await? }
        }
        Ok(())
    }

    async fn mark_ours(&self, states: &States, sent: usize) -> Result<()> {
        let sql = "SELECT reference, version::int FROM declarations
                   WHERE reference >= $1 AND reference < $2 AND reported_at IS NOT NULL AND replaced_at IS NULL AND withdrawn_at IS NULL";
        let (from, to) = (self.reference(self.first), self.reference(sent));
        let rows: Vec<(String, i32)> = sqlx::query_as(sql).bind(from).bind(to).fetch_all(&self.reporting).await?;
        for (reference, version) in rows {
            let n = reference.rsplit_once('-').and_then(|(_, digits)| digits.parse::<usize>().ok()).and_then(|n| n.checked_sub(1));
            if let Some(n) = n.filter(|n| *n < states.count() && (version > 0) == (states.flags(*n) & AMENDED != 0)) {
                states.show(n);
            }
        }
        Ok(())
    }

    async fn mark_floor(&self, states: &States, sent: usize) -> Result<()> {
        let pending = (self.first..sent).filter(|n| !states.is_done(*n)).filter_map(|n| Some((states.number(n)?, n)));
        let pending: HashMap<String, usize> = pending.collect();
        let numbers: Vec<&str> = pending.keys().map(String::as_str).collect();
        let sql = "SELECT d.number FROM UNNEST($1::text[]) AS w (number) JOIN declarations d USING (number) WHERE d.reported_at IS NOT NULL";
        let shown: Vec<String> = sqlx::query_scalar(sql).bind(numbers).fetch_all(&self.reporting).await?;
        shown.iter().filter_map(|number| pending.get(number)).for_each(|n| states.show(*n));
        Ok(())
    }
}
