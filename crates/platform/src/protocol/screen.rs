//! Is this delivery the next fact of its stream? A pure comparison of what was read with what has come.
use super::Laws;
use crate::{
    journal::{GENESIS, Hash},
    laboratory::Broken,
};

/// How far one partition has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Raised by every claim; only the owner of the newest epoch can write.
    pub epoch: i64,
    /// Last position applied; 0 for topics from outside.
    pub position: i64,
    /// Hash of the row at that position; of a topic from outside, the [mark](Arrival::mark) of the last message.
    pub hash: Hash,
    /// Kafka offset to resume at.
    pub next_offset: i64,
}

/// Something that came, as far as the protocol looks at it.
pub trait Arrival {
    /// Position that it claims, if it claims one.
    fn claimed_position(&self) -> Option<i64>;
    /// Hash that it claims.
    fn claimed_hash(&self) -> Option<Hash>;
    /// Its hash at a position behind `previous`, from nothing but its content.
    fn hash_behind(&self, position: i64, previous: &Hash) -> Option<Hash>;
    /// By what a message from outside is recognised.
    fn mark(&self) -> Hash;
}

/// What a delivery from one of our topics is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screened {
    /// The expected position behind the remembered hash.
    Next(Hash),
    /// Applied before.
    Duplicate,
    /// Rows up to (excluding) `to` never came: fetch them from the producer, never skip them.
    Gap { from: i64, to: i64 },
    /// The expected position, but not behind what was read: the producer's past was rewritten.
    Fork,
    /// Not a row of a journal: a header is missing or cannot be read.
    Foreign,
}

/// Screens a fact of one of our topics.
pub fn screen<F: Arrival>(progress: &Progress, fact: &F) -> Screened {
    let (Some(position), Some(claimed)) = (fact.claimed_position(), fact.claimed_hash()) else {
        return Screened::Foreign;
    };
    if position == progress.position && claimed != progress.hash {
        return Screened::Fork;
    }
    if position <= progress.position {
        return Screened::Duplicate;
    }
    if position > progress.position + 1 {
        return Screened::Gap { from: progress.position + 1, to: position };
    }
    match fact.hash_behind(position, &progress.hash) {
        None => Screened::Foreign,
        Some(hash) if hash == claimed => Screened::Next(hash),
        Some(_) => Screened::Fork,
    }
}

impl Progress {
    /// After applying the row at the next position.
    pub fn after(self, hash: Hash) -> Self {
        Self { position: self.position + 1, hash, ..self }
    }

    /// After a Kafka offset.
    pub fn past(self, offset: i64) -> Self {
        Self { next_offset: self.next_offset.max(offset + 1), ..self }
    }

    /// The topic's offsets begin anew: an offset reached before would hide its first messages as read.
    pub fn rewound(self, ours: bool) -> Self {
        Self { next_offset: 0, hash: if ours { self.hash } else { GENESIS }, ..self }
    }

    /// Taken over by a new owner.
    pub fn claimed(self, laws: impl Laws) -> Self {
        if laws.broken(Broken::NoFence) { self } else { Self { epoch: self.epoch + 1, ..self } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::{GENESIS, Row},
        reader::Fact,
    };

    fn row(position: i64, previous: &Hash) -> Row {
        let mut row = Row {
            topic: "customs.intake.v1".into(),
            stream: 2,
            position,
            kind: "k".into(),
            subject: "s".to_owned(),
            office: "32BB".to_owned(),
            actor: "a".to_owned(),
            cause: "c".to_owned(),
            recorded_at: chrono::DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
            trace: String::new(),
            headers: String::new(),
            payload: b"p".to_vec(),
            hash: Vec::new(),
        };
        row.hash = row.link().hash(previous).to_vec();
        row
    }

    const START: Progress = Progress { epoch: 1, position: 0, hash: GENESIS, next_offset: 0 };

    #[test]
    fn the_next_row_passes_and_the_same_again_is_a_duplicate() {
        let first = Fact::repaired(row(1, &GENESIS));
        let Screened::Next(hash) = screen(&START, &first) else { panic!("not next") };
        let progress = START.after(hash);
        assert_eq!(screen(&progress, &first), Screened::Duplicate);
        assert!(matches!(screen(&progress, &Fact::repaired(row(2, &hash))), Screened::Next(_)));
    }

    #[test]
    fn a_missing_row_is_a_gap_and_another_past_is_a_fork() {
        assert_eq!(screen(&START, &Fact::repaired(row(3, &GENESIS))), Screened::Gap { from: 1, to: 3 });
        assert_eq!(screen(&START, &Fact::repaired(row(1, &[7; 32]))), Screened::Fork);
    }

    #[test]
    fn a_changed_payload_is_a_fork_and_a_message_without_headers_is_foreign() {
        let mut fact = Fact::repaired(row(1, &GENESIS));
        fact.payload = b"q".to_vec().into();
        assert_eq!(screen(&START, &fact), Screened::Fork);
        let read = Progress { position: 1, hash: [9; 32], ..START };
        assert_eq!(screen(&read, &Fact::repaired(row(1, &GENESIS))), Screened::Fork, "the row that was read last, with another hash");
        fact.headers = crate::cloudevent::Headers::default().into();
        assert_eq!(screen(&START, &fact), Screened::Foreign);
    }
}
