//! What is wrong with rules; all faults are told at once.

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleFault {
    /// Id of a profile, name of a list, or what else it is about; '' for the document itself.
    pub subject: String,
    /// Field, or '' for the whole.
    pub field: String,
    /// Within the text of the field `when`, or within the document when it cannot be read; from 1, 0 where there is no place.
    pub line: u32,
    pub column: u32,
    pub text: String,
}

impl RuleFault {
    pub fn new(subject: impl Into<String>, field: &str, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), field: field.to_owned(), line: 0, column: 0, text: text.into() }
    }
}

impl std::fmt::Display for RuleFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in [&self.subject, &self.field] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for RuleFault {}

/// A TOML text that cannot be read at all.
pub(super) fn unreadable(text: &str, error: &toml::de::Error) -> RuleFault {
    let before = error.span().and_then(|span| text.get(..span.start));
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let line = before.map_or(0, |b| narrow(b.matches('\n').count() + 1));
    let column = before.map_or(0, |b| narrow(b.rsplit('\n').next().unwrap_or("").chars().count() + 1));
    RuleFault { line, column, ..RuleFault::new("", "", error.message()) }
}
