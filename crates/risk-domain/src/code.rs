//! Codes of checks and of reasons.
use values::{Lane, Malformed};

/// Form of examination (Circular 81/2019/TT-BTC article 22: documents; direct, scanner, laboratory).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// No check.
    None,
    /// Document check.
    Documents,
    /// Scanner.
    Scanner,
    /// By hand.
    Direct,
    /// Analysis of samples.
    Laboratory,
}

impl Form {
    /// The form that a lane means when nothing else is said.
    pub const fn of(lane: Lane) -> Self {
        match lane {
            Lane::Green => Self::None,
            Lane::Yellow => Self::Documents,
            Lane::Red => Self::Direct,
        }
    }
}

/// Why a file goes to another officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Leave,
    Sickness,
    Conflict,
    Skill,
    Workload,
    Other,
}

impl Reason {
    /// Parses the code.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "LEAVE" => Ok(Self::Leave),
            "SICKNESS" => Ok(Self::Sickness),
            "CONFLICT" => Ok(Self::Conflict),
            "SKILL" => Ok(Self::Skill),
            "WORKLOAD" => Ok(Self::Workload),
            "OTHER" => Ok(Self::Other),
            _ => Err(Malformed { expected: "LEAVE, SICKNESS, CONFLICT, SKILL, WORKLOAD or OTHER" }),
        }
    }

    /// The code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leave => "LEAVE",
            Self::Sickness => "SICKNESS",
            Self::Conflict => "CONFLICT",
            Self::Skill => "SKILL",
            Self::Workload => "WORKLOAD",
            Self::Other => "OTHER",
        }
    }
}
