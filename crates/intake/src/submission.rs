//! What a sender wants, whichever way it came: by the single window or by gRPC.
use contracts::nsw::v1 as wire;
use intake_domain::Draft;
use platform::{
    Fact,
    cloudevent::{self, JSON, PROTOBUF},
    streams::Class,
    trace,
};
use prost::Message;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::draft::draft;

/// What a declaration says, every text as it was written, and what tells it from any other.
#[derive(Debug, Clone)]
pub struct Content {
    pub draft: Draft,
    /// The same for JSON and protobuf.
    pub digest: Vec<u8>,
}

impl From<wire::Declaration> for Content {
    fn from(declaration: wire::Declaration) -> Self {
        let digest = Sha256::digest(declaration.encode_to_vec()).to_vec();
        Self { draft: draft(declaration), digest }
    }
}

/// The message itself.
#[derive(Debug, Clone)]
pub enum Attempt {
    Lodge(Box<Content>),
    Amend(Box<Content>),
    Withdraw(wire::Withdrawal),
    Pay(wire::Payment),
}

impl Attempt {
    /// `ce_type` without its package.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lodge(_) => "Lodged",
            Self::Amend(_) => "Amended",
            Self::Withdraw(_) => "Withdrawn",
            Self::Pay(_) => "Paid",
        }
    }

    /// Who sent it, by its own word.
    pub fn sender(&self) -> &str {
        match self {
            Self::Lodge(c) | Self::Amend(c) => &c.draft.sender,
            Self::Withdraw(w) => &w.sender,
            Self::Pay(p) => &p.sender,
        }
    }

    /// The sender's own reference.
    pub fn reference(&self) -> &str {
        match self {
            Self::Lodge(c) | Self::Amend(c) => &c.draft.reference,
            Self::Withdraw(w) => &w.reference,
            Self::Pay(p) => &p.reference,
        }
    }
}

/// How it came and where the answer goes.
#[derive(Debug, Clone)]
pub struct Via {
    pub cause: String,
    pub trace: String,
    pub actor: String,
    /// Content type in which the sender is answered; '' when the answer goes back by gRPC.
    pub wire: &'static str,
    /// Id of the message, when it came by Kafka.
    pub message: Option<(String, String)>,
    /// The id was used before, with other content.
    pub reused: bool,
}

/// An attempt and how it came.
#[derive(Debug, Clone)]
pub struct Submission {
    pub attempt: Attempt,
    pub class: Class,
    pub via: Via,
}

/// Reads a message of the single window; an error is the reason why it cannot be read.
pub fn read(fact: &Fact) -> Result<Submission, String> {
    let class = if *fact.topic == *crate::PARCELS { Class::Parcels } else { Class::Cargo };
    let message = fact.message_id();
    let missing: Vec<&str> = [(cloudevent::TYPE, fact.kind()), (cloudevent::SOURCE, message.0.as_str()), (cloudevent::ID, message.1.as_str())]
        .into_iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(name, _)| name)
        .collect();
    if !missing.is_empty() {
        return Err(format!("CloudEvents attributes are missing: {}", missing.join(", ")));
    }
    let attempt = match fact.kind() {
        "nsw.v1.Lodged" => Attempt::Lodge(Box::new(decode::<wire::Declaration>(fact)?.into())),
        "nsw.v1.Amended" => Attempt::Amend(Box::new(decode::<wire::Declaration>(fact)?.into())),
        "nsw.v1.Withdrawn" => Attempt::Withdraw(decode(fact)?),
        "nsw.v1.Paid" => Attempt::Pay(decode(fact)?),
        other => return Err(format!("unknown event type {other}")),
    };
    Ok(Submission { via: via(fact, message, attempt.sender()), attempt, class })
}

fn via(fact: &Fact, message: (String, String), sender: &str) -> Via {
    let cause = fact.cause();
    Via {
        trace: trace::follow(fact.traceparent(), "intake.receive", &cause, fact.at()),
        cause,
        actor: if sender.is_empty() { "nsw".to_owned() } else { sender.to_owned() },
        wire: content_type(fact),
        message: Some(message),
        reused: fact.reused,
    }
}

/// The content type in which the sender of a message reads answers.
pub fn content_type(fact: &Fact) -> &'static str {
    if fact.content_type().starts_with(PROTOBUF) || fact.content_type().starts_with("application/x-protobuf") { PROTOBUF } else { JSON }
}

fn decode<M: Message + Default + DeserializeOwned>(fact: &Fact) -> Result<M, String> {
    let kind = fact.content_type().split(';').next().unwrap_or_default().trim();
    match kind {
        JSON => serde_json::from_slice(&fact.payload).map_err(|e| format!("the value is not the JSON of {}: {e}", fact.kind())),
        PROTOBUF | "application/x-protobuf" => M::decode(&*fact.payload).map_err(|e| format!("the value is not a {}: {e}", fact.kind())),
        other => Err(format!("content type {other:?} is not known; {JSON} and {PROTOBUF} are")),
    }
}
