//! Why a file cannot be verified at all.

/// Malformed or cut, and where.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("line {line}: {what}")]
    Malformed { line: u64, what: String },
    #[error("the file ends after line {line} without its last line: it was cut")]
    Cut { line: u64 },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Fault {
    pub(crate) fn at(line: u64, what: impl Into<String>) -> Self {
        Self::Malformed { line, what: what.into() }
    }
}
