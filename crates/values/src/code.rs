//! Codes of the field: offices, traders, goods, countries, currencies.
use arrayvec::ArrayString;

use crate::Malformed;

/// A code of at most `$most` bytes. It lies in the value itself: every declaration has dozens, and none is worth an allocation.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $most:literal, $expected:literal, |$text:ident| $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(ArrayString<$most>);

        impl $name {
            /// Parses the exact text; nothing is trimmed or folded.
            pub fn parse($text: &str) -> Result<Self, Malformed> {
                match ArrayString::from($text) {
                    Ok(code) if $valid => Ok(Self(code)),
                    _ => Err(Malformed::expected($expected)),
                }
            }

            /// The code as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

code!(
    /// Customs office, up to 6 characters (VNACCS item CH), e.g. `32BB` Lao Bao.
    OfficeCode, 6, "an office code of 1 to 6 capital letters and digits", |text| upper_or_digit(text, 1, 6)
);
code!(
    /// Tax code of a firm: 10 digits, or 13 for a branch.
    TaxCode, 13, "a tax code of 10 or 13 digits", |text| matches!(text.len(), 10 | 13) && digits(text)
);
code!(
    /// Commodity code (HS): 8 digits nationally, at most 12 (VNACCS item CMD).
    CommodityCode, 12, "a commodity code of 8 to 12 digits", |text| (8..=12).contains(&text.len()) && digits(text)
);
code!(
    /// ISO 3166-1 alpha-2 country.
    CountryCode, 2, "a country code of two capital letters", |text| text.len() == 2 && capitals(text)
);
code!(
    /// ISO 4217 currency.
    CurrencyCode, 3, "a currency code of three capital letters", |text| text.len() == 3 && capitals(text)
);
code!(
    /// Procedure code (VNACCS items ICB and ECB), e.g. `A11`.
    KindCode, 3, "a procedure code of three capital letters or digits", |text| upper_or_digit(text, 3, 3)
);
code!(
    /// Service code of an officer.
    OfficerCode, 20, "a service code of 1 to 20 letters, digits and hyphens",
    |text| (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
);

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn capitals(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase())
}

fn upper_or_digit(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_is_its_text(text in "\\PC{0,24}|[A-Za-z0-9-]{0,24}") {
            if let Ok(code) = OfficerCode::parse(&text) {
                prop_assert_eq!(code.as_str(), &text);
                prop_assert_eq!(code.to_string(), text);
            }
        }

        #[test]
        fn codes_are_ordered_and_equal_as_their_texts(one in "[A-B0-1]{1,6}", other in "[A-B0-1]{1,6}") {
            let codes = (OfficeCode::parse(&one).unwrap(), OfficeCode::parse(&other).unwrap());
            prop_assert_eq!(codes.0.cmp(&codes.1), one.cmp(&other));
            prop_assert_eq!(codes.0 == codes.1, one == other);
        }
    }

    #[test]
    fn the_longest_code_is_taken_and_a_longer_one_is_not() {
        let longest = "0".repeat(20);
        assert_eq!(OfficerCode::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(OfficeCode::parse("32BBCD").unwrap().as_str(), "32BBCD");
        assert_eq!(TaxCode::parse("3200123456001").unwrap().as_str(), "3200123456001");
        assert_eq!(CommodityCode::parse("270112100000").unwrap().as_str(), "270112100000");
        assert!(OfficerCode::parse(&"0".repeat(21)).is_err());
        assert!(OfficeCode::parse("32BBCDE").is_err() && OfficeCode::parse("").is_err());
        assert!(TaxCode::parse("32001234560011").is_err() && TaxCode::parse("32001234560").is_err());
        assert!(CommodityCode::parse("2701121000000").is_err() && CountryCode::parse("VNM").is_err());
        assert!(CurrencyCode::parse("USDT").is_err() && KindCode::parse("A111").is_err());
    }
}
