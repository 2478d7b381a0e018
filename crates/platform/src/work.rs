//! One transaction's worth of work: the connection, the time, and the facts that will be journaled at its end.
use sqlx::PgConnection;

use crate::{
    Instant,
    cloudevent::{self, ANSWER, CONTENT_TYPE, Headers, RECIPIENT},
    journal::{Hash, Link, Row},
    streams::Class,
};

/// What a handler or a command works with. It reads and writes through `conn` and leaves its facts in `entries`;
/// the caller appends them to the journal and commits. Nothing is sent to Kafka or called by gRPC from here.
pub struct Work<'c> {
    pub conn: &'c mut PgConnection,
    /// Read once for the whole transaction. A service whose decisions depend on time reads `clock::now` again after its lock.
    pub now: Instant,
    pub entries: Vec<Entry>,
    /// Subjects that became known: what awaits them is applied in the same transaction.
    pub arrived: Vec<String>,
}

impl<'c> Work<'c> {
    /// Fresh work at `now`.
    pub fn new(conn: &'c mut PgConnection, now: Instant) -> Self {
        Self { conn, now, entries: Vec::new(), arrived: Vec::new() }
    }
}

/// A fact on its way into the journal.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Logical name of the topic.
    pub topic: &'static str,
    pub class: Class,
    /// `ce_type`, e.g. `customs.intake.v1.Lodged`.
    pub kind: std::borrow::Cow<'static, str>,
    pub subject: String,
    pub office: String,
    /// Subject of the caller, or the service itself.
    pub actor: String,
    /// What led here: `topic/partition/position`, `topic/partition@offset`, `grpc:<method>:<caller>:<key>`, `timer:<name>:<due>`, `redrive:<id>`.
    pub cause: String,
    pub recorded_at: Instant,
    /// W3C traceparent.
    pub trace: String,
    pub payload: Vec<u8>,
    /// Further headers; they repeat what the payload says.
    pub headers: Headers,
    /// This row is an answer and gets an answer id.
    pub answer: bool,
    /// The outside message that this row answers: (`ce_source`, `ce_id`).
    pub answers: Option<(String, String)>,
}

impl Entry {
    /// The fields under the hash at a place.
    pub fn link(&self, stream: u32, position: u64) -> Link<'_> {
        Link {
            stream,
            position,
            topic: self.topic,
            kind: &self.kind,
            subject: &self.subject,
            office: &self.office,
            actor: &self.actor,
            cause: &self.cause,
            recorded_at: self.recorded_at,
            payload: &self.payload,
        }
    }

    /// The row that it becomes at a place. An answer names itself as `ce_answer`, unless it repeats an earlier one.
    pub fn into_row(self, stream: i32, position: i64, hash: &Hash) -> Row {
        let mut headers = cloudevent::to_text(&self.headers);
        if self.answer && self.headers.get(ANSWER).is_empty() {
            headers.push_str(&format!("{ANSWER}={stream}-{position}\n"));
        }
        Row {
            topic: self.topic.into(),
            stream,
            position,
            kind: self.kind,
            subject: self.subject,
            office: self.office,
            actor: self.actor,
            cause: self.cause,
            recorded_at: self.recorded_at,
            trace: self.trace,
            headers,
            payload: self.payload,
            hash: hash.to_vec(),
        }
    }

    /// Marks the row as an answer to `recipient` in a content type of the recipient's choice.
    pub fn answering(mut self, recipient: &str, content_type: &str, message: Option<(String, String)>) -> Self {
        self.headers.push(CONTENT_TYPE, content_type);
        self.headers.push(RECIPIENT, recipient);
        self.answer = true;
        self.answers = message;
        self
    }
}
