//! The officer's voice: what matched and why, what was known before, and who got the file.
use serde::{Deserialize, Serialize};
use values::{Direction, Lane};

use super::{
    ContributionLine, Sources,
    auditor::LaneChangeTold,
    said::{Page, Said, said},
    words,
};
use crate::{
    assign::Choice,
    code::Form,
    facts::{Facts, Past},
    select::{LineScore, MatchOutcome},
    trace::PickTrace,
};

/// Format of [`OfficerView`] as JSON.
const FORMAT: &str = "cleargate.explanation.officer/1";

/// Contributions shown in text; JSON has all.
const STRONGEST: usize = 8;

/// The officer's explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficerView {
    pub format: String,
    /// 12 digits.
    pub number: String,
    pub office: String,
    /// YYYY-MM-DD.
    pub day: String,
    pub decided_at: Said,
    pub lane: Lane,
    pub form: Form,
    pub wanted: Said,
    pub ground: Said,
    pub because: Said,
    /// Millionths.
    pub score: u32,
    pub matched: Vec<MatchedProfile>,
    pub history: Vec<Said>,
    pub lines: Vec<LineScore>,
    /// Strongest first.
    pub contributions: Vec<ContributionLine>,
    pub points: u32,
    /// The first assignment and the later ones.
    pub assignments: Vec<Assigned>,
    pub lane_changes: Vec<LaneChangeTold>,
}

/// A profile whose criteria hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedProfile {
    pub profile: String,
    pub version: u32,
    /// 0: the declaration as a whole.
    pub line: u32,
    pub title: Said,
    pub outcome: MatchOutcome,
    /// The clauses that held, as the profile writes them.
    pub clauses: Vec<String>,
}

/// Who got the file, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    pub at: Said,
    /// '' while it waits.
    pub officer: String,
    pub supervisor: String,
    pub because: Said,
}

impl OfficerView {
    pub(super) fn of(sources: &Sources<'_>) -> Self {
        let (trace, selection) = (sources.trace, &sources.trace.selection);
        let matched = selection.matched.iter().map(|m| {
            let known = sources.clauses.iter().find(|c| c.profile == m.profile);
            MatchedProfile {
                profile: m.profile.clone(),
                version: m.version,
                line: m.line,
                title: known.map(|c| said(&c.title_vi, &c.title_en)).unwrap_or_default(),
                outcome: m.outcome,
                clauses: known.map(|c| c.clauses.clone()).unwrap_or_default(),
            }
        });
        let mut contributions = sources.contributions.to_vec();
        contributions.sort_by_key(|c| std::cmp::Reverse(c.millionths.unsigned_abs()));
        Self {
            format: FORMAT.to_owned(),
            number: format!("{}{}", trace.declaration, trace.version),
            office: trace.office.clone(),
            day: trace.day.clone(),
            decided_at: words::time(trace.now_us),
            lane: selection.lane,
            form: selection.form,
            wanted: words::wanted(selection.lane, selection.form),
            ground: words::ground(&selection.ground),
            because: words::by(&selection.by),
            score: selection.score,
            matched: matched.collect(),
            history: history(&trace.facts),
            lines: trace.scores.clone(),
            contributions,
            points: trace.points,
            assignments: trace.pick.iter().chain(sources.picks).map(assigned).collect(),
            lane_changes: sources.lane_changes.iter().map(LaneChangeTold::of).collect(),
        }
    }

    pub(super) fn page(&self) -> Page {
        let mut page = Page::default();
        let (at, office) = (&self.decided_at, &self.office);
        page.head(said(
            format!("Tờ khai hải quan số {}, đơn vị {office}, quyết định lúc {}", self.number, at.vi),
            format!("Declaration {}, office {office}, decided at {}", self.number, at.en),
        ));
        page.item(self.wanted.clone());
        page.item(said(format!("Căn cứ: {}.", self.ground.vi), format!("Ground: {}.", self.ground.en)));
        page.item(said(format!("Lý do: {}.", self.because.vi), format!("Because: {}.", self.because.en)));
        self.profiles(&mut page);
        page.section(said("Lịch sử", "History"), self.history.clone());
        self.scores(&mut page);
        let points = said(format!("Khối lượng công việc: {} điểm.", self.points), format!("Workload: {} points.", self.points));
        let assignments: Vec<Said> = self.assignments.iter().map(Assigned::told).collect();
        page.section(said("Phân công", "Assignment"), (!assignments.is_empty()).then_some(points).into_iter().chain(assignments));
        page.section(said("Chuyển luồng", "Lane changed"), self.lane_changes.iter().map(LaneChangeTold::told));
        page
    }

