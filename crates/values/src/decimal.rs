//! Exact decimals: an integer of units at a scale fixed by the field, never a float.
use crate::{CurrencyCode, Malformed};

/// A non-negative decimal number with `SCALE` digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal<const SCALE: u32>(i64);

impl<const SCALE: u32> Decimal<SCALE> {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// From an integer of units, e.g. 10^-4 of the currency at scale 4.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// Integer of units at this scale.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Parses digits with at most one point and at most `SCALE` digits behind it; no sign, no exponent, no spaces.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: Malformed = Malformed::expected("a decimal number");
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let pointless = text.ends_with('.');
        if whole.is_empty() || pointless || !all_digits(whole) || !all_digits(fraction) || fraction.len() > SCALE as usize {
            return Err(EXPECTED);
        }
        let mut units: i64 = 0;
        let padding = std::iter::repeat_n(b'0', SCALE as usize - fraction.len());
        for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
            units = units
                .checked_mul(10)
                .and_then(|u| u.checked_add(i64::from(digit - b'0')))
                .ok_or(Malformed::expected("a decimal number of at most 18 digits"))?;
        }
        Ok(Self(units))
    }

    /// Sum, or `None` beyond 63 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl<const SCALE: u32> std::fmt::Display for Decimal<SCALE> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if SCALE == 0 {
            return write!(f, "{}", self.0);
        }
        let unit = 10_i64.pow(SCALE);
        write!(f, "{}.{:0width$}", self.0 / unit, self.0 % unit, width = SCALE as usize)
    }
}

/// Mass in grams: kilograms with 3 decimals.
pub type Grams = Decimal<3>;

/// Whole Vietnamese dong.
pub type Vnd = Decimal<0>;

/// An amount of money with 4 decimals and its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// 10^-4 of the currency.
    pub amount: Decimal<4>,
    /// ISO 4217.
    pub currency: CurrencyCode,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(units in 0..i64::MAX) {
            prop_assert_eq!(Decimal::<4>::parse(&Decimal::<4>::from_units(units).to_string()), Ok(Decimal::from_units(units)));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*") {
            let _ = Decimal::<3>::parse(&text);
        }
    }

    #[test]
    fn too_many_decimals_are_refused() {
        assert!(Decimal::<2>::parse("1.234").is_err());
        assert_eq!(Decimal::<2>::parse("1.2"), Ok(Decimal::from_units(120)));
        for wrong in ["", ".", "1.", ".5", "-1", "+1", "1e3", " 1", "1,5", "99999999999999999999"] {
            assert!(Decimal::<2>::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
