//! Codes in words, in the terms of the field.
use chrono::DateTime;
use values::{Lane, ZONE};

use super::said::{Said, both, said};
use crate::{code::Form, select::MatchOutcome};

pub(super) fn lane(lane: Lane) -> Said {
    match lane {
        Lane::Green => said("luồng xanh", "green lane"),
        Lane::Yellow => said("luồng vàng", "yellow lane"),
        Lane::Red => said("luồng đỏ", "red lane"),
    }
}

fn form(form: Form) -> Said {
    match form {
        Form::None => said("không kiểm tra trước khi thông quan", "no check before clearance"),
        Form::Documents => said("kiểm tra hồ sơ", "the documents are checked"),
        Form::Scanner => said("kiểm tra thực tế hàng hoá bằng máy soi", "the goods are scanned"),
        Form::Direct => said("kiểm tra thực tế hàng hoá theo phương pháp thủ công", "the goods are examined by hand"),
        Form::Laboratory => said("kiểm tra thực tế hàng hoá, lấy mẫu phân tích, giám định", "the goods are examined and samples are analysed"),
    }
}

/// `Luồng vàng: kiểm tra hồ sơ.`
pub(super) fn wanted(of: Lane, by: Form) -> Said {
    let (of, by) = (lane(of), form(by));
    let sentence = |head: &str, what: &str| {
        format!("{}{}: {what}.", head.chars().take(1).flat_map(char::to_uppercase).collect::<String>(), head.chars().skip(1).collect::<String>())
    };
    said(sentence(&of.vi, &by.vi), sentence(&of.en, &by.en))
}

/// Grounds are cited in English; the names of Vietnamese laws have their own.
const LAW: [(&str, &str); 15] = [
    ("(random index)", "(tỷ lệ lựa chọn ngẫu nhiên)"),
    ("(risk assessment)", "(đánh giá rủi ro)"),
    ("(amendment keeps the lane)", "(khai bổ sung giữ nguyên luồng)"),
    ("(nature of goods)", "(tính chất hàng hoá)"),
    ("(policy on goods)", "(chính sách quản lý hàng hoá)"),
    ("(origin and route)", "(xuất xứ và tuyến đường)"),
    ("(compliance)", "(mức độ tuân thủ)"),
    ("(value)", "(trị giá)"),
    ("Customs Law", "Luật Hải quan"),
    ("Circular", "Thông tư"),
    ("Decree", "Nghị định"),
    (" articles ", ", các Điều "),
    (" article ", ", Điều "),
    (" clause ", " khoản "),
    (" and ", " và "),
];

pub(super) fn ground(text: &str) -> Said {
    let vi = LAW.iter().fold(text.to_owned(), |text, (en, vi)| text.replace(en, vi));
    said(vi, text)
}

/// What decided.
pub(super) fn by(by: &str) -> Said {
    match by {
        "" => said("không có gì lựa chọn để kiểm tra", "nothing selected it for a check"),
        "model" => said("điểm của mô hình", "the learned score"),
        "random:documents" => said("lựa chọn ngẫu nhiên để kiểm tra hồ sơ", "drawn at random for a document check"),
        "random:scan" => said("lựa chọn ngẫu nhiên để soi chiếu", "drawn at random for a scan"),
        "explore:uncertain" => said("bốc ngẫu nhiên trong số tờ khai mà mô hình chưa chắc chắn", "drawn from those that the model is unsure about"),
        "explore:random" => said("bốc ngẫu nhiên trong tất cả tờ khai để khảo sát", "drawn from all for exploration"),
        "top_up:red" => said("bốc ngẫu nhiên cho đủ tỷ lệ dự kiến của luồng đỏ", "drawn to reach the expected rate of the red lane"),
        "top_up:yellow" => said("bốc ngẫu nhiên cho đủ tỷ lệ dự kiến của luồng vàng", "drawn to reach the expected rate of the yellow lane"),
        "amendment" => said("khai bổ sung giữ luồng của lần trước", "an amendment keeps the lane of the version before"),
        _ => match by.strip_prefix("profile:") {
            Some(id) => said(format!("tiêu chí rủi ro {id}"), format!("risk profile {id}")),
            None => both(by),
        },
    }
}

