//! With which row a new producer begins: the topic is asked what it holds before anything is added to it.
use super::chain::Tip;
use crate::journal::Hash;

/// A partition as the broker has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing was ever written: a new topic, or one created anew.
    Empty,
    /// Something was written, and retention has removed it.
    Emptied,
    /// Position and hash that the last record claims.
    Last(Tip),
    /// The last record is not a row of a journal.
    Foreign,
}

/// What a producer does with a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// It sends what lies after this position.
    After(i64),
    /// It sends nothing: topic and journal contradict each other.
    Refused(Contradiction),
}

/// How topic and journal contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error("the topic ends with position {topic}, the journal with {journal}: the journal was restored from the past")]
    Ahead { topic: i64, journal: i64 },
    #[error("the topic's row at position {0} is not the journal's: the journal has another past")]
    Fork(i64),
}

/// Decides from the journal's head and `published`, what the broker has, and the journal's hash at the position that the last record claims.
pub fn start(head: i64, published: i64, found: Found, own: Option<Hash>) -> Start {
    match found {
        Found::Empty => Start::After(0),
        Found::Emptied | Found::Foreign => Start::After(published),
        Found::Last(last) if last.position > head => Start::Refused(Contradiction::Ahead { topic: last.position, journal: head }),
        Found::Last(last) if own != Some(last.hash) => Start::Refused(Contradiction::Fork(last.position)),
        Found::Last(last) => Start::After(last.position),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Tip = Tip { position: 5, hash: [5; 32] };

    #[test]
    fn a_producer_goes_on_after_the_last_record_of_the_topic() {
        // Acknowledged without having been published, and the tail of a topic lost.
        assert_eq!(start(9, 3, Found::Last(LAST), Some([5; 32])), Start::After(5));
        assert_eq!(start(9, 8, Found::Last(LAST), Some([5; 32])), Start::After(5));
    }

    #[test]
    fn a_topic_created_anew_gets_everything_and_one_emptied_by_retention_what_is_missing() {
        assert_eq!(start(9, 8, Found::Empty, None), Start::After(0));
        assert_eq!(start(9, 8, Found::Emptied, None), Start::After(8));
        assert_eq!(start(9, 8, Found::Foreign, None), Start::After(8));
    }

    #[test]
    fn a_journal_that_is_not_the_topics_is_refused() {
        assert_eq!(start(4, 4, Found::Last(LAST), None), Start::Refused(Contradiction::Ahead { topic: 5, journal: 4 }));
        assert_eq!(start(9, 9, Found::Last(LAST), Some([6; 32])), Start::Refused(Contradiction::Fork(5)));
        assert_eq!(start(9, 9, Found::Last(LAST), None), Start::Refused(Contradiction::Fork(5)));
    }
}
