//! Marking: what a batch changes of days whose figures are kept. [`mark`] comes after all rows are written and holds to the end of their transaction.
//!
//! A fact changes no day before its own, since every column that counts keeps its first time. There are two exceptions, which the written row tells: a
//! registration makes all that was heard before it count, and so a decision that a clock put before it; a payment has no day, and counts on the day of
//! the clearance. A row that is not registered counts nowhere, so the office that it leaves when its registration comes has nothing to change.
use std::collections::BTreeMap;

use platform::{Failure, Instant};
use sqlx::PgConnection;
use values::{Day, local_day};

use super::{column, rows::Written};
use crate::book::Book;

/// Marks what holds no longer. Facts of the running day are not told apart: every office is marked from that day on, of which nothing is kept unless
/// clocks differ; so whose clock is right decides what this costs and never whether a day is marked.
pub async fn mark(conn: &mut PgConnection, book: &Book<'_>, written: &[Written], midnight: Instant) -> Result<(), Failure> {
    if book.rows.is_empty() && book.refusals.is_empty() && book.visits.is_empty() {
        return Ok(());
    }
    let late: Vec<_> = book.rows.values().filter_map(|p| Some((p, p.row.counts_from().filter(|at| *at < midnight)?))).collect();
    let mut offices = BTreeMap::<&str, Instant>::new();
    let decided = written.iter().filter_map(|w| Some((w.office.as_deref()?, w.decided_at?)));
    let refused = book.refusals.iter().map(|r| (r.place.office, r.place.at)).filter(|(_, at)| *at < midnight);
    for (office, at) in decided.chain(refused) {
        offices.entry(office).and_modify(|first| *first = at.min(*first)).or_insert(at);
    }
    // A visit that is known from another office already may leave that one.
    let visited = book.visits.values().flat_map(|v| [v.row.arrived_at, v.row.held_at, v.row.departed_at]).flatten();
    let every_from = local_day(visited.fold(midnight, Instant::min));
    let paid: Vec<&str> = written.iter().filter_map(|w| w.paid.as_deref()).collect();
    sqlx::query!(
        "SELECT mark_kept_figures($1, $2, $3, $4, $5, $6, $7)",
        every_from,
        column!(late, (p, _) => p.row.key.as_str()) as &[&str],
        column!(late, (p, _) => i16::from(p.row.version.count())),
        column!(late, (_, at) => local_day(*at)) as &[Day],
        &paid as &[&str],
        column!(offices, (office, _) => *office) as &[&str],
        column!(offices, (_, at) => local_day(*at)) as &[Day]
    )
    .execute(conn)
    .await?;
    Ok(())
}
