//! All SQL of reporting: [`rows`] writes the read models, [`figures`] counts them, [`past`] keeps what was counted and [`marks`] says what of that holds no
//! longer, [`way`] reads one declaration's stages, [`versions`] keeps reports.
mod figures;
mod kept;
mod marks;
mod past;
mod rows;
mod stages;
mod versions;
mod way;

use platform::{Failure, Instant};
use sqlx::PgConnection;
use values::{local_day, start_of};

pub use self::{
    figures::{Behind, behind, figures, figures_of, size_behind},
    past::{PastDay, alone, announce, announced, clear_doubt, counted_between, doubted, due, expect, keep, withdraw},
    versions::{Heads, heads, insert, kept, kept_between, lock_newest, newest, sign},
    way::{Told, key_of, offices, way},
};
use crate::book::Book;

/// Writes what a batch adds, then marks the days that it changes; rows are locked by table, then key.
pub async fn save(conn: &mut PgConnection, book: &Book<'_>, now: Instant) -> Result<(), Failure> {
    let midnight = start_of(local_day(now));
    let written = rows::declarations(conn, &book.rows, now, midnight).await?;
    stages::refusals(conn, &book.refusals).await?;
    stages::stages(conn, &book.stages).await?;
    rows::visits(conn, &book.visits).await?;
    marks::mark(conn, book, &written, midnight).await
}

/// One column of many rows.
macro_rules! column {
    ($rows:expr, $row:pat => $value:expr) => {
        &$rows.iter().map(|$row| $value).collect::<Vec<_>>()
    };
}
use column;
