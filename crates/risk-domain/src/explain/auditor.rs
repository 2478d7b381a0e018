//! The auditor's voice: everything, so that the decision can be taken again with pencil and paper.
use serde::Serialize;
use values::{Decimal, Lane};

use super::{
    LaneChange, Sources,
    officer::OfficerView,
    said::{Page, Said, both, said},
    words,
};
use crate::{
    draw::Draw,
    trace::{PickTrace, Trace},
};

/// Format of [`Audit`] as JSON.
const FORMAT: &str = "cleargate.explanation.auditor/1";

/// The auditor's explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit<'a> {
    pub format: &'static str,
    /// Salted digest of the trace, hex.
    pub digest: &'a str,
    pub told: OfficerView,
    pub draws: Vec<DrawTold>,
    /// The trace as it was stored, whole.
    pub trace: &'a Trace,
    /// Later assignments, whole.
    pub picks: &'a [PickTrace],
    pub lane_changes: &'a [LaneChange],
    pub recomputation: &'a str,
}

/// A draw with its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrawTold {
    #[serde(flatten)]
    pub draw: Draw,
    pub meaning: Said,
    /// An amendment kept it from an earlier version.
    pub kept: bool,
}

/// A lane change in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct LaneChangeTold {
    pub at: Said,
    pub from: Lane,
    pub to: Lane,
    pub wanted: Said,
    pub ground: Said,
    pub reason: String,
    pub by: String,
    pub approved_by: String,
}

impl LaneChangeTold {
    pub(super) fn of(change: &LaneChange) -> Self {
        Self {
            at: words::time(change.at_us),
            from: change.from,
            to: change.to,
            wanted: words::wanted(change.to, change.form),
            ground: words::ground(&change.ground),
            reason: change.reason.clone(),
            by: change.by.clone(),
            approved_by: change.approved_by.clone(),
        }
    }

    pub(super) fn told(&self) -> Said {
        let (from, to) = (words::lane(self.from), words::lane(self.to));
        let (at, reason, by, second) = (&self.at, &self.reason, &self.by, &self.approved_by);
        said(
            format!("{} → {}, lúc {}: lý do {reason}, người đề nghị {by}, người duyệt {second}. Căn cứ: {}.", from.vi, to.vi, at.vi, self.ground.vi),
            format!("{} → {}, at {}: reason {reason}, by {by}, approved by {second}. Ground: {}.", from.en, to.en, at.en, self.ground.en),
        )
    }
}

impl<'a> Audit<'a> {
    pub(super) fn of(sources: &Sources<'a>) -> Self {
        let trace = sources.trace;
        let picks = trace.pick.iter().chain(sources.picks);
        let of_picks = picks.flat_map(|p| p.assignment.draws.iter().chain(&p.supervisor_draw));
        let told = |draw: &Draw| DrawTold { draw: draw.clone(), meaning: words::purpose(&draw.purpose), kept: trace.earlier.contains(draw) };
        Self {
            format: FORMAT,
            digest: sources.digest,
            told: OfficerView::of(sources),
            draws: trace.selection.draws.iter().chain(of_picks).map(told).collect(),
            trace,
            picks: sources.picks,
            lane_changes: sources.lane_changes,
            recomputation: sources.recomputation,
        }
    }

    pub(super) fn page(&self) -> Page {
        let mut page = self.told.page();
        page.section(said("Dữ liệu đầu vào", "What went in"), self.inputs());
        page.section(said("Xác suất lựa chọn", "Chances"), self.chances());
        page.section(
            said("Số đếm trước quyết định, cùng ngày, đơn vị và chiều xuất nhập khẩu", "Counted before, same day, office and direction"),
            self.counters(),
        );
        page.section(said("Lượt bốc ngẫu nhiên", "Draws"), self.draws.iter().map(DrawTold::told));
        for pick in self.trace.pick.iter().chain(self.picks) {
            page.extend(table(pick));
        }
        page.section(said("Mã băm SHA-256", "SHA-256 digests"), self.digests());
        page.section(said("Tính lại", "Taken again"), self.recomputation.lines().filter(|l| !l.trim().is_empty()).map(both));
        page
    }

    /// What the declaration said; JSON has every field.
    fn inputs(&self) -> Vec<Said> {
        let f = &self.trace.facts;
        let (direction, kind, class, country, plate) = (f.direction, &f.kind, &f.class, &f.counterparty_country, &f.plate);
        let (value, currency, mass, packages) = (Decimal::<4>::from_units(f.value), &f.currency, f.gross_mass_g, f.packages);
        let mut told = vec![
            both(format!("{direction}, {class}, {kind}, {country}, {plate}, {} → {}", f.loading_place, f.unloading_place)),
            said(
                format!("Trị giá {value} {currency}, thuế {} VND, trọng lượng {mass} g, {packages} kiện.", f.duty_vnd),
                format!("Value {value} {currency}, duty {} VND, gross mass {mass} g, {packages} packages.", f.duty_vnd),
            ),
        ];
        told.extend(f.lines.iter().map(|l| {
            let value = Decimal::<4>::from_units(l.value);
            said(
                format!("dòng hàng {}: {} {}, trị giá {value}, trọng lượng {} g", l.line, l.commodity, l.origin, l.net_mass_g),
                format!("line {}: {} {}, value {value}, net mass {} g", l.line, l.commodity, l.origin, l.net_mass_g),
            )
        }));
        told.extend(self.trace.scores.iter().map(|s| {
            let (fraud, critical) = (words::percent(i64::from(s.fraud)), words::percent(i64::from(s.critical)));
            said(
                format!("dòng hàng {}: điểm gian lận {}, gian lận nghiêm trọng {}", s.line, fraud.vi, critical.vi),
                format!("line {}: fraud {}, critical fraud {}", s.line, fraud.en, critical.en),
            )
        }));
        told
    }

