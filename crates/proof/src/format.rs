//! The lines of a proof file (`docs/verification.md`): header, witnesses, documents, rows, end.
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use values::Digest;

/// The format that this version writes and reads.
pub const FORMAT: &str = "cleargate-proof/1";
/// Facts, public to the services.
pub const FACTS: &str = "customs.risk.v1";
/// Traces, restricted.
pub const TRACES: &str = "customs.risk.traces.v1";

/// For whom a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Commitments, keys, rosters, draws and assignments; everything else as headers with payload digests.
    Public,
    /// The traces, the rules and the model too.
    Auditor,
}

/// First line: `{"proof": {...}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub kind: Kind,
    /// YYYY-MM-DD.
    pub day: String,
    /// RFC 3339.
    pub made_at: String,
    /// Logical names; a row names its topic by the place in this list.
    pub topics: Vec<String>,
    /// Keys of the day, by office; repeated by the rows of `DayKeyRevealed`, which a verifier holds against them.
    pub keys: Vec<OfficeKey>,
}

/// The key of an office's day, as revealed, and the public value that was mixed into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeKey {
    pub office: String,
    /// 32 bytes in hex.
    pub key: String,
    #[serde(default)]
    pub beacon_source: String,
    #[serde(default)]
    pub beacon_value: String,
}

/// What another service saw: `{"witness": {...}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The service that read the topic.
    pub by: String,
    /// YYYY-MM-DD (UTC) on which it journaled what it had read.
    pub date: String,
    pub topic: String,
    pub stream: u32,
    pub position: u64,
    /// Hash of that row in hex.
    pub hash: String,
}

/// Rules or a model, for the auditor: `{"document": {...}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// rules or model.
    pub kind: String,
    /// SHA-256 in hex.
    pub digest: String,
    pub base64: String,
}

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row<'a> {
    /// Index in [`Header::topics`].
    pub t: u8,
    /// Stream.
    pub s: u32,
    /// Position.
    pub p: u64,
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub subject: Cow<'a, str>,
    #[serde(borrow)]
    pub office: Cow<'a, str>,
    #[serde(borrow)]
    pub actor: Cow<'a, str>,
    #[serde(borrow)]
    pub cause: Cow<'a, str>,
    /// `recorded_at` in microseconds since 1970.
    pub at: i64,
    /// Hex.
    #[serde(borrow)]
    pub hash: Cow<'a, str>,
    /// Hash of the row before, hex: on the first row of each range of a stream.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Cow<'a, str>>,
    /// Base64; without it the digest is there.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Cow<'a, str>>,
    /// SHA-256 of the payload in hex.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Cow<'a, str>>,
}

/// Last line: `{"end": {...}}`, so that a cut file shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub rows: u64,
}

/// A line that is not a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    Proof(Header),
    Witness(Witness),
    Document(Document),
    End(End),
}

impl Row<'_> {
    /// The journal's chain: `SHA-256(previous ‖ u32 stream ‖ u64 position ‖ lp(topic) ‖ lp(kind) ‖ lp(subject) ‖ lp(office) ‖ lp(actor)
    /// ‖ lp(cause) ‖ i64 recorded_at ‖ payload digest)`.
    pub fn chained(&self, topic: &str, previous: &Digest, payload: &Digest) -> Digest {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.s.to_be_bytes());
        hash.update(self.p.to_be_bytes());
        for text in [topic, &self.kind, &self.subject, &self.office, &self.actor, &self.cause] {
            values::lp(&mut hash, text.as_bytes());
        }
        hash.update(self.at.to_be_bytes());
        hash.update(payload);
        hash.finalize().into()
    }

    /// The same with texts of its own.
    pub fn into_owned(self) -> Row<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Row {
            t: self.t,
            s: self.s,
            p: self.p,
            kind: own(self.kind),
            subject: own(self.subject),
            office: own(self.office),
            actor: own(self.actor),
            cause: own(self.cause),
            at: self.at,
            hash: own(self.hash),
            before: self.before.map(own),
            payload: self.payload.map(own),
            digest: self.digest.map(own),
        }
    }
}

/// 32 bytes from 64 hex digits.
pub fn digest(text: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// Whether a public file shows the content of a kind of row; the rest stays a header with a digest.
pub fn is_public(kind: &str) -> bool {
    let shown = [
        "DayCommitted",
        "DayOpened",
        "DayClosed",
        "DayKeyRevealed",
        "RulesInForce",
        "RosterSet",
        "Assigned",
        "Reassigned",
        "AssignmentClosed",
        "Concluded",
    ];
    kind.strip_prefix("customs.risk.v1.").is_some_and(|name| shown.contains(&name))
}
