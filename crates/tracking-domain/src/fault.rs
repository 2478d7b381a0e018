//! What can be wrong with a reading, each fault with a code, a pointer to the field and a sentence in two languages.

/// One reason why a reading was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// `CG201` to `CG211`.
    pub code: &'static str,
    /// JSON pointer into the observation as it is written in JSON.
    pub pointer: &'static str,
    /// Vietnamese sentence.
    pub vi: &'static str,
    /// English sentence.
    pub en: &'static str,
}

impl Fault {
    /// The camera has no name of 1 to 64 letters, digits, `-`, `_`, `.` and `:`.
    pub const CAMERA: Self = Self {
        code: "CG201",
        pointer: "/camera",
        vi: "Mã camera phải có từ 1 đến 64 chữ cái không dấu, chữ số hoặc dấu - _ . :",
        en: "The camera must be named by 1 to 64 letters, digits or the signs - _ . :",
    };
    /// No gate is named.
    pub const GATE_MISSING: Self =
        Self { code: "CG202", pointer: "/gate", vi: "Chưa có mã cửa khẩu.", en: "The code of the gate is missing." };
    /// The gate is not in the list of gates.
    pub const GATE_UNKNOWN: Self = Self {
        code: "CG203",
        pointer: "/gate",
        vi: "Mã cửa khẩu không có trong danh mục cửa khẩu.",
        en: "The code of the gate is not in the list of gates.",
    };
    /// The direction is neither `in` nor `out`.
    pub const DIRECTION: Self =
        Self {
            code: "CG204", pointer: "/direction", vi: "Chiều qua cửa khẩu phải là in hoặc out.", en: "The direction must be in or out."
        };
    /// The plate does not fold to 2 to 35 letters and digits.
    pub const PLATE: Self = Self {
        code: "CG205",
        pointer: "/plate",
        vi: "Biển số phải có từ 2 đến 35 chữ cái và chữ số.",
        en: "The plate must have 2 to 35 letters and digits.",
    };
    /// The country sign is none of VN, LAO, T, KH.
    pub const COUNTRY: Self = Self {
        code: "CG206",
        pointer: "/country",
        vi: "Ký hiệu quốc gia của phương tiện phải là VN, LAO, T hoặc KH.",
        en: "The country sign of the vehicle must be VN, LAO, T or KH.",
    };
    /// No time of observation.
    pub const OBSERVED_AT: Self =
        Self { code: "CG207", pointer: "/observedAt", vi: "Chưa có thời điểm ghi nhận.", en: "The time of the observation is missing." };
    /// The confidence is above 1000 per mille.
    pub const CONFIDENCE: Self = Self {
        code: "CG208",
        pointer: "/confidence",
        vi: "Độ tin cậy phải từ 0 đến 1000 phần nghìn.",
        en: "The confidence must be 0 to 1000 per mille.",
    };
    /// The digest of the picture is not 64 hexadecimal digits.
    pub const IMAGE: Self = Self {
        code: "CG209",
        pointer: "/image",
        vi: "Mã băm của ảnh phải có 64 chữ số thập lục phân.",
        en: "The digest of the picture must have 64 hexadecimal digits.",
    };
    /// An announced declaration is named by neither a number nor a key.
    pub const DECLARATION: Self = Self {
        code: "CG210",
        pointer: "/declarations",
        vi: "Số tờ khai phải có 11 hoặc 12 chữ số.",
        en: "The number of a declaration must have 11 or 12 digits.",
    };
    /// More declarations are announced than one vehicle can carry.
    pub const DECLARATIONS: Self = Self {
        code: "CG211",
        pointer: "/declarations",
        vi: "Một phương tiện được báo trước nhiều nhất 200 tờ khai.",
        en: "At most 200 declarations can be announced for one vehicle.",
    };
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.code, self.pointer, self.en)
    }
}
