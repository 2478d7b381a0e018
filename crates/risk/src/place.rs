//! Where and why a row is written.
use contracts::{
    Event,
    risk::{RiskEvent, TraceEvent},
};
use platform::{Entry, Instant, cloudevent::Headers, streams::Class};
use prost::Message;

use crate::{FACTS, TRACES};

/// Why and by whom something is written down.
#[derive(Debug, Clone)]
pub struct Via {
    pub cause: String,
    pub trace: String,
    pub actor: String,
}

impl Via {
    /// A timer of risk's own.
    pub fn timer(name: &str, due: impl std::fmt::Display) -> Self {
        Self { cause: format!("timer:{name}:{due}"), trace: String::new(), actor: "risk".to_owned() }
    }
}

/// Where and why a row is written.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub class: Class,
    pub office: &'a str,
    pub subject: &'a str,
    pub via: &'a Via,
    pub now: Instant,
}

impl<'a> Place<'a> {
    /// About an office itself: always in its cargo stream.
    pub fn of_office(office: &'a str, via: &'a Via, now: Instant) -> Self {
        Self { class: Class::Cargo, office, subject: office, via, now }
    }

    /// A row of `customs.risk.v1`.
    pub fn fact(&self, event: impl Into<RiskEvent>) -> Entry {
        let event = event.into();
        self.entry(FACTS, event.kind(), event.encode_to_vec())
    }

    /// A row of `customs.risk.traces.v1`.
    pub fn trace(&self, event: impl Into<TraceEvent>) -> Entry {
        let event = event.into();
        self.entry(TRACES, event.kind(), event.encode_to_vec())
    }

    fn entry(&self, topic: &'static str, kind: &'static str, payload: Vec<u8>) -> Entry {
        Entry {
            topic,
            class: self.class,
            kind: kind.into(),
            subject: self.subject.to_owned(),
            office: self.office.to_owned(),
            actor: self.via.actor.clone(),
            cause: self.via.cause.clone(),
            recorded_at: self.now,
            trace: self.via.trace.clone(),
            payload,
            headers: Headers::default(),
            answer: false,
            answers: None,
        }
    }
}
