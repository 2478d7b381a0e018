//! A fact as small as can be: numbers for names, chained by the platform's own formula.
use platform::{
    journal::{Hash, Link},
    protocol::screen::Arrival,
};

/// A partition: the service that tells it (3: outside) and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub topic: u8,
    pub stream: u8,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", NAMES[usize::from(self.topic)], self.stream)
    }
}

/// The first service is asked and hears the outside, the second hears the first, the third the second.
pub const SERVICES: u8 = 3;
/// Streams of each of our topics.
pub const STREAMS: u8 = 2;
/// The topic from outside, of one partition.
pub const OUTSIDE: Place = Place { topic: SERVICES, stream: 0 };
const NAMES: [&str; 4] = ["a", "b", "c", "outside"];
const SUBJECTS: [&str; 4] = ["s0", "s1", "s2", "s3"];

/// A row of a journal, or a message from outside (position 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub place: Place,
    pub position: i64,
    pub subject: u8,
    /// Number of the command or message that all this began with.
    pub body: u32,
    pub hash: Hash,
}

impl Row {
    /// A fact of a service about what began with `body`, without a position yet.
    pub fn new(topic: u8, body: u32) -> Self {
        let subject = (body % 4) as u8;
        Self { place: Place { topic, stream: subject % STREAMS }, position: 0, subject, body, hash: [0; 32] }
    }

    /// The same as a message from outside.
    pub fn outside(self) -> Self {
        Self { place: OUTSIDE, ..self }
    }

    /// Its hash at a position behind another row.
    pub fn behind(&self, position: u64, previous: &Hash) -> Hash {
        let link = Link {
            stream: u32::from(self.place.stream),
            position,
            topic: NAMES[usize::from(self.place.topic)],
            kind: "said",
            subject: SUBJECTS[usize::from(self.subject)],
            office: "",
            actor: "",
            cause: "",
            recorded_at: platform::Instant::UNIX_EPOCH,
            payload: &self.body.to_be_bytes(),
        };
        link.hash(previous)
    }

    /// The database refuses this one, whoever applies it.
    pub fn poisonous(&self) -> bool {
        self.body.is_multiple_of(17)
    }

    /// The handler rejects this one.
    pub fn rejected(&self) -> bool {
        self.body.is_multiple_of(13)
    }
}

impl Arrival for Row {
    fn claimed_position(&self) -> Option<i64> {
        Some(self.position)
    }

    fn claimed_hash(&self) -> Option<Hash> {
        Some(self.hash)
    }

    fn hash_behind(&self, position: i64, previous: &Hash) -> Option<Hash> {
        Some(self.behind(position.unsigned_abs(), previous))
    }

    fn mark(&self) -> Hash {
        let mut mark = [1; 32];
        mark[..4].copy_from_slice(&self.body.to_be_bytes());
        mark
    }
}