    fn chances(&self) -> Vec<Said> {
        let s = &self.trace.selection;
        let (all, random) = (words::percent(i64::from(s.propensity)), words::percent(i64::from(s.random_propensity)));
        let drawn = if s.random { said("đã trúng", "drawn") } else { said("không trúng", "not drawn") };
        vec![
            said(
                format!("Rời luồng xanh: {} ({} phần triệu).", all.vi, s.propensity),
                format!("To leave the green lane: {} ({} millionths).", all.en, s.propensity),
            ),
            said(
                format!("Vào nhóm ngẫu nhiên: {} ({} phần triệu); {}.", random.vi, s.random_propensity, drawn.vi),
                format!("To be in the random stratum: {} ({} millionths); {}.", random.en, s.random_propensity, drawn.en),
            ),
        ]
    }

    fn counters(&self) -> Vec<Said> {
        let c = &self.trace.counters;
        let mut told = vec![said(
            format!("Đã quyết định {}, luồng vàng {}, luồng đỏ {}, soi chiếu ngẫu nhiên {}.", c.decided, c.yellow, c.red, c.scans),
            format!("Decided {}, yellow {}, red {}, random scans {}.", c.decided, c.yellow, c.red, c.scans),
        )];
        told.extend(c.hits.iter().map(|(id, n)| said(format!("Tiêu chí {id}: {n} lần trong ngày."), format!("Profile {id}: {n} hits of the day."))));
        told.extend(c.fruitless.iter().map(|(id, n)| {
            said(
                format!("Tiêu chí {id}: {n} lần kiểm tra không phát hiện gì."),
                format!("Profile {id}: {n} checks of the trader with nothing found."),
            )
        }));
        told
    }

    fn digests(&self) -> Vec<Said> {
        let mut told = vec![said(format!("quy tắc {}", self.trace.rules), format!("rules {}", self.trace.rules))];
        let mut push = |vi: &str, en: &str, digest: &str| {
            if !digest.is_empty() {
                told.push(said(format!("{vi} {digest}"), format!("{en} {digest}")));
            }
        };
        push("mô hình", "model", &self.trace.model);
        push("vết quyết định", "trace", self.digest);
        for pick in self.trace.pick.iter().chain(self.picks) {
            push("danh sách phân công", "roster", &pick.roster);
        }
        told
    }
}

impl DrawTold {
    fn told(&self) -> Said {
        let Draw { purpose, version, counter, value, day } = &self.draw;
        let kept = if self.kept { said(", giữ từ lần trước", ", kept from an earlier version") } else { Said::default() };
        said(
            format!("{purpose} ({}): {value}, khoá ngày {day}, lần sửa đổi {version}, bộ đếm {counter}{}.", self.meaning.vi, kept.vi),
            format!("{purpose} ({}): {value}, key of {day}, version {version}, counter {counter}{}.", self.meaning.en, kept.en),
        )
    }
}

/// Candidates with their loads, and everybody left out with the reason.
fn table(pick: &PickTrace) -> Page {
    let mut page = Page::default();
    let a = &pick.assignment;
    let (round, at, list) = (pick.round, words::time(pick.now_us), &pick.list);
    page.head(said(format!("Phân công lượt {round}, lúc {}, danh sách {list}", at.vi), format!("Assignment {round}, at {}, list {list}", at.en)));
    if let Some(p) = &pick.preferred {
        let how = words::how(&p.how);
        page.item(said(
            format!("Ưu tiên {}: {} (tờ khai {}).", p.officer, how.vi, p.from),
            format!("First {}: {} (declaration {}).", p.officer, how.en, p.from),
        ));
    }
    if !pick.excluded.is_empty() {
        let codes = pick.excluded.join(", ");
        page.item(said(format!("Không được giao lại cho: {codes}"), format!("Not to be given to: {codes}")));
    }
    for c in &a.candidates {
        let (code, points, minutes) = (&c.code, c.points, c.minutes);
        page.item(said(
            format!("{code}: {points} điểm trong tháng, {minutes} phút trong danh sách phân công."),
            format!("{code}: {points} points this month, {minutes} minutes on roster."),
        ));
    }
    for l in &a.left_out {
        let reason = words::hindrance(&l.reason);
        page.item(said(format!("{}: không được nhận, {}.", l.code, reason.vi), format!("{}: left out, {}.", l.code, reason.en)));
    }
    if pick.supervised {
        let all = pick.supervisors.join(", ");
        page.item(said(format!("Lãnh đạo có thể giám sát: {all}"), format!("Supervisors who could: {all}")));
    }
    page
}
