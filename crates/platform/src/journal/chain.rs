//! The hash chain: each row's hash covers the row before it, so a change anywhere shows everywhere after.
use sha2::{Digest, Sha256};

use crate::Instant;

/// 32 bytes of SHA-256.
pub type Hash = [u8; 32];

/// What came before the first row of every stream.
pub const GENESIS: Hash = [0; 32];

/// The fields of a row that its hash covers.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    pub stream: u32,
    pub position: u64,
    pub topic: &'a str,
    pub kind: &'a str,
    pub subject: &'a str,
    pub office: &'a str,
    pub actor: &'a str,
    pub cause: &'a str,
    pub recorded_at: Instant,
    pub payload: &'a [u8],
}

impl Link<'_> {
    /// `SHA-256(previous ‖ u32 stream ‖ u64 position ‖ lp(topic) ‖ lp(kind) ‖ lp(subject) ‖ lp(office) ‖ lp(actor) ‖ lp(cause)
    /// ‖ i64 recorded_at in microseconds ‖ SHA-256(payload))`, integers big-endian, `lp` = u32 length and the bytes.
    ///
    /// The payload enters by its digest, so that a proof can show a row's place without its content.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.stream.to_be_bytes());
        hash.update(self.position.to_be_bytes());
        for text in [self.topic, self.kind, self.subject, self.office, self.actor, self.cause] {
            hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(self.recorded_at.timestamp_micros().to_be_bytes());
        hash.update(Sha256::digest(self.payload));
        hash.finalize().into()
    }
}

/// A hash as the database or the wire gave it.
pub fn hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(payload: &[u8]) -> Link<'_> {
        Link {
            stream: 3,
            position: 7,
            topic: "customs.intake.v1",
            kind: "k",
            subject: "s",
            office: "32BB",
            actor: "a",
            cause: "c",
            recorded_at: chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            payload,
        }
    }

    #[test]
    fn the_chain_is_the_published_formula() {
        // Computed with Python's hashlib from the formula in the documentation of `Link::hash`.
        let expected = "1ed4049028a0a79f4d3659f9c471cabca6507d6dae2897e08f30339cae995ae6";
        assert_eq!(hex::encode(link(b"payload").hash(&GENESIS)), expected);
    }

    #[test]
    fn every_field_moves_the_hash() {
        let base = link(b"x").hash(&GENESIS);
        let changed = [
            Link { stream: 4, ..link(b"x") },
            Link { position: 8, ..link(b"x") },
            Link { topic: "t", ..link(b"x") },
            Link { kind: "ks", subject: "", ..link(b"x") },
            Link { office: "", ..link(b"x") },
            Link { actor: "b", ..link(b"x") },
            Link { cause: "d", ..link(b"x") },
            link(b"y"),
        ];
        assert!(changed.iter().all(|l| l.hash(&GENESIS) != base));
        assert_ne!(link(b"x").hash(&base), base);
    }
}
