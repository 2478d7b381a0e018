//! Lane, direction and traffic class.
use crate::Malformed;

/// Inspection kind classification (VNACCS codes 1, 2, 3), ordered by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// No check before clearance.
    Green,
    /// Document check.
    Yellow,
    /// Physical examination.
    Red,
}

/// Way over the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into Viet Nam.
    Import,
    /// Out of Viet Nam.
    Export,
}

/// Cargo and parcels have disjoint streams, so that a flood of parcels cannot slow cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TrafficClass {
    /// Ordinary declarations.
    #[default]
    Cargo,
    /// Express and e-commerce parcels.
    Parcels,
}

macro_rules! named {
    ($name:ident, $expected:literal, $($variant:ident = $text:literal),+) => {
        impl $name {
            /// Parses the lower-case name.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(Malformed::expected($expected)),
                }
            }

            /// The lower-case name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named!(Lane, "green, yellow or red", Green = "green", Yellow = "yellow", Red = "red");
named!(Direction, "import or export", Import = "import", Export = "export");
named!(TrafficClass, "cargo or parcels", Cargo = "cargo", Parcels = "parcels");
