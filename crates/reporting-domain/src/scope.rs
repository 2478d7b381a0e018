//! Whose report it is.
use values::{Malformed, OfficeCode};

/// One office, or the whole sub-department.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All offices; written `all`, which no office code can be, as those have no small letters.
    SubDepartment,
    /// One office.
    Office(OfficeCode),
}

impl Scope {
    /// Parses an office code, `all`, or nothing for all.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "" | "all" => Ok(Self::SubDepartment),
            code => OfficeCode::parse(code).map(Self::Office),
        }
    }

    /// The office code or `all`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SubDepartment => "all",
            Self::Office(code) => code.as_str(),
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_back() {
        assert_eq!(Scope::parse(""), Ok(Scope::SubDepartment));
        for text in ["all", "32BB"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        assert!(Scope::parse("lao bao").is_err());
    }
}
