//! What tracking is told, whichever way it came, and where its own facts say that they come from.
use tracking_domain::Reading;
use values::{DeclarationKey, Direction, Plate, PlateCountry, Version};

/// Something that changes what tracking knows.
#[derive(Debug, Clone)]
pub enum Event {
    /// A camera or an officer read a plate.
    Observed(Reading),
    /// A carrier said what will come.
    Announced(Announced),
    /// A version of a declaration was lodged.
    Declared(Declared),
    /// Customs cleared a version.
    Cleared { key: DeclarationKey, version: Version },
    /// Its declarant took it back.
    Withdrawn { key: DeclarationKey },
}

/// An announcement, checked.
#[derive(Debug, Clone)]
pub struct Announced {
    pub gate: tracking_domain::Gate,
    pub plate: Plate,
    pub country: PlateCountry,
    /// Each once, by key.
    pub declarations: Vec<DeclarationKey>,
}

/// What matters here of one version of a declaration.
#[derive(Debug, Clone)]
pub struct Declared {
    pub key: DeclarationKey,
    pub version: Version,
    pub direction: Direction,
    /// The vehicle that it names, if it names one.
    pub vehicle: Option<(Plate, PlateCountry)>,
}

/// How an event came.
#[derive(Debug, Clone)]
pub struct Via {
    pub actor: String,
    pub cause: String,
    pub trace: String,
}

/// An event and how it came.
#[derive(Debug, Clone)]
pub struct Told {
    pub event: Event,
    pub via: Via,
}

/// What an event led to, for callers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// `ADMITTED`, `DEPARTED`, `HELD`, `UNKNOWN` or `REPEAT` for a reading, else ''.
    pub outcome: &'static str,
    pub reason: &'static str,
    pub visit: String,
    pub vehicle: String,
}

pub const ADMITTED: &str = "ADMITTED";
pub const DEPARTED: &str = "DEPARTED";
pub const HELD: &str = "HELD";
pub const UNKNOWN: &str = "UNKNOWN";
pub const REPEAT: &str = "REPEAT";
