//! What transactions counted is folded into the counts for history once a minute: nobody reads those of a day before the next one.
use std::time::Duration;

use async_trait::async_trait;
use platform::{Failure, Work, timers::Timer};

use crate::store;

/// Folds what was counted into the counts.
pub struct Counting;

/// Rows in one firing: 333 transactions a second. What has piled up takes some minutes more, and no transaction is long.
const ROUND: i64 = 20_000;

#[async_trait]
impl Timer for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn fire(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        store::fold_counted(work.conn, ROUND).await
    }
}
