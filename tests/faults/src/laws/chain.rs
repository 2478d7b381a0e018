//! L7: positions without a gap from 1, every hash following from the row before, every head at the end of its rows.
use sha2::{Digest as _, Sha256};

use super::{Evidence, Finding, Row};

pub fn verify(evidence: &Evidence) -> Finding {
    let mut finding = Finding::new("L7 every hash chain verifies, without a gap, up to its head");
    for (service, books) in &evidence.books {
        for ((topic, stream), (position, hash, _)) in &books.heads {
            let rows = books.journal.get(&(topic.clone(), *stream)).map(Vec::as_slice).unwrap_or_default();
            let mut previous = [0; 32];
            for (index, row) in (1..).zip(rows) {
                let expected = link(topic, *stream, row, &previous);
                finding.hold(row.position == index && row.hash == expected, || format!("{service} {topic}/{stream}/{index} does not follow"));
                previous = <[u8; 32]>::try_from(row.hash.as_slice()).unwrap_or_default();
            }
            let whole = rows.last().map_or(0, |r| r.position) == *position && (rows.is_empty() || hash.as_slice() == previous.as_slice());
            finding.hold(whole, || format!("{service} {topic}/{stream}: the head says {position}, the rows end elsewhere"));
        }
    }
    finding
}

/// Hash of a row behind the one before, as the design publishes it.
pub fn link(topic: &str, stream: i32, row: &Row, previous: &[u8; 32]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(stream.unsigned_abs().to_be_bytes());
    hash.update(row.position.unsigned_abs().to_be_bytes());
    for text in [topic, &row.kind, &row.subject, &row.office, &row.actor, &row.cause] {
        hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(row.recorded_us.to_be_bytes());
    hash.update(row.payload_digest);
    hash.finalize().to_vec()
}
