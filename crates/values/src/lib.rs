//! Value types that several domains share: once made they cannot hold a wrong value.
//!
//! Everything is pure: no clock, no random source, no I/O. Each type is made by parsing text from outside
//! and refuses with [`Malformed`], which says what was expected.

mod code;
mod day;
mod decimal;
mod digest;
mod lane;
mod number;
mod plate;

pub use code::{CommodityCode, CountryCode, CurrencyCode, KindCode, OfficeCode, OfficerCode, TaxCode};
pub use day::{Day, Instant, ZONE, local_day, local_month, start_of};
pub use decimal::{Decimal, Grams, Money, Vnd};
pub use digest::{Digest, lp};
pub use lane::{Direction, Lane, TrafficClass};
pub use number::{DeclarationKey, DeclarationNumber, MAX_AMENDMENTS, Version};
pub use plate::{Plate, PlateCountry};

/// A text from outside that does not have the form its type demands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct Malformed {
    /// What would have been right, as a noun phrase.
    pub expected: &'static str,
}

impl Malformed {
    pub(crate) const fn expected(expected: &'static str) -> Self {
        Self { expected }
    }
}
