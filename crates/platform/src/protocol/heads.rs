//! What an idle reader makes of its producer's head: nothing new, rows that did not come, or a producer with another past.
use super::screen::Progress;
use crate::journal::Hash;

/// A stream as its producer has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Position of the last row.
    pub position: i64,
    /// Position up to which the broker has acknowledged rows.
    pub published: i64,
    /// Hash of the producer's row at the position that was read; absent when there is no such row.
    pub at_read: Option<Hash>,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    Same,
    /// Rows up to this position were published and have not come: they are fetched.
    Behind(i64),
    /// The producer was restored, or rewritten: reading stops.
    Fork(Contradiction),
}

/// How a producer contradicts what was read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error("position {read} was read and the producer ends with {head}: it was restored from the past")]
    Restored { read: i64, head: i64 },
    #[error("the producer's row at position {0} is not the one that was read: its past has changed")]
    Rewritten(i64),
}

/// Compares what was read with what the producer has.
pub fn compare(read: &Progress, source: &Source) -> Compared {
    if read.position > source.position {
        return Compared::Fork(Contradiction::Restored { read: read.position, head: source.position });
    }
    if read.position > 0 && source.at_read != Some(read.hash) {
        return Compared::Fork(Contradiction::Rewritten(read.position));
    }
    if source.published > read.position { Compared::Behind(source.published) } else { Compared::Same }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Progress = Progress { epoch: 1, position: 5, hash: [5; 32], next_offset: 9 };

    #[test]
    fn a_reader_compares_itself_with_its_producer() {
        let source = |position, published, at_read| Source { position, published, at_read };
        assert_eq!(compare(&READ, &source(5, 5, Some([5; 32]))), Compared::Same);
        assert_eq!(compare(&READ, &source(9, 7, Some([5; 32]))), Compared::Behind(7));
        // `published` may lag behind what came.
        assert_eq!(compare(&READ, &source(9, 3, Some([5; 32]))), Compared::Same);
        assert_eq!(compare(&READ, &source(4, 4, None)), Compared::Fork(Contradiction::Restored { read: 5, head: 4 }));
        assert_eq!(compare(&READ, &source(9, 9, Some([6; 32]))), Compared::Fork(Contradiction::Rewritten(5)));
    }
}
