//! The encoder: a goods line becomes numbers, by one code path for training, replay and serving.
use super::{Counts, Goods, KEYS, Key};

/// Three columns a key, then the numbers.
pub const COLUMNS: usize = 3 * KEYS + NUMBERS;

/// Number of columns that need no table.
pub const NUMBERS: usize = Number::ALL.len();

/// A column that is computed from the goods line alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    Mass,
    Price,
    UnitPrice,
    Duty,
    TaxRate,
    MassIsWhole,
    MassZeros,
    MassDigits,
    SameCountry,
    Preferential,
}

impl Number {
    /// In the order of their columns.
    pub const ALL: [Self; 10] = [
        Self::Mass,
        Self::Price,
        Self::UnitPrice,
        Self::Duty,
        Self::TaxRate,
        Self::MassIsWhole,
        Self::MassZeros,
        Self::MassDigits,
        Self::SameCountry,
        Self::Preferential,
    ];

    /// Name in explanations and documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mass => "net_mass",
            Self::Price => "price",
            Self::UnitPrice => "unit_price",
            Self::Duty => "duty",
            Self::TaxRate => "tax_rate",
            Self::MassIsWhole => "mass_is_whole",
            Self::MassZeros => "mass_zeros",
            Self::MassDigits => "mass_digits",
            Self::SameCountry => "same_country",
            Self::Preferential => "preferential",
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Smoothed share of frauds among rows with the key.
    FraudRate(Key),
    /// The same of critical frauds.
    CriticalRate(Key),
    /// ln(1 + rows with the key).
    Seen(Key),
    /// A number of the line.
    Number(Number),
}

impl Column {
    /// The column at an index below [`COLUMNS`].
    pub fn at(index: usize) -> Self {
        match (Key::ALL.get(index / 3), index % 3) {
            (Some(key), 0) => Self::FraudRate(*key),
            (Some(key), 1) => Self::CriticalRate(*key),
            (Some(key), _) => Self::Seen(*key),
            (None, _) => Self::Number(Number::ALL[(index - 3 * KEYS).min(NUMBERS - 1)]),
        }
    }
}

/// What a key that was never seen is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priors {
    /// Rows that the prior counts for.
    pub smoothing: f64,
    /// Share of frauds in the history.
    pub fraud: f64,
    /// Share of critical frauds in the history.
    pub critical: f64,
}

impl Priors {
    /// (cases + smoothing × prior) / (seen + smoothing), see Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
    /// attributes", SIGKDD Explorations 3(1), 2001.
    #[expect(clippy::float_arithmetic, reason = "a score is made of + - × ÷")]
    fn rate(&self, cases: u32, seen: u32, prior: f64) -> f64 {
        (f64::from(cases) + self.smoothing * prior) / (f64::from(seen) + self.smoothing)
    }

    /// The three columns of a key.
    pub(super) fn columns(&self, known: Counts) -> [f64; 3] {
        let (fraud, critical) = (self.rate(known.fraud, known.seen, self.fraud), self.rate(known.critical, known.seen, self.critical));
        [fraud, critical, libm::log1p(f64::from(known.seen))]
    }
}

/// The columns of a goods line. `counts` answers what is known of a key: all folds but the row's own in training.
pub fn encode(goods: &Goods, priors: &Priors, mut counts: impl FnMut(Key, u64) -> Counts) -> [f64; COLUMNS] {
    encode_known(goods, |key, hash| priors.columns(counts(key, hash)))
}

/// The same where the three columns of each key are known already.
pub(super) fn encode_known(goods: &Goods, mut known: impl FnMut(Key, u64) -> [f64; 3]) -> [f64; COLUMNS] {
    let mut columns = [0.0; COLUMNS];
    // All hashes first: the look-ups then wait for memory together, not one behind the other.
    let hashes = Key::ALL.map(|key| key.hash(goods));
    for ((key, hash), three) in Key::ALL.into_iter().zip(hashes).zip(columns.chunks_exact_mut(3)) {
        three.copy_from_slice(&known(key, hash));
    }
    columns[3 * KEYS..].copy_from_slice(&numbers(goods));
    columns
}

#[expect(clippy::float_arithmetic, reason = "a score is made of + - × ÷ and the pinned libm")]
fn numbers(goods: &Goods) -> [f64; NUMBERS] {
    let mass = goods.net_mass_g.max(0) as f64 / 1000.0;
    let price = goods.price.max(0) as f64 / 10_000.0;
    let rate = goods.tax_rate.max(0) as f64 / 10_000.0;
    let unit_price = if goods.net_mass_g > 0 { libm::log1p(price / mass) } else { f64::NAN };
    Number::ALL.map(|number| match number {
        Number::Mass => libm::log1p(mass),
        Number::Price => libm::log1p(price),
        Number::UnitPrice => unit_price,
        Number::Duty => libm::log1p(price * rate / 100.0),
        Number::TaxRate => rate,
        Number::MassIsWhole => f64::from(goods.net_mass_g % 1000 == 0),
        Number::MassZeros => f64::from(trailing_zeros(goods.net_mass_g)),
        Number::MassDigits => f64::from(digits(goods.net_mass_g)),
        Number::SameCountry => f64::from(goods.origin == goods.departure),
        Number::Preferential => f64::from(goods.preferential()),
    })
}

/// Decimal zeros at the end of a mass in grams; none at mass 0.
pub(super) fn trailing_zeros(mass_g: i64) -> u8 {
    let (mut rest, mut zeros) = (mass_g, 0);
    while rest != 0 && rest % 10 == 0 {
        (rest, zeros) = (rest / 10, zeros + 1);
    }
    zeros
}

/// Decimal digits of a mass in grams; none at mass 0.
pub(super) fn digits(mass_g: i64) -> u8 {
    mass_g.checked_ilog10().map_or(0, |log| log as u8 + 1)
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
