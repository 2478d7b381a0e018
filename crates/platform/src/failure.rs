//! Why a piece of work did not come to an end, seen from its transaction.

use std::sync::atomic::{AtomicBool, Ordering};

/// A connection planned a statement before a migration changed its table: it fails for as long as the connection lives.
static STALE_PLAN: AtomicBool = AtomicBool::new(false);

/// Whether a stale plan was met since this was last asked: the pool then parts with the connection that comes back.
pub fn met_stale_plan() -> bool {
    STALE_PLAN.swap(false, Ordering::AcqRel)
}

/// What a transaction may end with instead of a commit.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Deadlock, serialization failure, timeout, lost connection, full disk: the same work may succeed later.
    #[error("try again: {0}")]
    Retry(String),
    /// The database refuses this very content and always will.
    #[error("refused by the database: {0}")]
    Deterministic(String),
    /// Somebody else owns the partition now.
    #[error("another owner has taken over")]
    Fenced,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
                // Data exceptions (22), constraints other than unique (23), limits such as an index entry's size (54), raise (P0): the content is
                // at fault. A unique violation means that somebody was faster: loading again sees the other row. A missing table, column or
                // right (42) is no fact's fault: burying facts for it would empty the topics into the dead letters.
                Some("23505") => Self::Retry(error.to_string()),
                Some("0A000") if refusal.message().contains("cached plan") => {
                    STALE_PLAN.store(true, Ordering::Release);
                    Self::Retry(error.to_string())
                }
                Some(code) if ["22", "23", "54", "P0"].iter().any(|class| code.starts_with(class)) => Self::Deterministic(error.to_string()),
                _ => Self::Retry(error.to_string()),
            },
            sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::TypeNotFound { .. } => {
                Self::Deterministic(error.to_string())
            }
            _ => Self::Retry(error.to_string()),
        }
    }
}
