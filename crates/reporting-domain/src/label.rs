//! Names of cells for people, in Vietnamese and English.
use crate::{Attempt, Cell, Measure, Quantile};
use values::{Direction, Lane};

/// One text in two languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Label {
    pub(crate) fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

impl Cell {
    /// The cell's name for people.
    pub fn label(&self) -> Label {
        match self {
            Self::LodgedTotal => Label::new("Tờ khai đăng ký, tổng số", "Declarations lodged, total"),
            Self::Lodged { direction, kind, lane } => {
                let (lane_vi, lane_en) = lane.map_or(("chưa phân luồng", "no lane yet"), lane_name);
                let (way_vi, way_en) = direction_name(*direction);
                Label::new(format!("Tờ khai {way_vi} loại hình {kind}, {lane_vi}"), format!("{way_en} declarations, procedure {kind}, {lane_en}"))
            }
            Self::Amended => Label::new("Lần khai bổ sung (sửa tờ khai)", "Amendments"),
            Self::RefusedTotal => Label::new("Thông điệp bị từ chối, tổng số", "Messages refused, total"),
            Self::Refused(attempt) => {
                let (vi, en) = attempt_name(*attempt);
                Label::new(format!("Thông điệp {vi} bị từ chối"), format!("Messages {en} refused"))
            }
            Self::Withdrawn => Label::new("Tờ khai rút", "Declarations withdrawn"),
            Self::Cleared => Label::new("Tờ khai thông quan", "Declarations cleared"),
            Self::ClearanceRefused => Label::new("Tờ khai không được thông quan", "Declarations refused clearance"),
            Self::AssignedAutomatic => Label::new("Hồ sơ phân công tự động", "Checks assigned automatically"),
            Self::AssignedQueued(reason) => Label::new(
                format!("Hồ sơ chờ phân công, lý do {}", reason.as_str()),
                format!("Checks waiting for an officer, reason {}", reason.as_str()),
            ),
            Self::AssignedReassigned => Label::new("Hồ sơ phân luồng trong ngày đã phân công lại", "Checks decided that day and reassigned"),
            Self::AssignedShare => Label::new("Tỷ lệ phân công tự động", "Share assigned automatically"),
            Self::Reassigned => Label::new("Hồ sơ phân công lại trong ngày", "Checks reassigned that day"),
            Self::Duration { measure, quantile } => {
                let (to_vi, to_en) = measure_name(*measure);
                let (vi, en) = match quantile {
                    Quantile::Median => ("trung vị", "median"),
                    Quantile::P90 => ("phân vị thứ 90", "90th percentile"),
                };
                Label::new(format!("Thời gian từ đăng ký đến {to_vi}, {vi}"), format!("Time from lodging to {to_en}, {en}"))
            }
            Self::Value(currency) => Label::new(format!("Trị giá khai báo bằng {currency}"), format!("Value declared in {currency}")),
            Self::Duty => Label::new("Thuế phải nộp theo tờ khai đăng ký", "Duty due as lodged"),
            Self::DutiableCleared => Label::new("Tờ khai thông quan có thuế", "Declarations cleared with duty due"),
            Self::DutiablePaid => Label::new("Tờ khai thông quan nộp đủ thuế điện tử", "Declarations cleared with duty paid in full electronically"),
            Self::DutyCleared => Label::new("Thuế của tờ khai thông quan", "Duty due on declarations cleared"),
            Self::DutyPaid => Label::new("Thuế nộp điện tử của tờ khai thông quan", "Duty paid electronically on declarations cleared"),
            Self::VehiclesIn => Label::new("Phương tiện vào", "Vehicles in"),
            Self::VehiclesOut => Label::new("Phương tiện ra", "Vehicles out"),
            Self::VehiclesHeld => Label::new("Phương tiện bị tạm giữ lại", "Vehicles held"),
            Self::Open => Label::new("Tờ khai còn tồn cuối ngày", "Declarations open at close"),
        }
    }
}

pub(crate) const fn lane_name(lane: Lane) -> (&'static str, &'static str) {
    match lane {
        Lane::Green => ("luồng xanh", "green lane"),
        Lane::Yellow => ("luồng vàng", "yellow lane"),
        Lane::Red => ("luồng đỏ", "red lane"),
    }
}

const fn direction_name(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Import => ("nhập khẩu", "Import"),
        Direction::Export => ("xuất khẩu", "Export"),
    }
}

const fn attempt_name(attempt: Attempt) -> (&'static str, &'static str) {
    match attempt {
        Attempt::Lodged => ("đăng ký tờ khai", "to lodge"),
        Attempt::Amended => ("khai bổ sung", "to amend"),
        Attempt::Withdrawn => ("rút tờ khai", "to withdraw"),
        Attempt::Paid => ("nộp thuế", "of payment"),
    }
}

const fn measure_name(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Lane => ("phân luồng", "lane"),
        Measure::Conclusion => ("kết luận kiểm tra", "conclusion of the check"),
        Measure::Clearance => ("thông quan", "clearance"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::tests::cell;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn two_cells_never_have_one_name(a in cell(), b in cell()) {
            prop_assert_eq!(a == b, a.label() == b.label());
            prop_assert_eq!(a == b, a.label().vi == b.label().vi);
        }
    }

    #[test]
    fn a_cell_is_named_in_both_languages() {
        let label = Cell::parse("lodged.import.A11.green").unwrap().label();
        assert_eq!(label, Label::new("Tờ khai nhập khẩu loại hình A11, luồng xanh", "Import declarations, procedure A11, green lane"));
    }
}
