//! The declarant's voice: what is wanted, on what legal ground, and what to do next.
use serde::{Deserialize, Serialize};
use values::Lane;

use super::{
    Sources,
    said::{Page, Said, said},
    words,
};
use crate::{
    assign::Choice,
    code::Form,
    select::{ASSESSED, Match},
};

/// Format of [`Declared`] as JSON.
const FORMAT: &str = "cleargate.explanation.declarant/1";

/// All that the declarant's explanation can be made of: no profile, weight, score, list, officer or draw has a place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// 11 digits.
    declaration: String,
    version: u32,
    lane: Lane,
    form: Form,
    ground: String,
    /// Nobody has the file yet.
    waiting: bool,
}

impl Told {
    /// What may be told of a decision.
    pub fn of(sources: &Sources<'_>) -> Self {
        let trace = sources.trace;
        let selection = &trace.selection;
        let (lane, form, ground) = sources
            .lane_changes
            .last()
            .map_or((selection.lane, selection.form, selection.ground.as_str()), |change| (change.to, change.form, change.ground.as_str()));
        let pick = sources.picks.last().or(trace.pick.as_ref());
        let queued = pick.is_some_and(|p| matches!(p.assignment.choice, Choice::Queued(_)));
        Self {
            declaration: trace.declaration.clone(),
            version: trace.version,
            lane,
            form,
            ground: legal(ground, &selection.matched).to_owned(),
            waiting: queued && lane > Lane::Green,
        }
    }
}

/// Profiles are saved with legal texts as grounds; should one name a profile all the same, the general ground of the law stands in.
fn legal<'a>(ground: &'a str, matched: &[Match]) -> &'a str {
    let lower = ground.to_lowercase();
    let names = |profile: &str| {
        let id = profile.to_lowercase();
        // A short id is part of many words; as a word of its own it is an id.
        if id.len() < 4 { lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == id) } else { lower.contains(&id) }
    };
    if matched.iter().any(|m| names(&m.profile)) { ASSESSED } else { ground }
}

/// The declarant's explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    pub format: String,
    /// 12 digits.
    pub number: String,
    pub lane: Lane,
    pub form: Form,
    pub wanted: Said,
    pub ground: Said,
    pub next: Vec<Said>,
    pub bring: Vec<Said>,
}

impl From<Told> for Declared {
    fn from(told: Told) -> Self {
        let mut next = next(told.form);
        if told.waiting {
            next.insert(
                0,
                said(
                    "Hồ sơ đang chờ phân công công chức; sẽ có thông báo khi có người tiếp nhận.",
                    "The file waits for an officer; you will be told when somebody has it.",
                ),
            );
        }
        Self {
            format: FORMAT.to_owned(),
            number: format!("{}{}", told.declaration, told.version),
            lane: told.lane,
            form: told.form,
            wanted: words::wanted(told.lane, told.form),
            ground: words::ground(&told.ground),
            next,
            bring: bring(told.form),
        }
    }
}

impl Declared {
    pub(super) fn page(&self) -> Page {
        let mut page = Page::default();
        page.head(said(format!("Tờ khai hải quan số {}", self.number), format!("Declaration {}", self.number)));
        page.item(self.wanted.clone());
        page.item(said(format!("Căn cứ: {}.", self.ground.vi), format!("Ground: {}.", self.ground.en)));
        page.section(said("Việc cần làm tiếp theo", "What to do next"), self.next.clone());
        page.section(said("Cần nộp, xuất trình", "What to bring"), self.bring.clone());
        page
    }
}

fn next(form: Form) -> Vec<Said> {
    let step = match form {
        Form::None => said(
            "Nộp đủ thuế và các khoản phải nộp nếu còn; hàng hoá được thông quan mà không kiểm tra.",
            "Pay what is still due; the goods are cleared without a check.",
        ),
        Form::Documents => said(
            "Nộp hồ sơ hải quan qua hệ thống; giải trình, bổ sung khi công chức kiểm tra hồ sơ yêu cầu.",
            "Submit the documents through the system; explain or add to them when the officer who checks them asks.",
        ),
        Form::Scanner => said(
            "Đưa phương tiện và hàng hoá đến địa điểm soi chiếu mà đơn vị hải quan thông báo.",
            "Take vehicle and goods to the place of scanning that the customs office names.",
        ),
        Form::Direct => said(
            "Đưa hàng hoá đến địa điểm kiểm tra mà đơn vị hải quan thông báo; người khai hải quan hoặc người đại diện có mặt khi kiểm tra.",
            "Take the goods to the place of examination that the customs office names; you or somebody who acts for you must be present.",
        ),
        Form::Laboratory => said(
            "Đưa hàng hoá đến địa điểm kiểm tra và cùng công chức hải quan lấy mẫu để phân tích, giám định.",
            "Take the goods to the place of examination and be present when samples are taken for analysis.",
        ),
    };
    let keep =
        said("Lưu giữ hồ sơ hải quan để xuất trình khi kiểm tra sau thông quan.", "Keep the documents: they may be asked for after clearance.");
    vec![step, keep]
}

fn bring(form: Form) -> Vec<Said> {
    let mut list = match form {
        Form::None => return Vec::new(),
        Form::Documents => Vec::new(),
        Form::Scanner => {
            vec![said("Phương tiện vận tải và hàng hoá như đã khai, niêm phong còn nguyên.", "Vehicle and goods as declared, seals unbroken.")]
        }
        Form::Direct => vec![said(
            "Toàn bộ hàng hoá như đã khai, người và phương tiện để mở kiện.",
            "All goods as declared, with people and tools to open the packages.",
        )],
        Form::Laboratory => vec![
            said("Toàn bộ hàng hoá như đã khai để lấy mẫu.", "All goods as declared, so that samples can be taken."),
            said(
                "Tài liệu kỹ thuật, thành phần của hàng hoá (catalogue, bản phân tích).",
                "Technical papers of the goods: catalogue, composition, analyses.",
            ),
        ],
    };
    list.push(said("Hoá đơn thương mại hoặc chứng từ tương đương.", "Commercial invoice or an equal document."));
    list.push(said("Vận đơn hoặc chứng từ vận tải tương đương, nếu có.", "Bill of lading or an equal transport document, where there is one."));
    list.push(said(
        "Giấy phép và kết quả kiểm tra chuyên ngành, nếu hàng hoá phải có.",
        "Permits and results of specialised inspection, where the goods need them.",
    ));
    list.push(said("Giấy chứng nhận xuất xứ (C/O), nếu có.", "Certificate of origin (C/O), where there is one."));
    list
}
