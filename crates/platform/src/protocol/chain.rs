//! The end of a stream: positions without a gap, each row chained to the one before.
use crate::journal::{GENESIS, Hash};

/// Position and hash of a stream's last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// 0 before the first row.
    pub position: i64,
    pub hash: Hash,
}

impl Tip {
    /// Before the first row.
    pub const START: Self = Self { position: 0, hash: GENESIS };

    /// Takes the next position for a row, whose hash at that position and behind the last one `hash` computes.
    pub fn append(&mut self, hash: impl FnOnce(u64, &Hash) -> Hash) {
        self.position += 1;
        self.hash = hash(self.position.unsigned_abs(), &self.hash);
    }
}
