//! The declaration as the declarant wrote it: every value is text, nothing is checked yet.
//!
//! The shape and the field names are those of the single window's message; an absent part equals one whose fields are all empty.

mod parts;

pub use parts::{Adjustment, Attachment, BondedTransport, Charge, Invoice, Line, OtherTax, Permit, Security, Split, Stop, Trader};

/// A goods declaration before it is parsed, import or export (WCO DM: Declaration).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Identity of the sender at the single window; with `reference` the idempotency key.
    pub sender: String,
    /// Sender's own reference (WCO: FunctionalReferenceID; IDA/EDA item REF), up to 35 characters.
    pub reference: String,
    /// 12 digits (ICN/ECN); empty when lodging, the number to amend when amending.
    pub number: String,
    /// "import" or "export".
    pub direction: String,
    /// Procedure code, e.g. A11, B11 (ICB/ECB).
    pub kind: String,
    /// A to K, empty when none applies (CCC).
    pub cargo_class: String,
    /// 1 air 2 sea container 3 sea bulk 4 road 5 rail 6 river 9 other (MTC).
    pub transport_mode: String,
    /// 1 to 5 (SKB), import.
    pub person_class: String,
    /// Customs office, up to 6 characters (CH).
    pub office: String,
    /// Customs sub-section, 2 characters (CHB).
    pub team: String,
    /// YYYY-MM-DD (ICD/ECD).
    pub planned_date: String,
    /// YYYY-MM-DD, re-export (RED) or re-import (RID) limit.
    pub return_deadline: String,
    /// YYYY-MM-DD, first permitted bonded warehousing (ISD).
    pub warehousing_date: String,
    /// Temporary import/export declaration (TDN).
    pub temporary_number: String,
    /// Set when one consignment needs several declarations.
    pub split: Option<Split>,
    /// Importer (IMC..) or exporter (EPC..).
    pub trader: Option<Trader>,
    /// Party entrusting the import or export (NMC/EXC).
    pub contractor: Option<Trader>,
    /// Consignor of an import (EPN..), consignee of an export (CGN..).
    pub counterparty: Option<Trader>,
    /// Code of declarant or customs broker (ICC/ECC), up to 5 characters.
    pub declarant: String,
    /// Transport documents, up to 5 (BL1-BL5/EKN).
    pub bills: Vec<String>,
    /// Whole number (NO).
    pub packages: String,
    /// UN/ECE Rec. 21 (NOT).
    pub package_unit: String,
    /// Decimal, 6 + 3 digits (GW).
    pub gross_mass: String,
    /// KGM, TNE or LBR (GWT).
    pub mass_unit: String,
    /// Supervised storage place (ST).
    pub warehouse: String,
    /// Call sign, sea or river (VSC).
    pub vessel_code: String,
    /// Plate by road, vessel or flight otherwise (VSN).
    pub vehicle: String,
    /// Plate's country sign: VN, LAO, T, KH.
    pub vehicle_country: String,
    /// YYYY-MM-DD, arrival of an import (ARR) or planned departure of an export (SYM).
    pub arrival_date: String,
    /// Port, station or gate in Viet Nam (DST), export: final destination (DSC).
    pub unloading_place: String,
    /// Its name (DSN).
    pub unloading_name: String,
    /// UN/LOCODE (PSC).
    pub loading_place: String,
    /// Its name (PSN).
    pub loading_name: String,
    /// Number of containers (COC).
    pub containers: String,
    /// Export by sea (C01-C50).
    pub container_numbers: Vec<String>,
    /// Codes of other laws, up to 5 (OL1-OL5).
    pub other_laws: Vec<String>,
    /// Up to 5 (SS, SN).
    pub permits: Vec<Permit>,
    /// Invoice.
    pub invoice: Option<Invoice>,
    /// FR1-FR3.
    pub freight: Option<Charge>,
    /// IN1-IN3.
    pub insurance: Option<Charge>,
    /// VD1.
    pub valuation_class: String,
    /// Up to 5 valuation adjustments (VR, VI, VC, VP, VT).
    pub adjustments: Vec<Adjustment>,
    /// TP.
    pub distribution_total: String,
    /// 1 trader, 2 agent (TPM).
    pub tax_payer: String,
    /// Release before permit: A, B or C (BP).
    pub release_reason: String,
    /// Bank limit (BRC, BYA, BCM, BCN).
    pub bank_payment: Option<Security>,
    /// A, B, C or D (ENC).
    pub tax_deadline: String,
    /// Guarantee (SBC, RYA, SCM, SCN).
    pub guarantee: Option<Security>,
    /// By reference, up to 3 (EA, EB).
    pub attachments: Vec<Attachment>,
    /// Transport declared together (DPD, ST, AD, SD, ARP, ADT).
    pub bonded_transport: Option<BondedTransport>,
    /// Up to 300 characters (NT2).
    pub notes: String,
    /// 1 to 50.
    pub lines: Vec<Line>,
    /// Export, currency of item FKK (FCD).
    pub customs_value_currency: String,
    /// Export, total customs value (FKK).
    pub customs_value_total: String,
}
