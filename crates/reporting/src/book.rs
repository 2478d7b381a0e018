//! What a batch of facts adds to the read models, merged in memory: one statement cannot touch a row twice.
use std::{borrow::Cow, collections::BTreeMap};

use platform::{Fact, Instant, Outcome};
use reporting_domain::{Row, StageKind, Stamp, VisitFact, VisitRow};
use values::{DeclarationKey, Version};

/// All that a batch adds, lent by its facts where they say it in so many words; rows are kept, and so locked, in the order of their keys.
#[derive(Debug, Default)]
pub struct Book<'f> {
    pub rows: BTreeMap<(DeclarationKey, Version), Patch<'f>>,
    /// Stages of facts that write no row of a declaration, such as those of vehicles.
    pub stages: Vec<StageRow<'f>>,
    pub refusals: Vec<RefusalRow<'f>>,
    pub visits: BTreeMap<String, VisitPatch<'f>>,
}

/// What is new about one version.
#[derive(Debug)]
pub struct Patch<'f> {
    pub row: Row,
    /// From the registration, else from whoever spoke first.
    pub office: Cow<'f, str>,
    pub class: &'static str,
    pub sender: String,
    pub reference: String,
    pub form: &'static str,
    /// Of the registration.
    pub trace: &'f str,
    /// Of the facts that are in this patch.
    pub stages: Vec<Stage<'f>>,
}

/// A stage that has no row to grow on.
#[derive(Debug)]
pub struct StageRow<'f> {
    pub key: DeclarationKey,
    pub version: Version,
    pub stage: Stage<'f>,
}

/// One stage of one declaration's way.
#[derive(Debug, Clone)]
pub struct Stage<'f> {
    pub place: Place<'f>,
    pub kind: StageKind,
    /// Gate.
    pub gate: String,
    /// Who did it: an officer's service code or a caller; '' for machines.
    pub person: &'f str,
    pub lane: &'static str,
    pub form: &'static str,
    /// `yes`, `no` or ''.
    pub conform: &'static str,
    pub amount_vnd: i64,
    pub reason: String,
    pub officer: String,
}

/// Where a fact stands and when it was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Place<'f> {
    pub topic: &'f str,
    pub stream: i32,
    pub position: i64,
    pub at: Instant,
    pub office: &'f str,
    pub actor: &'f str,
    pub trace: &'f str,
}

/// A message that became no declaration.
#[derive(Debug)]
pub struct RefusalRow<'f> {
    pub place: Place<'f>,
    pub attempt: &'static str,
    pub direction: &'static str,
    pub kind: String,
    pub code: String,
    pub sender: String,
    pub reference: String,
}

/// What is new about one visit, with the office of each first occurrence.
#[derive(Debug)]
pub struct VisitPatch<'f> {
    pub row: VisitRow,
    pub arrived_office: &'f str,
    pub held_office: &'f str,
    pub departed_office: &'f str,
}

/// A fact that says what cannot be.
#[derive(Debug)]
pub struct Unfit(pub String);

impl From<Unfit> for Outcome {
    fn from(unfit: Unfit) -> Self {
        Self::Reject { code: "UNFIT", reason: unfit.0 }
    }
}

impl From<values::Malformed> for Unfit {
    fn from(malformed: values::Malformed) -> Self {
        Self(malformed.to_string())
    }
}

impl<'f> Place<'f> {
    /// Of a fact of ours, which always says when it was recorded.
    pub fn of(fact: &'f Fact) -> Result<Self, Unfit> {
        Ok(Self {
            topic: &fact.topic,
            stream: fact.partition,
            position: fact.position,
            at: fact.at().ok_or_else(|| Unfit("expected a time in ce_time".to_owned()))?,
            office: fact.office(),
            actor: fact.actor(),
            trace: fact.traceparent(),
        })
    }

    /// What orders two facts of one owner.
    pub fn stamp(&self) -> Stamp {
        Stamp { at: self.at, position: self.position.unsigned_abs() }
    }
}

impl<'f> Stage<'f> {
    /// A stage about which nothing more is to be said.
    pub fn new(place: &Place<'f>, kind: StageKind) -> Self {
        // A machine acts under the name of its service, and no service is a person.
        let machine = ["intake", "risk", "tracking", "reporting"].contains(&place.actor);
        Self {
            place: *place,
            kind,
            gate: String::new(),
            person: if machine { "" } else { place.actor },
            lane: "",
            form: "",
            conform: "",
            amount_vnd: 0,
            reason: String::new(),
            officer: String::new(),
        }
    }
}

impl<'f> Patch<'f> {
    /// A fact about the version, and the stage that it tells.
    pub fn tell(&mut self, fact: &reporting_domain::Fact, stage: Stage<'f>) {
        self.row.apply(stage.place.stamp(), fact);
        self.stages.push(stage);
    }
}

impl<'f> Book<'f> {
    /// The patch of a version, begun if it is the first of the batch.
    pub fn row(&mut self, place: &Place<'f>, key: DeclarationKey, version: Version) -> &mut Patch<'f> {
        self.rows.entry((key, version)).or_insert_with(|| Patch {
            row: Row::new(key, version),
            office: Cow::Borrowed(place.office),
            class: "",
            sender: String::new(),
            reference: String::new(),
            form: "",
            trace: "",
            stages: Vec::new(),
        })
    }

    /// A fact about a visit at the office of a gate.
    pub fn visit(&mut self, place: &Place<'f>, id: &str, fact: VisitFact) {
        let patch = self.visits.entry(id.to_owned()).or_insert_with(|| VisitPatch {
            row: VisitRow::new(id.to_owned()),
            arrived_office: "",
            held_office: "",
            departed_office: "",
        });
        let (at, office) = match fact {
            VisitFact::Arrived => (patch.row.arrived_at, &mut patch.arrived_office),
            VisitFact::Held => (patch.row.held_at, &mut patch.held_office),
            VisitFact::Departed => (patch.row.departed_at, &mut patch.departed_office),
        };
        if at.is_none_or(|at| place.at < at) {
            *office = place.office;
        }
        patch.row.apply(place.at, fact);
    }
}
