//! Why a message about a known declaration is refused, with its code and its sentences.
use crate::fault::Fault;

/// A refusal by rule. The last ones are judged where messages are matched to declarations, not by a standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}: {}", self.code(), self.text_en())]
pub enum Refusal {
    /// A cleared declaration is amended by another procedure.
    AmendCleared,
    /// A withdrawn declaration is final.
    AmendWithdrawn,
    /// The last digit of the number counts to nine.
    TooManyAmendments,
    /// Clearance ends the right to withdraw.
    WithdrawCleared,
    /// Withdrawn before.
    WithdrawTwice,
    /// A payment of nothing.
    NothingPaid,
    /// Payments beyond 63 bits.
    PaidTooMuch,
    /// No declaration has this number or reference.
    Unknown,
    /// The declaration is another sender's.
    ForeignSender,
    /// The reference was used with other content.
    OtherContent,
    /// The number names a version that is not the current one.
    OtherVersion,
    /// Duties are paid in VND.
    OtherCurrency,
    /// A withdrawal gives its reason.
    NoReason,
    /// An amendment keeps direction and office.
    Moved,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 14] = [
        Self::AmendCleared,
        Self::AmendWithdrawn,
        Self::TooManyAmendments,
        Self::WithdrawCleared,
        Self::WithdrawTwice,
        Self::NothingPaid,
        Self::PaidTooMuch,
        Self::Unknown,
        Self::ForeignSender,
        Self::OtherContent,
        Self::OtherVersion,
        Self::OtherCurrency,
        Self::NoReason,
        Self::Moved,
    ];

    /// Code, `CG101` and up.
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// JSON pointer to the field of the message that is at fault.
    pub const fn pointer(self) -> &'static str {
        self.row().1
    }

    /// Vietnamese sentence.
    pub const fn text_vi(self) -> &'static str {
        self.row().2
    }

    /// English sentence.
    pub const fn text_en(self) -> &'static str {
        self.row().3
    }

    /// As a fault of the message.
    pub fn fault(self) -> Fault {
        Fault { code: self.code(), pointer: self.pointer().to_owned(), text_vi: self.text_vi(), text_en: self.text_en() }
    }

    const fn row(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::AmendCleared => ("CG101", "/number", "Tờ khai đã thông quan, không sửa được nữa.", "A cleared declaration cannot be amended."),
            Self::AmendWithdrawn => ("CG102", "/number", "Tờ khai đã rút, không sửa được nữa.", "A withdrawn declaration cannot be amended."),
            Self::TooManyAmendments => ("CG103", "/number", "Tờ khai đã sửa đủ chín lần.", "The declaration has been amended nine times."),
            Self::WithdrawCleared => ("CG104", "/number", "Tờ khai đã thông quan, không rút được nữa.", "A cleared declaration cannot be withdrawn."),
            Self::WithdrawTwice => ("CG105", "/number", "Tờ khai đã được rút trước đó.", "The declaration has been withdrawn before."),
            Self::NothingPaid => ("CG106", "/amount", "Số tiền nộp phải lớn hơn 0.", "A payment must be more than zero."),
            Self::PaidTooMuch => ("CG107", "/amount", "Tổng số tiền nộp vượt quá mức ghi nhận được.", "The payments exceed what can be recorded."),
            Self::Unknown => ("CG110", "/number", "Không có tờ khai mang số hoặc số tham chiếu này.", "No declaration has this number or reference."),
            Self::ForeignSender => ("CG111", "/sender", "Tờ khai này do người gửi khác đăng ký.", "The declaration was lodged by another sender."),
            Self::OtherContent => {
                ("CG112", "/reference", "Số tham chiếu này đã dùng cho nội dung khác.", "The reference has been used with other content.")
            }
            Self::OtherVersion => {
                ("CG113", "/number", "Số tờ khai không phải là của lần sửa hiện tại.", "The number is not that of the current version.")
            }
            Self::OtherCurrency => ("CG114", "/currency", "Thuế phải nộp bằng đồng Việt Nam.", "Duties are paid in VND."),
            Self::NoReason => ("CG115", "/reason", "Phải nêu lý do rút tờ khai.", "A withdrawal must give its reason."),
            Self::Moved => {
                ("CG116", "/office", "Khai sửa không được đổi chiều hoặc đơn vị hải quan.", "An amendment must keep the direction and the office.")
            }
        }
    }
}
