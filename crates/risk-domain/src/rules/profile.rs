//! Risk profiles: what makes a declaration worth a check, which check, how often and until when.
use std::collections::BTreeSet;

use values::{Day, Direction, Lane, OfficeCode};

use super::{document::ProfileDocument, fault::RuleFault, list::Versions, overlaps, reader::Reader};
use crate::{code::Form, criteria::Criterion, facts::Facts};

/// One version of a profile (ASYCUDA: criterion), valid on a range of days.
#[derive(Debug, Clone)]
pub struct Profile {
    pub id: String,
    pub version: u32,
    pub owner: String,
    pub reason: String,
    pub title_vi: String,
    pub title_en: String,
    /// `None`: both.
    pub direction: Option<Direction>,
    /// Empty: all.
    pub offices: Vec<OfficeCode>,
    pub valid_from: Day,
    /// Inclusive.
    pub valid_to: Day,
    /// As written.
    pub when: String,
    /// Ascending; one for each version of the lists that it names, together every day of the validity.
    pub criteria: Vec<InForce>,
    pub lane: Lane,
    pub form: Form,
    /// Millionths of the matches that are selected.
    pub share: u32,
    /// Millionths that a match adds to the rule score.
    pub weight: u32,
    pub ground: String,
    /// Selections per office and day; 0: without limit.
    pub cap_per_day: u32,
    /// Checks of one trader with nothing found after which it spares that trader; 0: never.
    pub spare_after: u32,
}

/// A criterion compiled for the lists of some days.
#[derive(Debug, Clone)]
pub struct InForce {
    pub from: Day,
    /// Inclusive.
    pub to: Day,
    pub criterion: Criterion,
}

impl InForce {
    pub fn covers(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

impl Profile {
    /// Valid on the day for the office and direction of the facts.
    pub fn applies(&self, facts: &Facts, day: Day) -> bool {
        self.direction.is_none_or(|d| d == facts.direction)
            && self.valid_from <= day
            && day <= self.valid_to
            && (self.offices.is_empty() || self.offices.iter().any(|o| o.as_str() == facts.office))
    }

    /// What it asks on a day; `None` outside its validity.
    pub fn criterion(&self, day: Day) -> Option<&Criterion> {
        self.criteria.iter().find(|c| c.covers(day)).map(|c| &c.criterion)
    }
}

/// Checks one profile; `None` when it has faults.
pub(super) fn read(document: &ProfileDocument, lists: &Versions, faults: &mut Vec<RuleFault>) -> Option<Profile> {
    let before = faults.len();
    let mut reader = Reader::new(&document.id, faults);
    reader.demand(document.id.is_empty() || !document.ground.contains(&document.id), "ground", || {
        "an article of law: the declarant reads it, so it cannot name the profile".to_owned()
    });
    let plain = (1..=40).contains(&document.id.len()) && document.id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    reader.demand(plain, "id", || "expected 1 to 40 letters, digits, -, _ and .".to_owned());
    reader.demand(document.version > 0, "version", || "counts from 1".to_owned());
    for (text, field) in [(&document.title_vi, "title_vi"), (&document.title_en, "title_en"), (&document.ground, "ground")] {
        reader.text(text, field, 300);
    }
    let direction = reader.direction(&document.direction);
    let offices: Vec<OfficeCode> = document.offices.iter().filter_map(|o| reader.office(o, "offices")).collect();
    let span = reader.span(&document.valid_from, &document.valid_to);
    let lane = Lane::parse(&document.lane).map_err(|e| reader.complain("lane", e.to_string())).ok();
    let form = form(&document.form, lane, &mut reader);
    let share = reader.percent(&document.share, "share");
    reader.demand(document.weight <= 1_000_000, "weight", || "at most 1000000 millionths".to_owned());
    let criteria = criteria(document, span, lists, &mut reader);
    if faults.len() > before {
        return None;
    }
    let (valid_from, valid_to) = span?;
    Some(Profile {
        id: document.id.clone(),
        version: document.version,
        owner: document.owner.clone(),
        reason: document.reason.clone(),
        title_vi: document.title_vi.clone(),
        title_en: document.title_en.clone(),
        direction: direction?,
        offices,
        valid_from,
        valid_to,
        when: document.when.clone(),
        criteria,
        lane: lane?,
        form: form?,
        share: share?,
        weight: document.weight,
        ground: document.ground.clone(),
        cap_per_day: document.cap_per_day,
        spare_after: document.spare_after,
    })
}

fn form(text: &str, lane: Option<Lane>, reader: &mut Reader<'_>) -> Option<Form> {
    let form = match text {
        "" => return lane.map(Form::of),
        "none" => Form::None,
        "documents" => Form::Documents,
        "scanner" => Form::Scanner,
        "direct" => Form::Direct,
        "laboratory" => Form::Laboratory,
        _ => {
            reader.complain("form", "expected none, documents, scanner, direct or laboratory");
            return None;
        }
    };
    let (fits, wanted) = match lane? {
        Lane::Green => (form == Form::None, "the green lane has no form of examination"),
        Lane::Yellow => (form == Form::Documents, "the yellow lane examines documents"),
        Lane::Red => (form >= Form::Scanner, "the red lane examines by scanner, direct or laboratory"),
    };
    reader.demand(fits, "form", || wanted.to_owned());
    Some(form)
}

/// Compiles the expression for each span of days on which its lists stay the same; without a span against the lists of no day.
fn criteria(document: &ProfileDocument, span: Option<(Day, Day)>, lists: &Versions, reader: &mut Reader<'_>) -> Vec<InForce> {
    let (from, to) = span.unwrap_or((Day::MAX, Day::MAX));
    let mut compiled = Vec::new();
    let mut told = BTreeSet::new();
    for (from, to) in lists.parts(from, to, &document.when) {
        match Criterion::compile(&document.when, &lists.on(from)) {
            Ok(criterion) => compiled.push(InForce { from, to, criterion }),
            Err(faults) => {
                for fault in faults {
                    let missing = fault.text.starts_with("there is no list");
                    // Without days nobody knows which lists are in force.
                    if missing && span.is_none() {
                        continue;
                    }
                    let text = if missing { format!("{} (from {from} to {to})", fault.text) } else { fault.text };
                    if told.insert((fault.line, fault.column, text.clone())) {
                        reader.push(RuleFault { line: fault.line, column: fault.column, ..RuleFault::new(&document.id, "when", text) });
                    }
                }
            }
        }
    }
    compiled
}

/// No version twice, no two versions valid on one day.
pub(super) fn versions(documents: &[ProfileDocument], faults: &mut Vec<RuleFault>) {
    let span = |d: &ProfileDocument| Some((d.valid_from.parse().ok()?, d.valid_to.parse().ok()?));
    overlaps(documents.iter().map(|d| (d.id.as_str(), d.version, span(d))), faults);
}
