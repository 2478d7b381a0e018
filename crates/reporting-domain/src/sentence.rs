//! One plain sentence for each stage of a timeline, in Vietnamese and English.
use crate::StageKind;
use crate::label::{Label, lane_name};
use values::Lane;

/// Form of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Document check.
    Documents,
    /// Container scanner.
    Scanner,
    /// Physical examination by hand.
    Direct,
    /// Analysis or expertise.
    Laboratory,
}

/// What a sentence may mention; what is absent is left out of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// Lane.
    pub lane: Option<Lane>,
    /// Form of the check.
    pub form: Option<Form>,
    /// Result of the check.
    pub conform: Option<bool>,
    /// Whole VND.
    pub amount_vnd: Option<i64>,
    /// Coded reason or result.
    pub reason: String,
    /// Service code of the officer, after a reassignment of the new one.
    pub officer: String,
    /// Code or name of the gate.
    pub gate: String,
}

/// A stage told in two languages.
pub type Sentence = Label;

impl StageKind {
    /// Tells the stage.
    pub fn sentence(self, detail: &Detail) -> Sentence {
        let (vi, en) = match self {
            Self::Announced => ("Phương tiện được khai báo trước", "The vehicle was announced"),
            Self::Refused => ("Thông điệp bị từ chối", "A message was refused"),
            Self::Lodged => ("Tờ khai được đăng ký", "The declaration was lodged"),
            Self::Amended => ("Tờ khai được khai bổ sung", "The declaration was amended"),
            Self::Withdrawn => ("Người khai rút tờ khai", "The declarant withdrew the declaration"),
            Self::Lane => ("Tờ khai được phân luồng", "The lane was decided"),
            Self::Assigned => ("Hồ sơ được phân công tự động", "The file was assigned by draw"),
            Self::Queued => ("Hồ sơ chờ phân công", "The file waits for an officer"),
            Self::Reassigned => ("Hồ sơ được phân công lại", "The file was reassigned"),
            Self::LaneChanged => ("Luồng được thay đổi có lý do và người thứ hai", "The lane was changed, with a reason and a second person"),
            Self::AssignmentClosed => ("Phân công kết thúc trước khi có kết luận", "The assignment ended before a conclusion"),
            Self::Concluded => ("Việc kiểm tra có kết luận", "The check was concluded"),
            Self::TaxDue => ("Tờ khai chờ nộp thuế", "Tax is due"),
            Self::Payment => ("Đã ghi nhận nộp thuế", "A payment was booked"),
            Self::Cleared => ("Hàng hoá được thông quan", "The goods were cleared"),
            Self::ClearanceRefused => ("Hàng hoá không được thông quan", "Clearance was refused"),
            Self::Superseded => ("Thông tin về lần khai cũ không còn hiệu lực", "A fact about an older version changed nothing"),
            Self::Unrecognised => ("Không nhận dạng được phương tiện", "The vehicle was not recognised"),
            Self::Arrived => ("Phương tiện vào khu vực giám sát hải quan", "The vehicle was admitted into the supervision area"),
            Self::Linked => ("Tờ khai được gắn với lượt vào của phương tiện", "The declaration was bound to the visit of a vehicle"),
            Self::Held => ("Phương tiện bị tạm giữ lại", "The vehicle was held"),
            Self::Released => ("Phương tiện được phép rời đi", "The vehicle may leave"),
            Self::Departed => ("Phương tiện đã rời đi", "The vehicle left"),
        };
        let mut vi = vi.to_owned();
        let mut en = en.to_owned();
        for part in parts(detail) {
            vi.push_str(", ");
            vi.push_str(&part.vi);
            en.push_str(", ");
            en.push_str(&part.en);
        }
        vi.push('.');
        en.push('.');
        Sentence { vi, en }
    }
}

fn parts(detail: &Detail) -> Vec<Label> {
    let mut parts = Vec::new();
    if let Some((vi, en)) = detail.lane.map(lane_name) {
        parts.push(Label::new(vi, en));
    }
    if let Some((vi, en)) = detail.form.map(form_name) {
        parts.push(Label::new(vi, en));
    }
    if let Some(conform) = detail.conform {
        parts.push(if conform { Label::new("phù hợp", "conform") } else { Label::new("không phù hợp", "not conform") });
    }
    if let Some(amount) = detail.amount_vnd {
        parts.push(Label::new(format!("{} đồng", grouped(amount, '.')), format!("VND {}", grouped(amount, ','))));
    }
    let mut named = |text: &str, vi: &str, en: &str| {
        if !text.is_empty() {
            parts.push(Label::new(format!("{vi} {text}"), format!("{en} {text}")));
        }
    };
    named(&detail.officer, "công chức", "officer");
    named(&detail.gate, "cửa khẩu", "gate");
    named(&detail.reason, "lý do", "reason");
    parts
}

const fn form_name(form: Form) -> (&'static str, &'static str) {
    match form {
        Form::Documents => ("kiểm tra hồ sơ", "document check"),
        Form::Scanner => ("kiểm tra bằng máy soi", "scanner"),
        Form::Direct => ("kiểm tra thực tế thủ công", "physical examination by hand"),
        Form::Laboratory => ("phân tích, giám định", "laboratory"),
    }
}

fn grouped(amount: i64, mark: char) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut text = if amount < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_told_with_what_is_known() {
        let detail = Detail { lane: Some(Lane::Yellow), form: Some(Form::Documents), officer: "HQ-7".to_owned(), ..Detail::default() };
        let told = StageKind::Lane.sentence(&detail);
        assert_eq!(told.vi, "Tờ khai được phân luồng, luồng vàng, kiểm tra hồ sơ, công chức HQ-7.");
        assert_eq!(told.en, "The lane was decided, yellow lane, document check, officer HQ-7.");
        let held = StageKind::Held.sentence(&Detail { gate: "LALAY".to_owned(), reason: "NOT_CLEARED".to_owned(), ..Detail::default() });
        assert_eq!(held.en, "The vehicle was held, gate LALAY, reason NOT_CLEARED.");
        assert_eq!(StageKind::Concluded.sentence(&Detail { conform: Some(false), ..Detail::default() }).en, "The check was concluded, not conform.");
    }

    #[test]
    fn every_stage_has_a_sentence_of_its_own() {
        let told: Vec<_> = StageKind::ALL.iter().map(|kind| kind.sentence(&Detail::default())).collect();
        for (at, one) in told.iter().enumerate() {
            assert!(told[at + 1..].iter().all(|other| other.vi != one.vi && other.en != one.en), "{one:?}");
        }
    }

    #[test]
    fn money_is_grouped_as_each_language_does() {
        let told = StageKind::TaxDue.sentence(&Detail { amount_vnd: Some(1_234_567), ..Detail::default() });
        assert_eq!((told.vi.as_str(), told.en.as_str()), ("Tờ khai chờ nộp thuế, 1.234.567 đồng.", "Tax is due, VND 1,234,567."));
        assert_eq!((grouped(0, ','), grouped(999, ','), grouped(-1000, ',')), ("0".to_owned(), "999".to_owned(), "-1,000".to_owned()));
    }
}
