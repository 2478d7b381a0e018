//! Plates of vehicles, folded so that two ways of writing one plate are one value.
use smol_str::{SmolStr, SmolStrBuilder};

use crate::Malformed;

/// Country sign on a vehicle (Vienna Convention; GMS agreement): VN, LAO, T, KH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlateCountry {
    /// Viet Nam.
    VietNam,
    /// Laos.
    Laos,
    /// Thailand.
    Thailand,
    /// Cambodia.
    Cambodia,
}

impl PlateCountry {
    /// Parses the sign.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "VN" => Ok(Self::VietNam),
            "LAO" => Ok(Self::Laos),
            "T" => Ok(Self::Thailand),
            "KH" => Ok(Self::Cambodia),
            _ => Err(Malformed::expected("a country sign VN, LAO, T or KH")),
        }
    }

    /// The sign.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VietNam => "VN",
            Self::Laos => "LAO",
            Self::Thailand => "T",
            Self::Cambodia => "KH",
        }
    }
}

/// A plate without blanks, dots and hyphens, in capitals. Letters of any script are kept (Lao plates). All but the longest lie in the value itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plate(SmolStr);

impl Plate {
    /// Normalises: at least 2 and at most 35 letters and digits must remain.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: Malformed = Malformed::expected("a plate of 2 to 35 letters and digits");
        let mut folded = SmolStrBuilder::new();
        for c in text.chars() {
            match c {
                ' ' | '-' | '.' | '_' => {}
                c if c.is_alphanumeric() => c.to_uppercase().for_each(|c| folded.push(c)),
                // Lao vowels and tone marks are combining characters and belong to the plate.
                '\u{0EB0}'..='\u{0ECD}' => folded.push(c),
                _ => return Err(EXPECTED),
            }
        }
        let folded = folded.finish();
        if (2..=35).contains(&folded.chars().count()) { Ok(Self(folded)) } else { Err(EXPECTED) }
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Plate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            if let Ok(plate) = Plate::parse(&text) {
                prop_assert_eq!(Plate::parse(plate.as_str()), Ok(plate));
            }
        }

        #[test]
        fn plates_are_ordered_and_equal_as_their_texts(one in "[A-Bກ]{2,35}", other in "[A-Bກ]{2,35}") {
            let plates = (Plate::parse(&one).unwrap(), Plate::parse(&other).unwrap());
            prop_assert_eq!(plates.0.to_string(), one.clone());
            prop_assert_eq!(plates.0.cmp(&plates.1), one.cmp(&other));
            prop_assert_eq!(plates.0 == plates.1, one == other);
        }
    }

    #[test]
    fn two_ways_of_writing_are_one_plate() {
        assert_eq!(Plate::parse("74c-123.45"), Plate::parse("74C 12345"));
        assert_eq!(Plate::parse("ບກ 1234").unwrap().as_str(), "ບກ1234");
        assert!(Plate::parse("-").is_err());
    }
}
