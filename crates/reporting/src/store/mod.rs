//! All SQL of reporting: [`rows`] writes the read models, [`figures`] counts them, [`way`] reads one declaration's stages, [`versions`] keeps reports.
mod figures;
mod kept;
mod rows;
mod stages;
mod versions;
mod way;

use platform::{Failure, Instant};
use sqlx::PgConnection;

pub use self::{
    figures::{Behind, behind, figures, size_behind},
    versions::{Heads, heads, insert, kept, kept_between, lock_newest, newest, sign},
    way::{Told, key_of, offices, way},
};
use crate::book::Book;

/// Writes what a batch adds; rows are locked by table, then key.
pub async fn save(conn: &mut PgConnection, book: &Book<'_>, now: Instant) -> Result<(), Failure> {
    rows::declarations(conn, &book.rows, now).await?;
    stages::refusals(conn, &book.refusals).await?;
    stages::stages(conn, &book.stages).await?;
    rows::visits(conn, &book.visits).await
}

/// One column of many rows.
macro_rules! column {
    ($rows:expr, $row:pat => $value:expr) => {
        &$rows.iter().map(|$row| $value).collect::<Vec<_>>()
    };
}
use column;
