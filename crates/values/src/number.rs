//! Declaration numbers: 11 digits identify, the 12th counts amendments (official letter 5922/TCHQ-VNACCS).
use std::{borrow::Borrow, fmt::Write};

use arrayvec::ArrayString;

use crate::Malformed;

/// Nine amendments fit into the last digit.
pub const MAX_AMENDMENTS: u8 = 9;

/// First 11 digits of a declaration number: the stable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct DeclarationKey(ArrayString<11>);

/// Amendment count, 0 to 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Version(u8);

/// A whole number of 12 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeclarationNumber {
    /// Stable key.
    pub key: DeclarationKey,
    /// Amendment count.
    pub version: Version,
}

impl DeclarationKey {
    /// Parses 11 digits.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match ArrayString::from(text) {
            Ok(key) if key.is_full() && text.bytes().all(|b| b.is_ascii_digit()) => Ok(Self(key)),
            _ => Err(Malformed::expected("a declaration key of 11 digits")),
        }
    }

    /// Key of a regional database: digit of direction (1 import, 3 export), 2 digits of region, 8 of serial.
    pub fn assign(direction: crate::Direction, region: u8, serial: u32) -> Result<Self, Malformed> {
        let first = match direction {
            crate::Direction::Import => 1,
            crate::Direction::Export => 3,
        };
        let mut key = ArrayString::new();
        // A region or a serial of more digits does not fit.
        write!(key, "{first}{region:02}{serial:08}").map_err(|_| Malformed::expected("a region below 100 and a serial below 10^8"))?;
        Ok(Self(key))
    }

    /// The 11 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Version {
    /// As lodged.
    pub const FIRST: Self = Self(0);

    /// From an amendment count of 0 to 9.
    pub fn new(count: u32) -> Result<Self, Malformed> {
        u8::try_from(count).ok().filter(|c| *c <= MAX_AMENDMENTS).map(Self).ok_or(Malformed::expected("an amendment count of 0 to 9"))
    }

    /// The next version, unless nine amendments were made.
    pub fn next(self) -> Option<Self> {
        (self.0 < MAX_AMENDMENTS).then(|| Self(self.0 + 1))
    }

    /// Amendment count.
    pub const fn count(self) -> u8 {
        self.0
    }
}

impl DeclarationNumber {
    /// Parses 12 digits.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: Malformed = Malformed::expected("a declaration number of 12 digits");
        if text.len() != 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(EXPECTED);
        }
        let (key, version) = text.split_at(11);
        Ok(Self { key: DeclarationKey::parse(key)?, version: Version::new(version.parse().map_err(|_| EXPECTED)?)? })
    }
}

/// Order, equality and hash are those of the text, so that a map by key is asked by text.
impl Borrow<str> for DeclarationKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DeclarationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for DeclarationNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.key, self.version.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_its_key_and_its_version(text in "[0-9]{12}") {
            let number = DeclarationNumber::parse(&text).unwrap();
            prop_assert_eq!(number.to_string(), text);
        }

        #[test]
        fn a_map_by_key_is_asked_by_text(texts in proptest::collection::vec("[1-3][0-9]{10}", 1..8)) {
            let keys: Vec<_> = texts.iter().map(|text| DeclarationKey::parse(text).unwrap()).collect();
            let (hashed, ordered) = (keys.iter().copied().collect::<HashSet<_>>(), keys.iter().copied().collect::<BTreeSet<_>>());
            prop_assert!(texts.iter().all(|text| hashed.contains(text.as_str()) && ordered.contains(text.as_str())));
            prop_assert!(ordered.iter().map(DeclarationKey::as_str).eq(texts.iter().map(String::as_str).collect::<BTreeSet<_>>()));
        }
    }

    #[test]
    fn the_tenth_amendment_does_not_exist() {
        assert_eq!(Version::new(9).unwrap().next(), None);
        assert!(Version::new(10).is_err());
        assert!(DeclarationNumber::parse("12345678901").is_err());
        assert!(DeclarationNumber::parse("12345678901x").is_err());
    }

    #[test]
    fn keys_of_regions_never_meet() {
        let key = |region, serial| DeclarationKey::assign(crate::Direction::Import, region, serial).unwrap();
        assert_eq!(key(9, 1).as_str(), "10900000001");
        assert_ne!(key(9, 1), key(10, 1));
        assert!(DeclarationKey::assign(crate::Direction::Export, 100, 1).is_err());
        assert!(DeclarationKey::assign(crate::Direction::Export, 1, 100_000_000).is_err());
    }
}
