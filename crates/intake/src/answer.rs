//! Answers to senders on `nsw.responses.v1`, and the facts of `customs.intake.v1`, as journal entries.
use contracts::{Event, intake::IntakeEvent, nsw::v1::Response};
use intake_domain as domain;
use platform::{
    Entry, Instant,
    cloudevent::{Headers, PROTOBUF},
    streams::Class,
};
use prost::Message;

use crate::{FACTS, RESPONSES, book::Record, submission::Via};

/// Where and why something is written down.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    pub class: Class,
    pub office: &'a str,
    pub subject: &'a str,
    pub via: &'a Via,
    pub now: Instant,
}

/// A fact of intake.
pub fn fact(place: &Place<'_>, event: impl Into<IntakeEvent>) -> Entry {
    let event = event.into();
    entry(FACTS, event.kind(), place, event.encode_to_vec())
}

/// An answer to whoever sent the message behind `via`; nothing when it came by gRPC.
pub fn reply(place: &Place<'_>, recipient: &str, response: Response) -> Option<Entry> {
    let message = place.via.message.clone()?;
    let response = Response { recipient: recipient.to_owned(), in_reply_to: message.1.clone(), ..response };
    let message = (!place.via.reused).then_some(message);
    Some(response_entry(place, place.via.wire, &response).answering(recipient, place.via.wire, message))
}

/// A notice to the sender of a declaration.
pub fn notice(place: &Place<'_>, record: &Record, response: Response) -> Entry {
    let response = Response {
        recipient: record.sender.clone(),
        reference: record.reference.clone(),
        number: record.number(),
        version: u32::from(record.standing.version.count()),
        ..response
    };
    response_entry(place, &record.wire, &response).answering(&record.sender, &record.wire, None)
}

fn response_entry(place: &Place<'_>, wire: &str, response: &Response) -> Entry {
    // Serialising our own message cannot fail; an empty answer would be seen by the sender as such.
    let payload = if wire == PROTOBUF { response.encode_to_vec() } else { serde_json::to_vec(response).unwrap_or_default() };
    entry(RESPONSES, "nsw.v1.Response", place, payload)
}

fn entry(topic: &'static str, kind: &'static str, place: &Place<'_>, payload: Vec<u8>) -> Entry {
    Entry {
        topic,
        class: place.class,
        kind: kind.into(),
        subject: place.subject.to_owned(),
        office: place.office.to_owned(),
        actor: place.via.actor.clone(),
        cause: place.via.cause.clone(),
        recorded_at: place.now,
        trace: place.via.trace.clone(),
        payload,
        headers: Headers::default(),
        answer: false,
        answers: None,
    }
}

/// A response with its function code and notes.
pub fn response(function: domain::ResponseCode) -> Response {
    Response {
        function: function.as_str().to_owned(),
        note_vi: function.note_vi().to_owned(),
        note_en: function.note_en().to_owned(),
        ..Response::default()
    }
}

/// Faults as the wire shows them.
pub fn faults(faults: &[domain::Fault]) -> Vec<contracts::nsw::v1::Fault> {
    faults
        .iter()
        .map(|f| contracts::nsw::v1::Fault {
            code: f.code.to_owned(),
            pointer: f.pointer.clone(),
            text_vi: f.text_vi.to_owned(),
            text_en: f.text_en.to_owned(),
        })
        .collect()
}
