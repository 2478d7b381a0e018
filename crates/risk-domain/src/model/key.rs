//! The keys under which earlier outcomes are counted: from the exact goods line back to the country of origin.
use super::Goods;

/// Number of keys.
pub const KEYS: usize = Key::ALL.len();

macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident = $name:literal),+ $(,)?) => {
        /// What goods lines must share to count as the same. The order is part of the artefact's format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Key { $($(#[$doc])* $key),+ }

        impl Key {
            /// All keys in the order of their columns.
            pub const ALL: [Self; [$(Self::$key),+].len()] = [$(Self::$key),+];

            /// Name in explanations and documents.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$key => $name),+ }
            }
        }
    };
}

keys! {
    /// HS6, price per kilogram, route, rate, tax type and mass: the very same goods line.
    Tuple = "goods_tuple",
    /// The same with any mass.
    TupleAnyMass = "goods_any_mass",
    Hs6Mass = "hs6_mass",
    Mass = "mass_key",
    Hs6 = "hs6",
    Hs4 = "hs4",
    Hs2 = "hs2",
    Hs6UnitPrice = "hs6_unit_price",
    Hs6Origin = "hs6_origin",
    Hs4Origin = "hs4_origin",
    Hs2Origin = "hs2_origin",
    Hs6TaxType = "hs6_tax_type",
    Hs4TaxType = "hs4_tax_type",
    Hs2TaxType = "hs2_tax_type",
    Origin = "origin",
    Departure = "departure",
    Route = "route",
    TaxType = "tax_type",
    TaxRate = "tax_rate_key",
    /// HS6, route, rate and tax type.
    Line = "goods_line",
    Procedure = "procedure",
    Transport = "transport",
}

impl Key {
    /// 64-bit hash of the key's number and of the values that it takes from `goods`; `docs/model.md` says how.
    pub fn hash(self, goods: &Goods) -> u64 {
        let hash = Fnv::new(self as u8);
        let hs = |digits| goods.heading(digits);
        let route = |hash: Fnv| hash.text(&goods.departure).text(&goods.origin);
        let line = |hash: Fnv| route(hash.text(hs(6))).number(goods.tax_rate).text(&goods.tax_type);
        // No price per kilogram is negative, so -1 stands for none.
        let unit_price = goods.unit_price().unwrap_or(-1);
        match self {
            Self::Tuple => line(hash).number(unit_price).number(goods.net_mass_g),
            Self::TupleAnyMass => line(hash).number(unit_price),
            Self::Hs6Mass => hash.text(hs(6)).number(goods.net_mass_g),
            Self::Mass => hash.number(goods.net_mass_g),
            Self::Hs6 => hash.text(hs(6)),
            Self::Hs4 => hash.text(hs(4)),
            Self::Hs2 => hash.text(hs(2)),
            Self::Hs6UnitPrice => hash.text(hs(6)).number(unit_price),
            Self::Hs6Origin => hash.text(hs(6)).text(&goods.origin),
            Self::Hs4Origin => hash.text(hs(4)).text(&goods.origin),
            Self::Hs2Origin => hash.text(hs(2)).text(&goods.origin),
            Self::Hs6TaxType => hash.text(hs(6)).text(&goods.tax_type),
            Self::Hs4TaxType => hash.text(hs(4)).text(&goods.tax_type),
            Self::Hs2TaxType => hash.text(hs(2)).text(&goods.tax_type),
            Self::Origin => hash.text(&goods.origin),
            Self::Departure => hash.text(&goods.departure),
            Self::Route => route(hash),
            Self::TaxType => hash.text(&goods.tax_type),
            Self::TaxRate => hash.number(goods.tax_rate),
            Self::Line => line(hash),
            Self::Procedure => hash.text(&goods.procedure),
            Self::Transport => hash.text(&goods.transport),
        }
        .finish()
    }
}

/// FNV-1a of 64 bits (Fowler, Noll, Vo), mixed at the end so that its upper bits are as good as its lower ones.
#[derive(Clone, Copy)]
struct Fnv(u64);

impl Fnv {
    const fn new(key: u8) -> Self {
        Self(0xcbf2_9ce4_8422_2325).byte(key)
    }

    const fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3))
    }

    fn text(self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let kept = &bytes[..bytes.len().min(255)];
        kept.iter().fold(self.byte(kept.len() as u8), |hash, b| hash.byte(*b))
    }

    fn number(self, number: i64) -> Self {
        number.to_le_bytes().iter().fold(self, |hash, b| hash.byte(*b))
    }

    const fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_changes_with_its_own_values_alone() {
        let goods = Goods { hs: "071410".into(), origin: "LA".into(), departure: "TH".into(), net_mass_g: 5, ..Goods::default() };
        let heavier = Goods { net_mass_g: 6, ..goods.clone() };
        let changed: Vec<_> = Key::ALL.into_iter().filter(|k| k.hash(&goods) != k.hash(&heavier)).collect();
        assert_eq!(changed, [Key::Tuple, Key::Hs6Mass, Key::Mass]);
        let swapped = Goods { origin: "TH".into(), departure: "LA".into(), ..goods.clone() };
        assert_ne!(Key::Route.hash(&goods), Key::Route.hash(&swapped));
    }

    #[test]
    fn two_keys_over_the_same_value_never_meet() {
        let goods = Goods { origin: "LA".into(), departure: "LA".into(), ..Goods::default() };
        assert_ne!(Key::Origin.hash(&goods), Key::Departure.hash(&goods));
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        let goods = Goods { origin: "LA".into(), ..Goods::default() };
        assert_eq!(Key::Origin.hash(&goods), 4_718_488_984_796_482_119);
    }
}