/// What a draw was for: a purpose of selection, or `name` or `name:round` of assignment.
pub(super) fn purpose(purpose: &str) -> Said {
    if let Some(id) = purpose.strip_prefix("profile:") {
        return said(format!("tỷ lệ kiểm tra của tiêu chí rủi ro {id}"), format!("share of risk profile {id}"));
    }
    let named = |name: &str| purpose.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    if named("assign:1") {
        said("bốc công chức thứ nhất", "first officer drawn")
    } else if named("assign:2") {
        said("bốc công chức thứ hai", "second officer drawn")
    } else if named("supervise") {
        said("bốc lãnh đạo giám sát", "supervisor drawn")
    } else {
        by(purpose)
    }
}

pub(super) fn outcome(outcome: MatchOutcome) -> Said {
    match outcome {
        MatchOutcome::Selected => said("đã lựa chọn", "selected"),
        MatchOutcome::Share => said("không trúng tỷ lệ kiểm tra", "passed over by its share"),
        MatchOutcome::Cap => said("đã đủ số lần trong ngày", "had its hits of the day"),
        MatchOutcome::Spared => said("được bỏ qua vì đã kiểm tra nhiều lần mà không phát hiện gì", "spared: checked often enough with nothing found"),
    }
}

/// How a file came to its officer.
pub(super) fn how(code: &str) -> Said {
    match code {
        "DRAWN" => said("bốc ngẫu nhiên hai công chức, người ít việc hơn nhận", "two were drawn and the lighter one took it"),
        "ONLY" => said("chỉ một công chức đủ điều kiện", "nobody else could take it"),
        "RETURNED" => said("trở lại công chức đã nhận lần trước", "it returned to whoever had it before"),
        "TOGETHER" => said("cùng công chức với các tờ khai cùng bộ", "it belongs with others that the officer has"),
        "QUEUED" => said("chờ phân công", "it waits"),
        _ => both(code),
    }
}

/// Why nobody took a file, or why one officer could not.
pub(super) fn hindrance(code: &str) -> Said {
    match code {
        "EXCLUDED" => said("không được nhận theo quyết định phân công lại", "named in a reassignment"),
        "SUSPENDED" => said("tạm ngừng phân công", "suspended"),
        "LEAVE" => said("nghỉ phép", "on leave"),
        "OFF_SHIFT" => said("ngoài ca trực", "off shift"),
        "LIST" => said("không thuộc danh sách phân công này", "not on this list"),
        "SKILL" => said("không phụ trách mặt hàng này", "not skilled in these goods"),
        "PLACE" => said("không phụ trách địa điểm này", "not at this place"),
        "CONFLICT" => said("xung đột lợi ích", "conflict of interest"),
        "CAP" => said("đã đủ số hồ sơ tối đa", "at the cap of open files"),
        "NO_ROSTER" => said("chưa có danh sách phân công", "there is no roster"),
        "ALL_AT_CAP" => said("mọi công chức đủ điều kiện đã đủ số hồ sơ tối đa", "whoever could take it is at the cap"),
        "NO_SKILL" => said("không ai phụ trách mặt hàng hoặc địa điểm này", "nobody has the skill or the place"),
        "NOBODY_ON_SHIFT" => said("không ai trong ca trực", "nobody is on shift"),
        "NOBODY_ELSE" => said("không còn ai khác", "there is nobody else"),
        _ => both(code),
    }
}

/// Millionths as a percentage with two decimals, rounded half up.
pub(super) fn percent(millionths: i64) -> Said {
    let sign = if millionths < 0 { "-" } else { "" };
    let hundredths = (millionths.unsigned_abs() + 50) / 100;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    said(format!("{sign}{whole},{part:02} %"), format!("{sign}{whole}.{part:02} %"))
}

/// Local time of the offices.
pub(super) fn time(us: i64) -> Said {
    let Some(at) = DateTime::from_timestamp_micros(us).map(|at| at.with_timezone(&ZONE)) else { return both(us.to_string()) };
    said(at.format("%H:%M:%S ngày %d/%m/%Y").to_string(), at.format("%Y-%m-%d %H:%M:%S").to_string())
}
