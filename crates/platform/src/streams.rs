//! Which stream (= partition) an office's facts belong to: start of the class's range + hash of the office.
use crate::settings;

/// Cargo and parcels have disjoint ranges of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Cargo,
    Parcels,
}

impl Class {
    /// As metrics, health and tables name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Parcels => "parcels",
        }
    }
}

/// How the streams of a topic are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Streams 0 to `cargo` - 1.
    pub cargo: u32,
    /// Streams `cargo` to `cargo` + `parcels` - 1.
    pub parcels: u32,
}

impl From<settings::Streams> for Layout {
    fn from(sizes: settings::Streams) -> Self {
        Self { cargo: sizes.cargo, parcels: sizes.parcels }
    }
}

impl Layout {
    /// Streams of a topic in all.
    pub fn streams(self) -> u32 {
        self.cargo + self.parcels
    }

    /// Stream of an office; an unknown office ('') is on the first stream.
    pub fn stream(self, class: Class, office: &str) -> u32 {
        if office.is_empty() {
            return 0;
        }
        let (start, size) = match class {
            Class::Cargo => (0, self.cargo),
            Class::Parcels => (self.cargo, self.parcels),
        };
        start + positive(murmur2(office.as_bytes())) % size
    }

    /// Class whose range holds the stream.
    pub fn class(self, stream: u32) -> Class {
        if stream < self.cargo { Class::Cargo } else { Class::Parcels }
    }
}

fn positive(hash: u32) -> u32 {
    hash & 0x7fff_ffff
}

/// 32-bit MurmurHash2 with the seed of Kafka's stock Java partitioner, so that any client computes the same stream.
pub fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = 0x9747_b28c_u32 ^ length;
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        for (i, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * i);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_java_client() {
        // Known answers published with Apache Kafka's own tests of `Utils.murmur2`.
        let known: [(&str, i32); 6] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (text, hash) in known {
            assert_eq!(murmur2(text.as_bytes()), hash.cast_unsigned(), "{text}");
        }
    }

    #[test]
    fn classes_never_share_a_stream() {
        let layout = Layout { cargo: 6, parcels: 2 };
        for office in ["32BB", "31BB", "32BC", "33BA", "A", "ZZZZZZ"] {
            assert_eq!(layout.class(layout.stream(Class::Cargo, office)), Class::Cargo);
            assert_eq!(layout.class(layout.stream(Class::Parcels, office)), Class::Parcels);
        }
        assert_eq!(layout.stream(Class::Parcels, ""), 0);
    }
}
