//! How texts of the draft are read: days, whole numbers, decimals, masses, all exact.
use values::{Day, Decimal, Grams};

/// A real calendar day written YYYY-MM-DD.
pub fn day(text: &str) -> Option<Day> {
    let shaped = text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if shaped { Day::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

/// Digits alone, between `min` and `max` of them.
pub fn digits(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Capital letters and digits alone, between `min` and `max` of them.
pub fn codelike(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A decimal of at most `WHOLE` digits before and `SCALE` behind the point, in 10^-SCALE.
pub fn decimal<const SCALE: u32>(text: &str, whole: usize) -> Option<Decimal<SCALE>> {
    let before = text.split('.').next().unwrap_or_default();
    if before.len() > whole { None } else { Decimal::parse(text).ok() }
}

/// A mass of at most 3 decimals in its unit, in grams.
///
/// KGM and TNE convert exactly. LBR is 0.45359237 kg (international pound, 1959): a thousandth of a pound is
/// 0.45359237 g, and the product is rounded half up to the whole gram. None for another unit or beyond 63 bits.
pub fn mass(amount: Decimal<3>, unit: &str) -> Option<Grams> {
    let thousandths = i128::from(amount.units());
    let grams = match unit {
        "KGM" => thousandths,
        "TNE" => thousandths * 1_000,
        "LBR" => (thousandths * 45_359_237 + 50_000_000) / 100_000_000,
        _ => return None,
    };
    i64::try_from(grams).ok().map(Grams::from_units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mass_converts_to_grams() {
        let grams = |text, unit| mass(Decimal::parse(text).unwrap(), unit).map(Decimal::units);
        assert_eq!(grams("12.5", "KGM"), Some(12_500));
        assert_eq!(grams("12.5", "TNE"), Some(12_500_000));
        assert_eq!(grams("1", "LBR"), Some(454));
        assert_eq!(grams("1000", "LBR"), Some(453_592));
        assert_eq!(grams("100000", "LBR"), Some(45_359_237));
        assert_eq!(grams("1", "STN"), None);
    }

    #[test]
    fn only_real_days_are_days() {
        assert!(day("2024-02-29").is_some());
        for wrong in ["2023-02-29", "2024-2-9", "20240229", "+024-02-01", "2024-02-29 ", ""] {
            assert_eq!(day(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn pounds_are_rounded_to_the_nearest_gram(thousandths in 0..1_000_000_000_000_i64) {
            let grams = i128::from(mass(Decimal::from_units(thousandths), "LBR").unwrap().units());
            let exact = i128::from(thousandths) * 45_359_237;
            prop_assert!((grams * 100_000_000 - exact).abs() <= 50_000_000);
        }
    }
}
