//! Names of the states.

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Accepted, no lane yet.
    Registered,
    /// No check. Passed through within one step: nothing is left but the tax.
    Green,
    /// Document check, no officer yet.
    Yellow,
    /// Physical examination, no officer yet.
    Red,
    /// An officer has it.
    UnderExamination,
    /// All checks are done, duty is outstanding.
    TaxDue,
    /// Released for good.
    Cleared,
    /// Taken back by the declarant.
    Withdrawn,
    /// The check did not conform; only an amendment leads on.
    Refused,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] =
        [Self::Registered, Self::Green, Self::Yellow, Self::Red, Self::UnderExamination, Self::TaxDue, Self::Cleared, Self::Withdrawn, Self::Refused];

    /// The name in tables and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "REGISTERED",
            Self::Green => "GREEN",
            Self::Yellow => "YELLOW",
            Self::Red => "RED",
            Self::UnderExamination => "UNDER_EXAMINATION",
            Self::TaxDue => "TAX_DUE",
            Self::Cleared => "CLEARED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Refused => "REFUSED",
        }
    }

    /// Reads the name; none for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether a check by an officer is open.
    pub const fn is_under_check(self) -> bool {
        matches!(self, Self::Yellow | Self::Red | Self::UnderExamination)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
