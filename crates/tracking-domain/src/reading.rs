//! One reading of one plate, parsed once at the edge.
use crate::{Fault, Gate, Gates};
use chrono::{DurationRound as _, TimeDelta};
use values::{Instant, Plate, PlateCountry};

/// Way through a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Into Viet Nam.
    In,
    /// Out of Viet Nam.
    Out,
}

impl Way {
    /// Parses `in` or `out`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "in" => Some(Self::In),
            "out" => Some(Self::Out),
            _ => None,
        }
    }

    /// `in` or `out`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// A reading as a camera sent it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// Name of the camera.
    pub camera: &'a str,
    /// Code of the gate.
    pub gate: &'a str,
    /// `in` or `out`.
    pub direction: &'a str,
    /// Plate as read.
    pub plate: &'a str,
    /// VN, LAO, T or KH.
    pub country: &'a str,
    /// When the picture was taken.
    pub observed_at: Option<Instant>,
    /// Confidence of the whole plate, per mille.
    pub confidence: u32,
    /// SHA-256 of the picture in hex, or empty.
    pub image: &'a str,
}

/// A reading that holds no wrong value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Name of the camera.
    pub camera: String,
    /// The gate with its office.
    pub gate: Gate,
    /// Way through the gate.
    pub way: Way,
    /// Folded plate.
    pub plate: Plate,
    /// Country sign.
    pub country: PlateCountry,
    /// When the picture was taken, in whole microseconds.
    pub observed_at: Instant,
    /// 0 to 1000.
    pub confidence: u16,
    /// SHA-256 of the picture in lower-case hex, or empty.
    pub image: String,
}

impl Reading {
    /// Parses an observation; an error names every fault, in the order of the fields.
    pub fn parse(observed: &Observed<'_>, gates: &Gates) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut faulty = |fault: Fault| faults.push(fault);
        let named = |c: u8| c.is_ascii_alphanumeric() || b"-_.:".contains(&c);
        if !(1..=64).contains(&observed.camera.len()) || !observed.camera.bytes().all(named) {
            faulty(Fault::CAMERA);
        }
        let gate = gates.get(observed.gate);
        if gate.is_none() {
            faulty(if observed.gate.is_empty() { Fault::GATE_MISSING } else { Fault::GATE_UNKNOWN });
        }
        let way = Way::parse(observed.direction);
        if way.is_none() {
            faulty(Fault::DIRECTION);
        }
        let plate = Plate::parse(observed.plate).ok();
        if plate.is_none() {
            faulty(Fault::PLATE);
        }
        let country = PlateCountry::parse(observed.country).ok();
        if country.is_none() {
            faulty(Fault::COUNTRY);
        }
        // Journals and databases keep microseconds: the natural key must be the same before and after storing.
        let observed_at = observed.observed_at.and_then(|at| at.duration_trunc(TimeDelta::microseconds(1)).ok());
        if observed_at.is_none() {
            faulty(Fault::OBSERVED_AT);
        }
        let confidence = u16::try_from(observed.confidence).ok().filter(|c| *c <= 1000);
        if confidence.is_none() {
            faulty(Fault::CONFIDENCE);
        }
        let hexadecimal = observed.image.len() == 64 && observed.image.bytes().all(|b| b.is_ascii_hexdigit());
        if !observed.image.is_empty() && !hexadecimal {
            faulty(Fault::IMAGE);
        }
        match (gate, way, plate, country, observed_at, confidence) {
            (Some(gate), Some(way), Some(plate), Some(country), Some(observed_at), Some(confidence)) if faults.is_empty() => Ok(Self {
                camera: observed.camera.to_owned(),
                gate: gate.clone(),
                way,
                plate,
                country,
                observed_at,
                confidence,
                image: observed.image.to_ascii_lowercase(),
            }),
            _ => Err(faults),
        }
    }

    /// What makes a reading unique for ever: camera, time and plate.
    pub fn natural_key(&self) -> (&str, Instant, &Plate) {
        (&self.camera, self.observed_at, &self.plate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn good() -> Observed<'static> {
        Observed {
            camera: "LB-1",
            gate: "LAOBAO",
            direction: "in",
            plate: "74c-123.45",
            country: "VN",
            observed_at: DateTime::from_timestamp(1_800_000_000, 123_456_789),
            confidence: 990,
            image: "",
        }
    }

    #[test]
    fn a_good_reading_is_folded_and_cut_to_microseconds() {
        let reading = Reading::parse(&good(), &Gates::standard().unwrap()).unwrap();
        assert_eq!((reading.plate.as_str(), reading.gate.office.as_str(), reading.way), ("74C12345", "32BB", Way::In));
        assert_eq!(reading.observed_at.timestamp_subsec_nanos(), 123_456_000);
        assert_eq!(reading.natural_key().0, "LB-1");
    }

    #[test]
    fn every_fault_is_named_with_its_code() {
        let wrong = Observed { confidence: 1001, image: "abc", gate: "NOWHERE", ..Observed::default() };
        let codes: Vec<_> = Reading::parse(&wrong, &Gates::standard().unwrap()).unwrap_err().iter().map(|f| f.code).collect();
        assert_eq!(codes, ["CG201", "CG203", "CG204", "CG205", "CG206", "CG207", "CG208", "CG209"]);
    }

    #[test]
    fn an_unknown_gate_is_another_fault_than_a_missing_one() {
        let gates = Gates::standard().unwrap();
        let fault = |gate| Reading::parse(&Observed { gate, ..good() }, &gates).unwrap_err();
        assert_eq!(fault("MOCBAI"), [Fault::GATE_UNKNOWN]);
        assert_eq!(fault(""), [Fault::GATE_MISSING]);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,80}", confidence: u32) {
            let observed = Observed { camera: &text, gate: &text, plate: &text, image: &text, confidence, ..good() };
            let _ = Reading::parse(&observed, &Gates::standard().unwrap());
        }
    }
}
