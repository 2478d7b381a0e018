//! Writes a proof file line by line.
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use values::Digest;

use crate::format::{Document, End, Header, Kind, Row, TRACES, Witness, is_public};

/// A row as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    pub topic: String,
    pub stream: u32,
    pub position: u64,
    pub kind: String,
    pub subject: String,
    pub office: String,
    pub actor: String,
    pub cause: String,
    /// Microseconds since 1970.
    pub at: i64,
    pub hash: Digest,
    pub payload: Vec<u8>,
}

/// Streams a proof to `out`: witnesses and documents first, then rows, then [`Writer::finish`].
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    kind: Kind,
    topics: HashMap<String, u8>,
    /// Of each stream the position and hash last written.
    last: BTreeMap<(u8, u32), (u64, Digest)>,
    rows: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    pub fn new(header: &Header, mut out: W) -> io::Result<Self> {
        line(&mut out, "proof", header)?;
        let topics = header.topics.iter().zip(0_u8..).map(|(name, index)| (name.clone(), index)).collect();
        Ok(Self { out, kind: header.kind, topics, last: BTreeMap::new(), rows: 0 })
    }

    /// A head that another service has seen.
    pub fn witness(&mut self, witness: &Witness) -> io::Result<()> {
        line(&mut self.out, "witness", witness)
    }

    /// Rules (`rules`) or a model (`model`) that decisions of the day name; left out of a public file.
    pub fn document(&mut self, kind: &str, bytes: &[u8]) -> io::Result<()> {
        if self.kind == Kind::Public {
            return Ok(());
        }
        let document = Document { kind: kind.to_owned(), digest: hex::encode(Sha256::digest(bytes)), base64: STANDARD.encode(bytes) };
        line(&mut self.out, "document", &document)
    }

    /// The next row; rows of a stream by position, streams merged by `at`. `before` is the hash of the row before it, used where a range of
    /// its stream begins. What a public file must not show is reduced to its digest here.
    pub fn row(&mut self, row: &JournalRow, before: &Digest) -> io::Result<()> {
        let t = *self.topics.get(&row.topic).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a topic that the header does not name"))?;
        let goes_on = self.last.get(&(t, row.stream)).is_some_and(|(position, _)| position + 1 == row.position);
        self.last.insert((t, row.stream), (row.position, row.hash));
        let shown = self.kind == Kind::Auditor || (row.topic != TRACES && is_public(&row.kind));
        let text = |text: &'_ str| -> Cow<'static, str> { Cow::Owned(text.to_owned()) };
        let line = Row {
            t,
            s: row.stream,
            p: row.position,
            kind: text(&row.kind),
            subject: text(&row.subject),
            office: text(&row.office),
            actor: text(&row.actor),
            cause: text(&row.cause),
            at: row.at,
            hash: Cow::Owned(hex::encode(row.hash)),
            before: (!goes_on).then(|| Cow::Owned(hex::encode(before))),
            payload: shown.then(|| Cow::Owned(STANDARD.encode(&row.payload))),
            digest: (!shown).then(|| Cow::Owned(hex::encode(Sha256::digest(&row.payload)))),
        };
        self.rows += 1;
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }

    /// Writes the end and gives the sink back.
    pub fn finish(mut self) -> io::Result<W> {
        line(&mut self.out, "end", &End { rows: self.rows })?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn line<T: Serialize>(out: &mut impl Write, name: &str, content: &T) -> io::Result<()> {
    write!(out, "{{\"{name}\":")?;
    serde_json::to_writer(&mut *out, content)?;
    out.write_all(b"}\n")
}
