//! What can be wrong with rows.

/// One wrong place of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Fault {
    /// Line of the file, the header being line 1; 0 for the file as a whole.
    pub line: u64,
    pub what: String,
}

/// All wrong places of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Faults(pub Vec<Fault>);

impl std::error::Error for Faults {}

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 20;
        for fault in self.0.iter().take(SHOWN) {
            writeln!(f, "{fault}")?;
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => writeln!(f, "and {more} more"),
            _ => Ok(()),
        }
    }
}

/// Why no model came out.
#[derive(Debug, thiserror::Error)]
pub enum TrainFault {
    #[error("{0} needs at least one fraud and one row without")]
    OneClass(&'static str),
    #[error("more than {0} rows")]
    TooMany(u32),
    #[error("{0} must be {1}")]
    Option(&'static str, &'static str),
    #[error("the trainer: {0}")]
    Trainer(#[from] forust_ml::errors::ForustError),
    #[error("the trees do not fit the artefact: {0}")]
    Model(#[from] risk_domain::model::ModelFault),
}
