//! Facts of the other services, as a reader hands them to reporting.
use contracts::{
    Event,
    common::{Declaration, Direction, Lane},
    intake::{Amended, Cleared, IntakeEvent, Lodged, PaymentReceived, Refused, TaxDue, Withdrawn},
    risk::{Concluded, Decided, Form, Reassigned, RiskEvent},
    tracking::{Arrived, Departed, Held, TrackingEvent, Vehicle},
};
use platform::{Fact, Instant, cloudevent};
use reporting::{INTAKE, RISK, TRACKING};

use crate::KEYS;

/// A moment of the day, in seconds since local midnight.
pub fn moment(second: i64) -> Instant {
    Instant::UNIX_EPOCH + std::time::Duration::from_secs(1_783_270_800) + std::time::Duration::from_secs(second.unsigned_abs())
}

/// A fact as a reader hands it to the handler; the second is also its position.
fn fact<E: Event>(topic: &str, event: &E, office: &str, second: i64) -> Fact {
    fact_at(topic, event, office, moment(second), second)
}

/// A fact of any moment.
pub fn fact_at<E: Event>(topic: &str, event: &E, office: &str, at: Instant, position: i64) -> Fact {
    let headers = cloudevent::Headers::from_iter([
        (cloudevent::TYPE, event.kind()),
        (cloudevent::OFFICE, office),
        (cloudevent::ACTOR, topic.trim_start_matches("customs.").trim_end_matches(".v1")),
        (cloudevent::TIME, &format!("{at:?}")),
        (cloudevent::TRACEPARENT, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]);
    Fact::new(topic, 0, position, position, office, headers, event.encode_to_vec())
}

pub fn declaration(key: &str, version: u32) -> Declaration {
    Declaration {
        key: key.to_owned(),
        version,
        sender: "S1".to_owned(),
        reference: format!("R-{key}"),
        direction: if key.starts_with('1') { Direction::Import } else { Direction::Export }.into(),
        kind: if key.starts_with('1') { "A11" } else { "B11" }.to_owned(),
        office: "32BB".to_owned(),
        currency: "USD".to_owned(),
        value: 10_000_000 + i64::from(version),
        duty_vnd: 500_000,
        ..Default::default()
    }
}

pub fn intake(event: impl Into<IntakeEvent>, second: i64) -> Fact {
    fact(INTAKE, &event.into(), "32BB", second)
}

pub fn risk(event: impl Into<RiskEvent>, second: i64) -> Fact {
    fact(RISK, &event.into(), "32BB", second)
}

fn tracking(event: impl Into<TrackingEvent>, second: i64) -> Fact {
    fact(TRACKING, &event.into(), "32BB", second)
}

pub fn lodged(key: &str, second: i64) -> Fact {
    intake(Lodged { declaration: Some(declaration(key, 0)) }, second)
}

pub fn decided(key: &str, version: u32, lane: Lane, officer: &str, queue_reason: &str, second: i64) -> Fact {
    let form = if lane == Lane::Green { Form::Unspecified } else { Form::Documents };
    let (officer, queue_reason) = (officer.to_owned(), queue_reason.to_owned());
    risk(Decided { key: key.to_owned(), version, lane: lane.into(), form: form.into(), officer, queue_reason, ..Default::default() }, second)
}

fn arrived(keys: &[&str], second: i64) -> Fact {
    let declarations = keys.iter().map(|k| (*k).to_owned()).collect();
    tracking(Arrived { visit: "V1".to_owned(), gate: "LAOBAO".to_owned(), direction: "in".to_owned(), declarations, ..Default::default() }, second)
}

/// A day at the office: one declaration amended, assigned, concluded, paid and cleared; one withdrawn; one green; one message refused.
pub fn a_day() -> [Vec<Fact>; 3] {
    let key = |n: usize| KEYS[n].to_owned();
    let of_intake = vec![
        lodged(KEYS[0], 100),
        lodged(KEYS[1], 110),
        lodged(KEYS[2], 120),
        intake(Amended { declaration: Some(declaration(KEYS[0], 1)) }, 200),
        intake(Withdrawn { key: key(1), version: 0, reason: "ERROR".to_owned() }, 210),
        intake(Refused { attempt: "Lodged".to_owned(), sender: "S1".to_owned(), reference: "R-bad".to_owned(), ..Default::default() }, 220),
        intake(TaxDue { key: key(0), version: 1, amount_vnd: 500_000 }, 300),
        intake(PaymentReceived { key: key(0), version: 1, amount_vnd: 500_000, paid_vnd: 500_000, ..Default::default() }, 310),
        intake(Cleared { key: key(0), version: 1 }, 320),
    ];
    let of_risk = vec![
        decided(KEYS[0], 0, Lane::Yellow, "O-1", "", 101),
        decided(KEYS[1], 0, Lane::Red, "", "NO_ROSTER", 111),
        decided(KEYS[2], 0, Lane::Green, "", "", 121),
        decided(KEYS[0], 1, Lane::Yellow, "O-1", "", 201),
        risk(
            Reassigned { key: key(0), version: 1, from: "O-1".to_owned(), to: "O-2".to_owned(), reason: "LEAVE".to_owned(), ..Default::default() },
            250,
        ),
        risk(
            Concluded { key: key(0), version: 1, form: Form::Documents.into(), conform: true, officer: "O-2".to_owned(), ..Default::default() },
            290,
        ),
    ];
    let vehicle = Some(Vehicle { id: "abc".to_owned(), ..Default::default() });
    let gone = Departed { visit: "V1".to_owned(), gate: "LAOBAO".to_owned(), declarations: vec![key(0)], ..Default::default() };
    let of_tracking = vec![
        arrived(&[KEYS[0]], 150),
        tracking(Held { vehicle, gate: "LAOBAO".to_owned(), reason: "LOOK_OUT".to_owned(), ..Default::default() }, 160),
        tracking(gone, 400),
    ];
    [of_intake, of_risk, of_tracking]
}
