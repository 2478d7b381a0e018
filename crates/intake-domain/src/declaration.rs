//! An accepted declaration: integers at fixed scales, codes of their types, nothing left to check.
use values::{
    CommodityCode, CountryCode, CurrencyCode, Day, Decimal, DeclarationKey, DeclarationNumber, Direction, Grams, KindCode, OfficeCode, Plate,
    PlateCountry, TaxCode, Vnd,
};

/// A declaration that broke no rule. Key, version and traffic class are its registration's and stand elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Sender at the single window; with the reference the idempotency key.
    pub sender: String,
    /// Sender's own reference.
    pub reference: String,
    /// Number that the message names: the one to amend, or one that an authorised sender brings.
    pub number: Option<DeclarationNumber>,
    /// Way over the border.
    pub direction: Direction,
    /// Procedure code.
    pub kind: KindCode,
    /// Office that decides.
    pub office: OfficeCode,
    /// Its team, may be empty.
    pub team: String,
    /// Importer or exporter.
    pub trader: TraderCode,
    /// Declarant or broker, may be empty.
    pub declarant: String,
    /// Name of consignor or consignee, a firm.
    pub counterparty: String,
    /// Its country, when known.
    pub counterparty_country: Option<CountryCode>,
    /// VNACCS code of the transport mode, 1 to 9.
    pub transport_mode: String,
    /// Plate of the vehicle, by road alone.
    pub plate: Option<Plate>,
    /// Country sign of the plate, by road and when given.
    pub plate_country: Option<PlateCountry>,
    /// Grams; zero when the mode needs no mass.
    pub gross_mass: Grams,
    /// Whole packages.
    pub packages: u32,
    /// Currency of the values; none when there is no invoice.
    pub currency: Option<CurrencyCode>,
    /// Invoice total, 10^-4 of the currency.
    pub value: Decimal<4>,
    /// Sum of the duties of the lines.
    pub duty: Vnd,
    /// Code of the tax payment deadline, A to D, may be empty.
    pub tax_deadline: String,
    /// Arrival of an import or planned departure of an export.
    pub arrival: Day,
    /// Where loaded.
    pub loading_place: String,
    /// Where unloaded; final destination of an export.
    pub unloading_place: String,
    /// Position in a consignment of several declarations.
    pub split: Option<SplitPart>,
    /// 1 to 50 lines.
    pub lines: Vec<GoodsLine>,
}

/// One goods line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodsLine {
    /// 1 to 50.
    pub line: u32,
    /// HS code.
    pub commodity_code: CommodityCode,
    /// Description of the goods.
    pub description: String,
    /// Country of origin; exports may leave it out.
    pub origin: Option<CountryCode>,
    /// Tariff table of an import, else empty.
    pub tariff_table: String,
    /// 10^-2 of the unit.
    pub quantity: Decimal<2>,
    /// Unit of the quantity.
    pub quantity_unit: String,
    /// Grams: the net mass, else the second or first quantity where its unit is one of mass, else zero.
    pub net_mass: Grams,
    /// Invoice value, else the customs value where its currency is the invoice's; 10^-4 of the currency.
    pub value: Decimal<4>,
    /// 10^-4 of a percent.
    pub duty_rate: Decimal<4>,
    /// Duty as the declarant computed it.
    pub duty: Vnd,
}

/// Who imports or exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraderCode {
    /// A firm, by its tax code.
    Firm(TaxCode),
    /// A person, by an opaque code.
    Person(String),
}

/// Position of a declaration in a consignment of more than 50 lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitPart {
    /// Number of the first declaration; none on the first itself.
    pub first: Option<DeclarationNumber>,
    /// Ordinal, from 1.
    pub branch: u8,
    /// Number of declarations in the set.
    pub total: u8,
}

impl Declaration {
    /// Whether the duty need not be paid before clearance: guaranteed (A, B) or deferred by law (C).
    pub fn is_guaranteed(&self) -> bool {
        matches!(self.tax_deadline.as_str(), "A" | "B" | "C")
    }

    /// Key that the message names, if any.
    pub fn named_key(&self) -> Option<&DeclarationKey> {
        self.number.as_ref().map(|number| &number.key)
    }
}

impl TraderCode {
    /// The code as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Firm(code) => code.as_str(),
            Self::Person(code) => code,
        }
    }
}