    fn profiles(&self, page: &mut Page) {
        if self.matched.is_empty() {
            page.head(said("Không tiêu chí rủi ro nào khớp.", "No risk profile matched."));
            return;
        }
        page.head(said("Tiêu chí rủi ro đã khớp", "Risk profiles that matched"));
        for m in &self.matched {
            let outcome = words::outcome(m.outcome);
            let line = if m.line == 0 { Said::default() } else { said(format!(", dòng hàng {}", m.line), format!(", line {}", m.line)) };
            let named = |title: &str| if title.is_empty() { String::new() } else { format!(" ({title})") };
            page.item(said(
                format!("{} bản {}{}{}: {}.", m.profile, m.version, named(&m.title.vi), line.vi, outcome.vi),
                format!("{} version {}{}{}: {}.", m.profile, m.version, named(&m.title.en), line.en, outcome.en),
            ));
            m.clauses.iter().for_each(|clause| page.detail(said(clause, clause)));
        }
    }

    fn scores(&self, page: &mut Page) {
        let score = words::percent(i64::from(self.score));
        page.head(said(format!("Điểm rủi ro: {}", score.vi), format!("Risk score: {}", score.en)));
        for c in self.contributions.iter().take(STRONGEST) {
            let part = words::percent(c.millionths);
            let plus = if c.millionths > 0 { "+" } else { "" };
            page.item(said(
                format!("dòng hàng {}: {} = {}: {plus}{}", c.line, c.name_vi, c.value, part.vi),
                format!("line {}: {} = {}: {plus}{}", c.line, c.name_en, c.value, part.en),
            ));
        }
    }
}

impl Assigned {
    fn told(&self) -> Said {
        let (at, why) = (&self.at, &self.because);
        let (who_vi, who_en) = if self.officer.is_empty() {
            ("Chưa phân công".to_owned(), "Nobody yet".to_owned())
        } else {
            (format!("Công chức {}", self.officer), format!("Officer {}", self.officer))
        };
        let supervised = |words: &str| if self.supervisor.is_empty() { String::new() } else { format!(" {words} {}.", self.supervisor) };
        said(
            format!("{who_vi}, lúc {}: {}.{}", at.vi, why.vi, supervised("Lãnh đạo đội giám sát kiểm tra:")),
            format!("{who_en}, at {}: {}.{}", at.en, why.en, supervised("Supervised by")),
        )
    }
}

fn assigned(pick: &PickTrace) -> Assigned {
    let (officer, because) = match &pick.assignment.choice {
        Choice::Officer(code) => (code.clone(), words::how(&pick.how)),
        Choice::Queued(reason) => (String::new(), words::hindrance(reason)),
    };
    Assigned { at: words::time(pick.now_us), officer, supervisor: pick.supervisor.clone(), because }
}

fn history(facts: &Facts) -> Vec<Said> {
    let history = &facts.history;
    let trader = match facts.direction {
        Direction::Import => said("Người nhập khẩu", "Importer"),
        Direction::Export => said("Người xuất khẩu", "Exporter"),
    };
    let declared = said("tờ khai", "declarations");
    let unfit = said("kết luận không phù hợp", "found not to conform");
    let mut told = vec![
        past(&trader, &facts.trader, &history.trader, &declared, &unfit),
        past(&said("Người khai hải quan", "Declarant"), &facts.declarant, &history.declarant, &declared, &unfit),
    ];
    if !facts.plate.is_empty() {
        let held = said("tạm giữ lại tại cửa khẩu", "held at a gate");
        told.push(past(&said("Phương tiện vận tải", "Vehicle"), &facts.plate, &history.vehicle, &declared, &held));
        let broken = said("niêm phong bị phá hoặc không khớp", "broken or different");
        told.push(past(&said("Niêm phong của phương tiện", "Seals of the vehicle"), "", &history.seal, &said("lần đọc", "readings"), &broken));
    }
    if history.compliance > 0 {
        let level = history.compliance;
        told.push(said(
            format!("Mức độ tuân thủ: {level} trên thang từ 1 (tuân thủ) đến 5."),
            format!("Compliance level: {level} of 1 (complies) to 5."),
        ));
    }
    told
}

fn past(who: &Said, code: &str, past: &Past, what: &Said, found: &Said) -> Said {
    let code = if code.is_empty() { String::new() } else { format!(" {code}") };
    if past.seen_365d == 0 {
        return said(format!("{}{code}: chưa có {} nào trong 365 ngày.", who.vi, what.vi), format!("{}{code}: no {} in 365 days.", who.en, what.en));
    }
    let (seen, bad) = ([past.seen_30d, past.seen_90d, past.seen_365d], [past.found_30d, past.found_90d, past.found_365d]);
    said(
        format!(
            "{}{code}: {} / {} / {} {} trong 30 / 90 / 365 ngày; {}: {} / {} / {}.",
            who.vi, seen[0], seen[1], seen[2], what.vi, found.vi, bad[0], bad[1], bad[2]
        ),
        format!(
            "{}{code}: {} / {} / {} {} in 30 / 90 / 365 days; {}: {} / {} / {}.",
            who.en, seen[0], seen[1], seen[2], what.en, found.en, bad[0], bad[1], bad[2]
        ),
    )
}
