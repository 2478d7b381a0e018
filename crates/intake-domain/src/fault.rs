//! One reason of a refusal.

/// A rule that a draft breaks, at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// VNACCS code such as `S1013` or `R1027`, or `CG001` and up for rules of our own.
    pub code: &'static str,
    /// JSON pointer to the field in the message's JSON names, e.g. `/lines/0/commodityCode`.
    pub pointer: String,
    /// A plain Vietnamese sentence.
    pub text_vi: &'static str,
    /// The same in English.
    pub text_en: &'static str,
}
