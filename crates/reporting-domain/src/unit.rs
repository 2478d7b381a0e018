//! Units of figures.
use values::CurrencyCode;

/// What one unit of a figure's integer is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Declarations, or versions of them where the cell says so.
    Declarations,
    /// Messages that became no declaration.
    Messages,
    /// Vehicles.
    Vehicles,
    /// Milliseconds.
    Milliseconds,
    /// Thousandths of a share.
    PerMille,
    /// 10^-4 of a currency.
    Money(CurrencyCode),
    /// Whole dong.
    Vnd,
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Declarations => f.write_str("declarations"),
            Self::Messages => f.write_str("messages"),
            Self::Vehicles => f.write_str("vehicles"),
            Self::Milliseconds => f.write_str("ms"),
            Self::PerMille => f.write_str("per mille"),
            Self::Money(currency) => write!(f, "10^-4 {currency}"),
            Self::Vnd => f.write_str("VND"),
        }
    }
}
