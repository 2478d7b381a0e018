//! One decision in three voices, all from the same trace.
use values::Lane;

use crate::{assign::Choice, code::Form, trace::Trace};

/// Who is listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// What is wanted and on what ground; never which profile, score or list.
    Declarant,
    /// Which profiles matched, history, workload.
    Officer,
    /// Everything.
    Auditor,
}

/// The explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub text_vi: String,
    pub text_en: String,
    /// JSON: empty for the declarant, the selection for the officer, the whole trace for the auditor.
    pub json: String,
}

/// Explains a decision.
pub fn explain(trace: &Trace, voice: Voice) -> Explanation {
    let selection = &trace.selection;
    let (vi, en) = wanted(selection.lane, selection.form);
    let mut text_vi = format!("{vi} Căn cứ: {}.", selection.ground);
    let mut text_en = format!("{en} Ground: {}.", selection.ground);
    let mut json = String::new();
    if voice != Voice::Declarant {
        let profiles: Vec<&str> =
            selection.matched.iter().filter(|m| m.outcome == crate::select::MatchOutcome::Selected).map(|m| m.profile.as_str()).collect();
        let profiles = if profiles.is_empty() { "-".to_owned() } else { profiles.join(", ") };
        let history = &trace.facts.history;
        text_vi += &format!(
            " Hồ sơ rủi ro: {profiles}. Điểm: {}. Người khai hải quan: {} tờ khai trong 90 ngày, {} lần không phù hợp trong 365 ngày. Khối lượng: {} điểm.",
            selection.score, history.trader.seen_90d, history.trader.found_365d, trace.points
        );
        text_en += &format!(
            " Profiles: {profiles}. Score: {} millionths. Trader: {} declarations in 90 days, {} not conform in 365 days. Workload: {} points.",
            selection.score, history.trader.seen_90d, history.trader.found_365d, trace.points
        );
        json = serde_json::to_string(selection).unwrap_or_default();
    }
    if let (Voice::Auditor, Some(pick)) = (voice, &trace.pick) {
        let (vi, en) = match &pick.assignment.choice {
            Choice::Officer(code) => (format!("Phân công: {code}"), format!("Assigned: {code}")),
            Choice::Queued(reason) => (format!("Chờ phân công: {reason}"), format!("Queued: {reason}")),
        };
        text_vi += &format!(" {vi}, {} ứng viên, {} người bị loại.", pick.assignment.candidates.len(), pick.assignment.left_out.len());
        text_en += &format!(" {en}, {} candidates, {} left out.", pick.assignment.candidates.len(), pick.assignment.left_out.len());
    }
    if voice == Voice::Auditor {
        json = String::from_utf8(trace.bytes()).unwrap_or_default();
    }
    Explanation { text_vi, text_en, json }
}

fn wanted(lane: Lane, form: Form) -> (&'static str, &'static str) {
    match (lane, form) {
        (Lane::Green, _) => ("Luồng xanh: không kiểm tra trước khi thông quan.", "Green lane: no check before clearance."),
        (Lane::Yellow, _) => ("Luồng vàng: kiểm tra hồ sơ.", "Yellow lane: the documents are checked."),
        (Lane::Red, Form::Scanner) => ("Luồng đỏ: kiểm tra hàng hoá bằng máy soi.", "Red lane: the goods are scanned."),
        (Lane::Red, Form::Laboratory) => ("Luồng đỏ: phân tích, giám định mẫu.", "Red lane: samples are analysed."),
        (Lane::Red, _) => ("Luồng đỏ: kiểm tra thực tế hàng hoá.", "Red lane: the goods are examined."),
    }
}
