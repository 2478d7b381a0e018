//! A row of history: a goods line and what an examination found.
use risk_domain::model::{Goods, Target};
use sha2::{Digest as _, Sha256};
use values::{Digest, lp};

/// One examined goods line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// As the source names it.
    pub id: String,
    /// Day of the declaration.
    pub day: chrono::NaiveDate,
    pub goods: Goods,
    pub fraud: bool,
    /// Critical fraud; never without `fraud`.
    pub critical: bool,
}

impl Row {
    /// Whether the row is a case of the target.
    pub const fn is(&self, target: Target) -> bool {
        match target {
            Target::Fraud => self.fraud,
            Target::Critical => self.critical,
        }
    }
}

/// SHA-256 over all values of all rows, in their order.
pub fn digest(rows: &[&[Row]]) -> Digest {
    let mut hash = Sha256::new();
    for part in rows {
        hash.update((part.len() as u64).to_be_bytes());
        for row in *part {
            let goods = &row.goods;
            let day = row.day.to_string();
            for text in [&row.id, &day, &goods.hs, &goods.departure, &goods.origin, &goods.tax_type, &goods.procedure, &goods.transport] {
                lp(&mut hash, text.as_bytes());
            }
            for number in [goods.tax_rate, goods.net_mass_g, goods.price, i64::from(row.fraud), i64::from(row.critical)] {
                hash.update(number.to_be_bytes());
            }
        }
    }
    hash.finalize().into()
}
