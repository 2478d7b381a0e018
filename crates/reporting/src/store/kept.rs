//! Stages as bytes on the row of their version, and read back from there.
use contracts::reporting::{Heard, KeptStage, KeptStages};
use platform::{Failure, Instant};
use prost::Message;

use super::Told;
use crate::{INTAKE, RISK, TRACKING, book::Stage};

const HEARD: [(&str, Heard); 3] = [(INTAKE, Heard::Intake), (RISK, Heard::Risk), (TRACKING, Heard::Tracking)];

/// Stages of one version, some 60 to 90 bytes each; appended to others of it they are the encoding of all.
pub fn encoded(stages: &[Stage<'_>]) -> Vec<u8> {
    KeptStages { stages: stages.iter().map(keep).collect() }.encode_to_vec()
}

/// Stages of a version as appended; [`Failure::Deterministic`] when the bytes are no stages.
pub fn decoded(version: i16, bytes: &[u8]) -> Result<Vec<Told>, Failure> {
    let kept = KeptStages::decode(bytes).map_err(|error| Failure::Deterministic(format!("stored stages: {error}")))?;
    kept.stages.into_iter().map(|stage| tell(version, stage)).collect()
}

fn keep(stage: &Stage<'_>) -> KeptStage {
    let place = &stage.place;
    let heard = HEARD.iter().find(|(topic, _)| *topic == place.topic).map_or(Heard::Unspecified, |(_, heard)| *heard);
    let trace = packed(place.trace);
    KeptStage {
        heard: heard.into(),
        stream: place.stream,
        position: place.position,
        stage: stage.kind.as_str().to_owned(),
        at_us: place.at.timestamp_micros(),
        office: place.office.to_owned(),
        traceparent: if trace.is_some() { String::new() } else { place.trace.to_owned() },
        trace: trace.unwrap_or_default(),
        lane: stage.lane.to_owned(),
        form: stage.form.to_owned(),
        officer: stage.officer.clone(),
        reason: stage.reason.clone(),
        person: stage.person.to_owned(),
        place: stage.gate.clone(),
        conform: stage.conform.to_owned(),
        amount_vnd: stage.amount_vnd,
    }
}

fn tell(version: i16, stage: KeptStage) -> Result<Told, Failure> {
    let wrong = |what: &str| Failure::Deterministic(format!("a stored stage has no {what}"));
    let (topic, _) = HEARD.iter().find(|(_, heard)| *heard == stage.heard()).ok_or_else(|| wrong("topic"))?;
    let trace = if stage.trace.is_empty() { stage.traceparent } else { unpacked(&stage.trace).ok_or_else(|| wrong("trace of 25 bytes"))? };
    Ok(Told {
        topic: (*topic).to_owned(),
        stream: stage.stream,
        position: stage.position,
        version,
        stage: stage.stage,
        at: Instant::from_timestamp_micros(stage.at_us).ok_or_else(|| wrong("time"))?,
        office: stage.office,
        person: stage.person,
        place: stage.place,
        lane: stage.lane,
        form: stage.form,
        conform: stage.conform,
        amount_vnd: stage.amount_vnd,
        reason: stage.reason,
        officer: stage.officer,
        trace,
    })
}

/// A traceparent in less than half the bytes, if it can be read back as it was.
fn packed(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.strip_prefix("00-")?.split('-');
    let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let trace = u128::from_str_radix(trace, 16).ok()?.to_be_bytes();
    let span = u64::from_str_radix(span, 16).ok()?.to_be_bytes();
    let bytes = [&trace[..], &span, &[u8::from_str_radix(flags, 16).ok()?]].concat();
    (unpacked(&bytes)? == text).then_some(bytes)
}

fn unpacked(bytes: &[u8]) -> Option<String> {
    let (trace, rest) = bytes.split_first_chunk::<16>()?;
    let (span, flags) = rest.split_first_chunk::<8>()?;
    let &[flags] = flags else { return None };
    Some(format!("00-{:032x}-{:016x}-{flags:02x}", u128::from_be_bytes(*trace), u64::from_be_bytes(*span)))
}

#[cfg(test)]
mod tests;
