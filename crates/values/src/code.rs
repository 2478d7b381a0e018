//! Codes of the field: offices, traders, goods, countries, currencies.
use crate::Malformed;

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $expected:literal, |$text:ident| $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses the exact text; nothing is trimmed or folded.
            pub fn parse($text: &str) -> Result<Self, Malformed> {
                if $valid { Ok(Self($text.to_owned())) } else { Err(Malformed::expected($expected)) }
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
    OfficeCode, "an office code of 1 to 6 capital letters and digits", |text| upper_or_digit(text, 1, 6)
);
code!(
    /// Tax code of a firm: 10 digits, or 13 for a branch.
    TaxCode, "a tax code of 10 or 13 digits", |text| matches!(text.len(), 10 | 13) && digits(text)
);
code!(
    /// Commodity code (HS): 8 digits nationally, at most 12 (VNACCS item CMD).
    CommodityCode, "a commodity code of 8 to 12 digits", |text| (8..=12).contains(&text.len()) && digits(text)
);
code!(
    /// ISO 3166-1 alpha-2 country.
    CountryCode, "a country code of two capital letters", |text| text.len() == 2 && capitals(text)
);
code!(
    /// ISO 4217 currency.
    CurrencyCode, "a currency code of three capital letters", |text| text.len() == 3 && capitals(text)
);
code!(
    /// Procedure code (VNACCS items ICB and ECB), e.g. `A11`.
    KindCode, "a procedure code of three capital letters or digits", |text| upper_or_digit(text, 3, 3)
);
code!(
    /// Service code of an officer.
    OfficerCode, "a service code of 1 to 20 letters, digits and hyphens",
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
