//! Who reads and tells what, and which stream an office has.
use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Service {
    Intake,
    Risk,
    Tracking,
    Reporting,
}

pub const SERVICES: [Service; 4] = [Service::Intake, Service::Risk, Service::Tracking, Service::Reporting];

/// From outside: its messages have no positions.
pub const DECLARATIONS: &str = "nsw.declarations.v1";
pub const LODGED: &str = "customs.intake.v1";
pub const RESPONSES: &str = "nsw.responses.v1";
pub const DECIDED: &str = "customs.risk.v1";
const TRACES: &str = "customs.risk.traces.v1";
const TRACKED: &str = "customs.tracking.v1";

pub const TOPICS: [&str; 6] = [DECLARATIONS, LODGED, RESPONSES, DECIDED, TRACES, TRACKED];

pub const PARTITIONS: i32 = 8;
/// Partitions of cargo; the parcels' stay empty.
const CARGO: u32 = 6;

impl Service {
    pub fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Risk => "risk",
            Self::Tracking => "tracking",
            Self::Reporting => "reporting",
        }
    }

    pub fn reads(self) -> &'static [&'static str] {
        match self {
            Self::Intake => &[DECLARATIONS, DECIDED],
            Self::Risk => &[LODGED],
            Self::Tracking => &[LODGED, DECIDED],
            Self::Reporting => &[LODGED, DECIDED, TRACKED],
        }
    }

    pub fn tells(self) -> &'static [&'static str] {
        match self {
            Self::Intake => &[LODGED, RESPONSES],
            Self::Risk => &[DECIDED, TRACES],
            Self::Tracking => &[TRACKED],
            Self::Reporting => &[],
        }
    }
}

/// The stream of an office, which is its partition on every topic.
pub fn stream(office: &str) -> i32 {
    i32::try_from((murmur2(office.as_bytes()) & 0x7fff_ffff) % CARGO).unwrap_or(0)
}

/// The hash of Kafka's stock partitioner.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (k ^ (k >> 24)).wrapping_mul(M);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        rest.iter().enumerate().for_each(|(i, byte)| hash ^= u32::from(*byte) << (8 * i));
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murmur2_is_the_one_of_the_stock_partitioner() {
        let known: [(&str, i32); 4] =
            [("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536), ("abc", 479_470_107)];
        for (text, hash) in known {
            assert_eq!(murmur2(text.as_bytes()).cast_signed(), hash, "{text}");
        }
    }
}
