//! What the model sees of a goods line: texts and scaled integers, no person and no firm.
use crate::{Facts, LineFacts};

/// One goods line. Rows of a training file and lines of live declarations become the same values.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Goods {
    /// Commodity code, at least 6 digits; the model reads the first 6 at most.
    pub hs: String,
    /// Country the goods left from, ISO 3166-1 alpha-2.
    pub departure: String,
    /// Country of origin, ISO 3166-1 alpha-2.
    pub origin: String,
    /// 10^-4 of a percent.
    pub tax_rate: i64,
    /// Tariff table or tax type.
    pub tax_type: String,
    /// Grams.
    pub net_mass_g: i64,
    /// 10^-4 of the currency.
    pub price: i64,
    /// Procedure code.
    pub procedure: String,
    /// Mode of transport.
    pub transport: String,
}

impl Goods {
    /// One line of a live declaration.
    pub fn of_line(facts: &Facts, line: &LineFacts) -> Self {
        Self {
            hs: padded(&line.commodity),
            departure: facts.counterparty_country.clone(),
            origin: line.origin.clone(),
            tax_rate: line.duty_rate,
            tax_type: line.tariff_table.clone(),
            net_mass_g: line.net_mass_g,
            price: line.value,
            procedure: facts.kind.clone(),
            transport: facts.transport_mode.clone(),
        }
    }

    /// The first `digits` of the commodity code.
    pub fn heading(&self, digits: usize) -> &str {
        self.hs.get(..digits).unwrap_or(&self.hs)
    }

    /// 10^-2 of the currency per kilogram, rounded half up; absent at mass 0.
    pub fn unit_price(&self) -> Option<i64> {
        let (price, mass) = (i128::from(self.price), i128::from(self.net_mass_g));
        (mass > 0).then(|| i64::try_from((price * 1000 + mass * 50).div_euclid(mass * 100)).unwrap_or(i64::MAX))
    }

    /// Whether the tax type names a preferential agreement: `F...` in the Korean data, tables from B04 on in Viet Nam's.
    pub fn preferential(&self) -> bool {
        let table = self.tax_type.strip_prefix('B').and_then(|n| n.parse::<u8>().ok());
        self.tax_type.starts_with('F') || table.is_some_and(|n| n >= 4)
    }
}

/// A code that lost its leading zero on the way gets it back.
pub(super) fn padded(code: &str) -> String {
    format!("{code:0>6}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_per_kilogram_is_absent_without_mass_and_rounds_half_up() {
        let goods = |price, net_mass_g| Goods { price, net_mass_g, ..Goods::default() };
        assert_eq!(goods(100_000, 0).unit_price(), None);
        assert_eq!(goods(53_530_200, 20_700).unit_price(), Some(25_860));
        assert_eq!(goods(50, 1000).unit_price(), Some(1));
        assert_eq!(goods(49, 1000).unit_price(), Some(0));
        assert_eq!(goods(i64::MAX, 1).unit_price(), Some(i64::MAX));
    }

    #[test]
    fn a_lost_leading_zero_comes_back() {
        assert_eq!(padded("71410"), "071410");
        assert_eq!(padded("07141011"), "07141011");
    }

    #[test]
    fn agreements_are_known_by_their_table() {
        let preferential = |tax_type: &str| Goods { tax_type: tax_type.to_owned(), ..Goods::default() }.preferential();
        assert!(preferential("FCN1") && preferential("B05"));
        assert!(!preferential("A") && !preferential("B01") && !preferential("B") && !preferential(""));
    }
}
