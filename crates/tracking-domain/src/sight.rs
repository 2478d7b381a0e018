//! What is known about a plate at the moment of a reading.
use values::{DeclarationKey, Direction, Instant, Plate};

/// A declaration that a vehicle carries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    /// First 11 digits.
    pub key: DeclarationKey,
    /// Way over the border; `None` while only its number is known (announced before it was heard of).
    pub direction: Option<Direction>,
    /// Cleared by customs.
    pub cleared: bool,
    /// Withdrawn by its declarant: it holds nothing and admits nothing.
    pub withdrawn: bool,
    /// A visit that carried it has ended: it belongs to an earlier trip.
    pub departed: bool,
}

impl Carried {
    /// Neither withdrawn nor of an earlier trip.
    pub fn is_live(&self) -> bool {
        !self.withdrawn && !self.departed
    }

    /// Live and not cleared: a vehicle that carries it may not leave.
    pub fn holds(&self) -> bool {
        self.is_live() && !self.cleared
    }
}

/// What a carrier said would come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Code of the gate.
    pub gate: String,
    /// When it was announced.
    pub announced_at: Instant,
    /// What the vehicle carries; none for an empty vehicle.
    pub declarations: Vec<Carried>,
}

/// A visit that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenVisit {
    /// [`crate::visit_id`].
    pub id: String,
    /// Code of the gate by which the vehicle came.
    pub gate: String,
    /// When it came.
    pub arrived_at: Instant,
    /// What it carries.
    pub declarations: Vec<Carried>,
}

/// An order to stop a vehicle wherever it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookOut {
    /// First moment of validity.
    pub from: Instant,
    /// First moment after it; `None`: until lifted.
    pub until: Option<Instant>,
}

impl LookOut {
    /// True while the order stands.
    pub fn stands(&self, now: Instant) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// The last reading of the same plate, country, gate and direction that was judged to be anything but a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReading {
    /// When its picture was taken.
    pub observed_at: Instant,
    /// It was too weak to prove anything, so a better one must not be lost as its repeat.
    pub weak: bool,
}

/// Everything that a verdict rests on besides the reading. The empty sight is that of a plate never heard of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sight {
    /// The plate was seen or registered before, in any way.
    pub known: bool,
    /// The latest announcement that has not been used by a visit.
    pub announcement: Option<Announcement>,
    /// The visit that has not ended, if any.
    pub visit: Option<OpenVisit>,
    /// Declarations that name this plate and are bound to no visit.
    pub declarations: Vec<Carried>,
    /// Order to stop it.
    pub look_out: Option<LookOut>,
    /// See [`LastReading`].
    pub last: Option<LastReading>,
    /// Known plates of the same country that are [`crate::confusable`] with the one read.
    pub confusable: Vec<Plate>,
}

impl Sight {
    /// Anything at all is known of this very plate.
    pub fn is_known(&self) -> bool {
        self.known || self.is_commercial() || self.look_out.is_some()
    }

    /// What is known of these declarations, in their order: what a visit that begins with them carries.
    pub fn carried(&self, keys: &[DeclarationKey]) -> Vec<Carried> {
        let announced = || self.announcement.iter().flat_map(|a| &a.declarations);
        let of = |key: &DeclarationKey| self.declarations.iter().chain(announced()).find(|c| c.key == *key).cloned();
        keys.iter().filter_map(of).collect()
    }

    /// The vehicle carries goods under customs supervision, so that its plate may travel.
    pub fn is_commercial(&self) -> bool {
        self.announcement.is_some() || self.visit.is_some() || !self.declarations.is_empty()
    }
}
