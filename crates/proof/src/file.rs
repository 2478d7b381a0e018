//! The way of a declaration's file from hand to hand.
use contracts::risk::{AssignmentClosed, Concluded, LaneChanged, Reassigned};
use values::Lane;

use crate::{findings::Findings, item::Item, office::Office, report::Check};

/// What is known of a declaration from the rows of this day.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// When it was decided on this day; `None`: on an earlier one.
    pub decided_at: Option<i64>,
    /// Of the version now; `None` when no row has told it.
    pub version: Option<u32>,
    /// Of the last assignment of this version.
    pub round: Option<u32>,
    pub holder: Holder,
    pub points: Option<u32>,
    /// Who gave the version before up, and when.
    pub closed: Option<(String, i64)>,
    /// A reassignment by draw is under way: its round and who gave the file up.
    pub drawing: Option<(u32, String)>,
    /// For the auditor.
    pub lane: Option<Lane>,
    /// Of all selection draws so far, and of those that an amendment must keep.
    pub drawn: Vec<[u8; 16]>,
}

/// Who has a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Holder {
    /// No row of this day has told.
    #[default]
    Unknown,
    Nobody,
    Queued,
    Officer(String),
}

impl Holder {
    fn is(&self, officer: &str) -> bool {
        match self {
            Self::Unknown => true,
            Self::Nobody => false,
            Self::Queued => officer.is_empty(),
            Self::Officer(code) => code == officer,
        }
    }
}

impl Office {
    /// A version was decided; nobody has it yet.
    pub fn begun(&mut self, item: &Item, version: Option<u32>, findings: &mut Findings) {
        self.decisions += 1;
        findings.count("decisions", 1);
        let file = self.files.entry(item.subject.clone()).or_default();
        if matches!(file.holder, Holder::Officer(_) | Holder::Queued) {
            findings.add(item, Check::Holder, "decided again while an officer has the version before");
        }
        if let (Some(before), Some(now)) = (file.version, version)
            && now <= before
        {
            findings.add(item, Check::Row, format!("version {now} is decided after version {before}"));
        }
        file.decided_at = Some(item.at);
        file.version = version;
        (file.round, file.points, file.drawing, file.holder) = (None, None, None, Holder::Nobody);
    }

    /// A file left an officer: was it his, of this version and with these points?
    fn left(&mut self, item: &Item, version: u32, officer: &str, points: Option<u32>, findings: &mut Findings) -> &mut File {
        let file = self.files.entry(item.subject.clone()).or_default();
        if !file.holder.is(officer) {
            findings.add(item, Check::Holder, format!("{officer:?} does not have this file: {:?}", file.holder));
        }
        if file.version.is_some_and(|v| v != version) {
            findings.add(item, Check::Row, format!("version {version} is not the one that was decided"));
        }
        if let (Some(before), Some(now)) = (file.points, points)
            && before != now
        {
            findings.add(item, Check::Points, format!("the file has {before} points, not {now}"));
        }
        file
    }

    pub fn reassigned(&mut self, item: &Item, fact: &Reassigned, findings: &mut Findings) {
        let file = self.left(item, fact.version, &fact.from, Some(fact.points), findings);
        let next = file.round.map(|r| r + 1);
        if fact.drawn {
            if next.is_some_and(|n| n != fact.round) {
                findings.add(item, Check::Round, format!("round {} follows {:?}", fact.round, file.round));
            }
            file.drawing = Some((fact.round, fact.from.clone()));
            file.holder = Holder::Nobody;
        } else {
            if next.is_some_and(|n| n != fact.round && n != fact.round + 1) {
                findings.add(item, Check::Round, format!("round {} follows {:?}", fact.round, file.round));
            }
            file.round = Some(fact.round);
            file.holder = Holder::Officer(fact.to.clone());
        }
        file.version = Some(fact.version);
        file.points = Some(fact.points);
        self.ledger.released(&fact.from, fact.points);
        findings.count("reassignments", 1);
        if !fact.drawn {
            if self.roster.officer(&fact.to).is_none() {
                findings.add(item, Check::Officer, format!("{} is not on the roster", fact.to));
            }
            self.ledger.taken(&fact.to, fact.points);
        }
    }

    pub fn assignment_closed(&mut self, item: &Item, fact: &AssignmentClosed, findings: &mut Findings) {
        let points = (!fact.officer.is_empty()).then_some(fact.points);
        let file = self.left(item, fact.version, &fact.officer, points, findings);
        file.holder = Holder::Nobody;
        file.closed = Some((fact.officer.clone(), item.at));
        if !fact.officer.is_empty() {
            self.ledger.released(&fact.officer, fact.points);
        }
    }

    pub fn concluded(&mut self, item: &Item, fact: &Concluded, findings: &mut Findings) {
        let file = self.left(item, fact.version, &fact.officer, None, findings);
        file.holder = Holder::Nobody;
        self.ledger.concluded(&fact.officer);
        findings.count("conclusions", 1);
    }

    /// Another form may mean other points; the public sees no more of it.
    pub fn lane_changed_unseen(&mut self, item: &Item) {
        self.files.entry(item.subject.clone()).or_default().points = None;
    }

    pub fn lane_changed(&mut self, item: &Item, fact: &LaneChanged, facts: &[&Item], findings: &mut Findings) {
        let (from, to) = (lane(fact.from), lane(fact.to));
        let follows = |name: &str| facts.iter().any(|f| f.name == name && f.subject == item.subject);
        if (from == Some(Lane::Green)) != follows("Assigned") || (to == Some(Lane::Green)) != follows("AssignmentClosed") || from == to {
            findings.add(item, Check::Missing, format!("from {from:?} to {to:?} and the file does not begin or end there"));
        }
        let file = self.files.entry(item.subject.clone()).or_default();
        if file.lane.is_some() && file.lane != from {
            findings.add(item, Check::Lane, format!("the lane was {:?}, not {from:?}", file.lane));
        }
        if file.version.is_some_and(|v| v != fact.version) {
            findings.add(item, Check::Row, format!("version {} is not the one that was decided", fact.version));
        }
        // The form, and with it the points, may have changed.
        (file.lane, file.points) = (to, None);
    }
}

/// A lane from the wire.
pub fn lane(value: i32) -> Option<Lane> {
    match value {
        1 => Some(Lane::Green),
        2 => Some(Lane::Yellow),
        3 => Some(Lane::Red),
        _ => None,
    }
}
