//! Examples and laws of the gate.
mod judging;
mod visiting;

use crate::*;
use chrono::{DateTime, TimeDelta};
use values::{DeclarationKey, Direction, Instant};

const VEHICLE: &str = "00112233445566778899aabbccddeeff";

fn noon() -> Instant {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn after(seconds: i64) -> Instant {
    noon() + TimeDelta::seconds(seconds)
}

fn key(serial: u32) -> DeclarationKey {
    DeclarationKey::assign(Direction::Import, 9, serial).unwrap()
}

fn import(serial: u32, cleared: bool) -> Carried {
    Carried { key: key(serial), direction: Some(Direction::Import), cleared, withdrawn: false, departed: false }
}

fn export(serial: u32, cleared: bool) -> Carried {
    Carried { direction: Some(Direction::Export), ..import(serial, cleared) }
}

fn reading(gate: &str, way: &str, at: Instant) -> Reading {
    let observed =
        Observed { camera: "C1", gate, direction: way, plate: "74C12345", country: "VN", observed_at: Some(at), confidence: 950, image: "" };
    Reading::parse(&observed, &Gates::standard().unwrap()).unwrap()
}

fn coming_in() -> Reading {
    reading("LAOBAO", "in", noon())
}

fn going_out() -> Reading {
    reading("LAOBAO", "out", noon())
}

fn at_noon(reading: &Reading, sight: &Sight) -> Verdict {
    judge(reading, VEHICLE, sight, &Settings::default(), noon())
}

fn inside(declarations: Vec<Carried>) -> Sight {
    let visit = OpenVisit { id: "0011223344556677".to_owned(), gate: "LAOBAO".to_owned(), arrived_at: after(-7200), declarations };
    Sight { known: true, visit: Some(visit), ..Sight::default() }
}

fn announced(gate: &str, declarations: Vec<Carried>) -> Sight {
    Sight { announcement: Some(Announcement { gate: gate.to_owned(), announced_at: after(-3600), declarations }), ..Sight::default() }
}

fn held_for(verdict: &Verdict) -> Option<HoldReason> {
    match verdict {
        Verdict::Held { reason, .. } => Some(*reason),
        _ => None,
    }
}
