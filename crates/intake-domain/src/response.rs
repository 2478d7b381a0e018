//! Answers to the single window: the function codes of the WCO response message and what they say here.
use values::Lane;

use crate::lifecycle::Fact;

/// WCO response function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResponseCode {
    /// The declaration is registered or amended, or goes on without a check.
    Accepted,
    /// The message was taken and no registration follows from it.
    Received,
    /// Refused by rule.
    Rejected,
    /// Physical examination.
    UnderControl,
    /// Document check.
    DocumentsWanted,
    /// A check did not conform.
    ChangedAfterInspection,
    /// Cleared.
    Cleared,
    /// Withdrawn or cancelled.
    Invalidated,
    /// Tax is outstanding.
    TaxDue,
    /// The goods have left.
    ExitConfirmed,
}

impl ResponseCode {
    /// Every function that is sent.
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Received,
        Self::Rejected,
        Self::UnderControl,
        Self::DocumentsWanted,
        Self::ChangedAfterInspection,
        Self::Cleared,
        Self::Invalidated,
        Self::TaxDue,
        Self::ExitConfirmed,
    ];

    /// The answer that tells a lane.
    pub const fn of_lane(lane: Lane) -> Self {
        match lane {
            Lane::Green => Self::Accepted,
            Lane::Yellow => Self::DocumentsWanted,
            Lane::Red => Self::UnderControl,
        }
    }

    /// The answer that a fact calls for; none where the declarant is not told.
    pub const fn of_fact(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::Amended => Some(Self::Accepted),
            Fact::Withdrawn => Some(Self::Invalidated),
            Fact::LaneTaken { lane } => Some(Self::of_lane(*lane)),
            Fact::PaymentReceived { .. } => Some(Self::Received),
            Fact::TaxDue { .. } => Some(Self::TaxDue),
            Fact::Cleared => Some(Self::Cleared),
            Fact::ClearanceRefused => Some(Self::ChangedAfterInspection),
            Fact::Superseded { .. } => None,
        }
    }

    /// Two digits.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Note in Vietnamese.
    pub const fn note_vi(self) -> &'static str {
        self.row().1
    }

    /// Note in English.
    pub const fn note_en(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Accepted => ("01", "Tờ khai được chấp nhận.", "The declaration is accepted."),
            Self::Received => ("02", "Đã nhận thông điệp.", "The message has been received."),
            Self::Rejected => ("03", "Bị từ chối, xem từng lỗi kèm theo.", "Rejected for the faults listed."),
            Self::UnderControl => ("05", "Luồng đỏ: kiểm tra thực tế hàng hoá.", "Red lane: physical examination of the goods."),
            Self::DocumentsWanted => ("06", "Luồng vàng: kiểm tra hồ sơ.", "Yellow lane: document check."),
            Self::ChangedAfterInspection => {
                ("07", "Kết luận kiểm tra: không phù hợp, chưa được thông quan.", "The check did not conform; clearance is refused.")
            }
            Self::Cleared => ("09", "Tờ khai đã thông quan.", "The declaration is cleared."),
            Self::Invalidated => ("10", "Tờ khai đã được rút.", "The declaration is withdrawn."),
            Self::TaxDue => ("13", "Còn tiền thuế phải nộp.", "Tax is outstanding."),
            Self::ExitConfirmed => ("16", "Hàng hoá đã qua khu vực giám sát.", "The exit of the goods is confirmed."),
        }
    }
}

/// Function code of the answer that a fact calls for.
pub fn response_code(fact: &Fact) -> Option<&'static str> {
    ResponseCode::of_fact(fact).map(ResponseCode::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_told_by_their_own_functions() {
        let code = |lane| response_code(&Fact::LaneTaken { lane });
        assert_eq!([code(Lane::Green), code(Lane::Yellow), code(Lane::Red)], [Some("01"), Some("06"), Some("05")]);
    }

    #[test]
    fn functions_are_distinct() {
        let codes: std::collections::BTreeSet<_> = ResponseCode::ALL.into_iter().map(ResponseCode::as_str).collect();
        assert_eq!(codes.len(), ResponseCode::ALL.len());
    }
}
