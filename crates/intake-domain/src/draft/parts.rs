//! The parts of a draft that stand below its head.

/// Position of a declaration in a consignment of more than 50 lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// F on the first declaration, its number on the others (FIC).
    pub first: String,
    /// Ordinal (BNO).
    pub branch: String,
    /// Number of divisions (DNO).
    pub total: String,
}

/// A firm. Persons never travel here: a private trader is an opaque code without name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trader {
    /// Tax code, 10 or 13 digits; counterparties: their own code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// ISO 3166 two letters.
    pub country: String,
}

/// A permit or licence (IDA items 48 and 49).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permit {
    /// 4 characters.
    pub r#type: String,
    /// Up to 20 characters.
    pub number: String,
}

/// The invoice (IDA items 50 to 58).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invoice {
    /// A invoice, B replacing document, D electronic (IV1).
    pub class: String,
    /// Electronic invoice receipt number (IV2).
    pub receipt: String,
    /// Up to 35 characters (IV3).
    pub number: String,
    /// YYYY-MM-DD (IVD).
    pub date: String,
    /// IVP.
    pub payment_term: String,
    /// A, B, C or D (IP1).
    pub price_kind: String,
    /// Incoterms (IP2).
    pub delivery_term: String,
    /// ISO 4217 (IP3).
    pub currency: String,
    /// Decimal, 4 decimals, none in VND (IP4).
    pub total: String,
}

/// Freight or insurance (IDA items 63 to 68).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charge {
    /// Class.
    pub class: String,
    /// ISO 4217.
    pub currency: String,
    /// Decimal, 4 decimals, none in VND.
    pub amount: String,
}

/// A valuation adjustment (IDA items 70 to 74).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// VR.
    pub title: String,
    /// AD, SB, IP or DP (VI).
    pub code: String,
    /// VC.
    pub currency: String,
    /// VP.
    pub amount: String,
    /// VT.
    pub total: String,
}

/// A bank limit or a guarantee (IDA items 79 to 87).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Security {
    /// 11 characters.
    pub bank: String,
    /// 4 digits.
    pub year: String,
    /// 10 characters.
    pub sign: String,
    /// 10 characters.
    pub number: String,
}

/// An attachment by reference (IDA items 88 and 89).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// 3 characters.
    pub class: String,
    /// 12 digits, issued on upload.
    pub number: String,
}

/// Bonded transport declared together (IDA items 91 to 96).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BondedTransport {
    /// YYYY-MM-DD.
    pub start: String,
    /// Up to 3.
    pub stops: Vec<Stop>,
    /// 7 characters.
    pub destination: String,
    /// YYYY-MM-DD.
    pub arrival: String,
}

/// A transit place of bonded transport.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stop {
    /// Storage place, 7 characters.
    pub place: String,
    /// YYYY-MM-DD.
    pub arrival: String,
    /// YYYY-MM-DD.
    pub departure: String,
}

/// A goods line (WCO DM: GovernmentAgencyGoodsItem).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// 8 digits nationally, up to 12 (CMD).
    pub commodity_code: String,
    /// Up to 600 characters (CMN).
    pub description: String,
    /// ISO 3166 two letters (OR).
    pub origin: String,
    /// B01 MFN, B04 ATIGA ... (ORS).
    pub tariff_table: String,
    /// Decimal, 12 digits with 2 decimals (QN1).
    pub quantity: String,
    /// QT1.
    pub quantity_unit: String,
    /// Decimal, the line's mass (QN2).
    pub second_quantity: String,
    /// QT2.
    pub second_unit: String,
    /// Invoice value, decimal, 4 decimals (BPR).
    pub value: String,
    /// Decimal, 6 decimals (UPR).
    pub unit_price: String,
    /// UPC.
    pub unit_price_currency: String,
    /// TSC.
    pub unit_price_unit: String,
    /// DPR.
    pub customs_value: String,
    /// BPC.
    pub customs_value_currency: String,
    /// Ordinals of the adjustments that apply (VN1-VN5).
    pub adjustments: Vec<String>,
    /// Percent, decimal (TXA).
    pub duty_rate: String,
    /// TXB.
    pub specific_rate: String,
    /// TXC.
    pub specific_unit: String,
    /// TXD.
    pub specific_currency: String,
    /// Duty due in VND, whole number, as the declarant computed it.
    pub duty: String,
    /// TDL.
    pub temporary_line: String,
    /// TXN.
    pub exemption_list: String,
    /// TXR.
    pub exemption_line: String,
    /// RE.
    pub exemption_code: String,
    /// REG.
    pub reduction: String,
    /// Up to 5 (TX, TR, TG).
    pub other_taxes: Vec<OtherTax>,
    /// Kilograms, decimal, 3 decimals.
    pub net_mass: String,
    /// Container.
    pub container: String,
    /// GZC / COC.
    pub material_code: String,
}

/// Another tax or collection of a line (IDA items 130 to 132).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherTax {
    /// TX.
    pub r#type: String,
    /// TR.
    pub exemption: String,
    /// TG.
    pub reduction: String,
}
