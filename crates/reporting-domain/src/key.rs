//! What keyed cells are keyed by.

/// Why a file had to wait for an officer: 1 to 40 letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason(String);

impl Reason {
    /// Parses a coded reason.
    pub fn parse(text: &str) -> Option<Self> {
        let coded = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        ((1..=40).contains(&text.len()) && text.bytes().all(coded)).then(|| Self(text.to_owned()))
    }

    /// For a file that waited without a stated reason.
    pub fn unstated() -> Self {
        Self("UNSTATED".to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Parses the lower-case name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }

            /// The lower-case name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

named! {
    /// What a refused message tried: the lower-case name of the fact that it would have become.
    Attempt {
        /// To lodge.
        Lodged = "lodged",
        /// To amend.
        Amended = "amended",
        /// To withdraw.
        Withdrawn = "withdrawn",
        /// To pay.
        Paid = "paid",
    }
}

named! {
    /// A span from the registration of a version to an event of that version on the day.
    Measure {
        /// Until the lane was decided.
        Lane = "lane",
        /// Until the check was concluded.
        Conclusion = "conclusion",
        /// Until clearance.
        Clearance = "clearance",
    }
}

named! {
    /// Which percentile of the spans, by nearest rank.
    Quantile {
        /// The 50th.
        Median = "median",
        /// The 90th.
        P90 = "p90",
    }
}

impl Quantile {
    /// As thousandths.
    pub const fn per_mille(self) -> u32 {
        match self {
            Self::Median => 500,
            Self::P90 => 900,
        }
    }
}
