//! Draws that nobody can foresee and everybody can recompute: HMAC-SHA256 under a key that was committed to before the day.
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use values::{Day, Digest, lp};

/// Secret of one office and day.
#[derive(Clone, PartialEq, Eq)]
pub struct DayKey([u8; 32]);

impl DayKey {
    /// From 32 random bytes drawn at the edge.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored or revealed.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for DayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DayKey([redacted])")
    }
}

/// `SHA-256(lp(office) ‖ lp(date) ‖ key)`, date as YYYY-MM-DD.
pub fn commitment(office: &str, day: Day, key: &DayKey) -> Digest {
    let mut hash = Sha256::new();
    lp(&mut hash, office.as_bytes());
    lp(&mut hash, day.to_string().as_bytes());
    hash.update(key.0);
    hash.finalize().into()
}

/// `HMAC-SHA256(day key, lp(declaration key) ‖ lp(purpose) ‖ u32 version ‖ u32 counter)`, first 8 bytes big-endian.
pub fn draw(key: &DayKey, declaration: &str, purpose: &str, version: u32, counter: u32) -> u64 {
    let mut message = Vec::with_capacity(64);
    for text in [declaration, purpose] {
        message.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend(text.as_bytes());
    }
    message.extend(version.to_be_bytes());
    message.extend(counter.to_be_bytes());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else { return 0 };
    mac.update(&message);
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    u64::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

/// A draw as it is traced.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Draw {
    pub purpose: String,
    pub version: u32,
    /// Counter of the value that was used.
    pub counter: u32,
    /// u64 as decimal text: JSON numbers are not exact beyond 2^53.
    pub value: String,
}

/// An index below `n` and the value it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub index: u64,
    pub counter: u32,
    pub value: u64,
}

impl Drawn {
    pub fn traced(self, purpose: &str, version: u32) -> Draw {
        Draw { purpose: purpose.to_owned(), version, counter: self.counter, value: self.value.to_string() }
    }
}

/// An index below `n`, without bias: values at or above floor(2^64 / n)·n are rejected and the counter is raised.
pub fn choose(key: &DayKey, declaration: &str, purpose: &str, version: u32, n: u64) -> (u64, Draw) {
    let drawn = index_below(key, declaration, purpose, version, n);
    (drawn.index, drawn.traced(purpose, version))
}

/// As [`choose`], without the text of its trace.
pub(crate) fn index_below(key: &DayKey, declaration: &str, purpose: &str, version: u32, n: u64) -> Drawn {
    // 2^64 mod n, computed in 64 bits; values within the last incomplete run of n are rejected.
    let excess = if n < 2 { 0 } else { (u64::MAX % n + 1) % n };
    let mut counter = 0;
    loop {
        let value = draw(key, declaration, purpose, version, counter);
        if value <= u64::MAX - excess {
            return Drawn { index: if n < 2 { 0 } else { value % n }, counter, value };
        }
        counter += 1;
    }
}

/// True in `millionths` of a million cases, exactly: value·10^6 < millionths·2^64.
pub fn chance(key: &DayKey, declaration: &str, purpose: &str, version: u32, millionths: u32) -> (bool, Draw) {
    let value = draw(key, declaration, purpose, version, 0);
    let hit = u128::from(value) * 1_000_000 < u128::from(millionths) << 64;
    (hit, Draw { purpose: purpose.to_owned(), version, counter: 0, value: value.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> DayKey {
        DayKey::new(std::array::from_fn(|i| u8::try_from(i).unwrap()))
    }

    #[test]
    fn draws_and_commitments_are_the_published_formulas() {
        // Computed with Python's hmac and hashlib.
        assert_eq!(draw(&key(), "10900000001", "assign:1", 2, 0), 14_581_993_925_017_266_259);
        let day = Day::from_ymd_opt(2026, 11, 24).unwrap();
        assert_eq!(hex::encode(commitment("32BB", day, &key())), "7e77b2bae6e3131117a601051e7627a7a0966b373b6ad6088e8173cf1fc4fe21");
    }

    proptest! {
        #[test]
        fn a_choice_is_always_one_of_n(declaration in "[0-9]{11}", n in 1_u64..1000) {
            prop_assert!(choose(&key(), &declaration, "p", 0, n).0 < n);
        }

        #[test]
        fn nothing_and_everything_are_certain(declaration in "[0-9]{11}") {
            prop_assert!(!chance(&key(), &declaration, "p", 0, 0).0);
            prop_assert!(chance(&key(), &declaration, "p", 0, 1_000_000).0);
        }
    }

    #[test]
    fn ten_choices_are_taken_about_equally_often() {
        let mut counts = [0_u32; 10];
        for n in 0..20_000 {
            let (index, _) = choose(&key(), &format!("{n:011}"), "p", 0, 10);
            counts[usize::try_from(index).unwrap()] += 1;
        }
        // Chi-square with 9 degrees of freedom: 33.7 is exceeded once in ten thousand keys; this key is fixed.
        let chi: u32 = counts.iter().map(|c| c.abs_diff(2000).pow(2)).sum::<u32>() / 2000;
        assert!(chi < 34, "{counts:?}");
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", key()), "DayKey([redacted])");
    }
}
