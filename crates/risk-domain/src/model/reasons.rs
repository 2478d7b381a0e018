//! Why a score is what it is: the parts of its log-odds, by name.
use super::{COLUMNS, Column, Goods, Key, Model, Number};

/// One reason: all columns of a key, or one number, taken together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Contribution {
    /// Name of key or number.
    pub name: String,
    /// What the model saw: earlier outcomes of a key ("fraud 3, critical 0, of 12"), or the number.
    pub value: String,
    /// Millionths of log-odds; above 0 speaks for fraud.
    pub log_odds: i64,
}

/// Base and contributions: as integers they add up to the log-odds exactly.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reasons {
    /// Millionths of log-odds of a goods line of which nothing is known.
    pub base: i64,
    /// Millionths of log-odds behind the score.
    pub log_odds: i64,
    /// The strongest first; what contributes nothing is left out.
    pub contributions: Vec<Contribution>,
}

impl Reasons {
    pub(super) fn of(model: &Model, goods: &Goods, base: f64, log_odds: f64, values: &[f64; COLUMNS]) -> Self {
        let (base, log_odds) = (rounded(base), rounded(log_odds));
        let mut contributions: Vec<Contribution> = Vec::new();
        for key in Key::ALL {
            let counts = model.seen(key, goods);
            let text = match counts.seen {
                0 => "never seen".to_owned(),
                seen => format!("fraud {}, critical {}, of {seen}", counts.fraud, counts.critical),
            };
            push(&mut contributions, key.name(), text, sum(values, |column| column.key() == Some(key)));
        }
        for number in Number::ALL {
            push(&mut contributions, number.name(), text(number, goods), sum(values, |column| column == Column::Number(number)));
        }
        contributions.sort_by(|a, b| b.log_odds.abs().cmp(&a.log_odds.abs()).then_with(|| a.name.cmp(&b.name)));
        // Rounding leaves a few millionths; the strongest reason takes them.
        let left = log_odds - base - contributions.iter().map(|c| c.log_odds).sum::<i64>();
        if let Some(first) = contributions.first_mut() {
            first.log_odds += left;
        }
        Self { base, log_odds, contributions }
    }
}

impl Column {
    const fn key(self) -> Option<Key> {
        match self {
            Self::FraudRate(key) | Self::CriticalRate(key) | Self::Seen(key) => Some(key),
            Self::Number(_) => None,
        }
    }
}

fn push(contributions: &mut Vec<Contribution>, name: &str, value: String, log_odds: f64) {
    let log_odds = rounded(log_odds);
    if log_odds != 0 {
        contributions.push(Contribution { name: name.to_owned(), value, log_odds });
    }
}

fn sum(values: &[f64; COLUMNS], of: impl Fn(Column) -> bool) -> f64 {
    values.iter().enumerate().filter(|(index, _)| of(Column::at(*index))).map(|(_, value)| value).sum()
}

#[expect(clippy::float_arithmetic, reason = "contributions explain a score, they decide nothing")]
fn rounded(log_odds: f64) -> i64 {
    libm::round(log_odds * 1_000_000.0) as i64
}

fn text(number: Number, goods: &Goods) -> String {
    let yes = |holds: bool| if holds { "yes" } else { "no" }.to_owned();
    match number {
        Number::Mass => format!("{} kg", scaled(goods.net_mass_g, 3)),
        Number::Price => scaled(goods.price, 4),
        Number::UnitPrice => goods.unit_price().map_or_else(|| "no mass".to_owned(), |cents| format!("{} a kg", scaled(cents, 2))),
        Number::Duty => {
            let duty = i128::from(goods.price) * i128::from(goods.tax_rate) / 1_000_000;
            scaled(i64::try_from(duty).unwrap_or(i64::MAX), 4)
        }
        Number::TaxRate => format!("{} %", scaled(goods.tax_rate, 4)),
        Number::MassIsWhole => yes(goods.net_mass_g % 1000 == 0),
        Number::MassZeros => super::encode::trailing_zeros(goods.net_mass_g).to_string(),
        Number::MassDigits => super::encode::digits(goods.net_mass_g).to_string(),
        Number::SameCountry => yes(goods.origin == goods.departure),
        Number::Preferential => yes(goods.preferential()),
    }
}

/// A scaled integer as a decimal without zeros at its end.
fn scaled(units: i64, scale: usize) -> String {
    let digits = format!("{:0>width$}", units.max(0), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(scaled(20_700, 3), "20.7");
        assert_eq!(scaled(5, 4), "0.0005");
        assert_eq!(scaled(0, 4), "0");
        assert_eq!(scaled(12_000, 3), "12");
    }
}
