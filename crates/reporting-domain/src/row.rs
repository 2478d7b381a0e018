//! The read model of one version of one declaration, folded from facts that may come in any order, twice or late.
use crate::merge::{first, last};
use crate::{At, Reason, Stamp};
use values::{CurrencyCode, Day, DeclarationKey, Direction, Instant, KindCode, Lane, OfficeCode, OfficerCode, Version, local_day};

/// What a version declares, as far as a report counts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registration {
    /// Office of declaration.
    pub office: OfficeCode,
    /// Import or export.
    pub direction: Direction,
    /// Procedure code.
    pub kind: KindCode,
    /// False for the version that was lodged, true for an amendment of it.
    pub amended: bool,
    /// Invoice total, 10^-4 of the currency.
    pub value: i64,
    /// Currency of the value.
    pub currency: CurrencyCode,
    /// Duty due, whole VND.
    pub duty_vnd: i64,
}

/// The lane, and how it went with the officer at that moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// Lane.
    pub lane: Lane,
    /// Why no officer could be drawn.
    pub queue_reason: Option<Reason>,
}

/// A fact of intake or risk about one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Lodged or amended: the version exists.
    Registered(Registration),
    /// The next version was registered, so that this one is no longer in force.
    Replaced,
    /// Withdrawn by the declarant.
    Withdrawn,
    /// The lane was decided, with the officer drawn at once or the reason why not.
    Decided {
        /// Lane.
        lane: Lane,
        /// Drawn officer.
        officer: Option<OfficerCode>,
        /// Why none.
        queue_reason: Option<Reason>,
    },
    /// A queued file found its officer by draw.
    Assigned(OfficerCode),
    /// The file went to another officer.
    Reassigned(OfficerCode),
    /// Amendment or withdrawal ended the assignment.
    AssignmentClosed,
    /// The check is done.
    Concluded {
        /// Result.
        conform: bool,
    },
    /// A payment was booked.
    Paid {
        /// Paid so far in all, whole VND.
        in_all_vnd: i64,
    },
    /// Checks are done, tax is outstanding.
    TaxDue,
    /// Cleared.
    Cleared,
    /// Refused after a check that did not conform.
    ClearanceRefused,
}

/// One version. Every slot is filled by facts of one owner alone, and by the first or the last of them, so that facts commute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// First 11 digits.
    pub key: DeclarationKey,
    /// Amendment count.
    pub version: Version,
    /// First registration; a row without it is known from facts of other owners alone and is not counted yet.
    pub registered: Option<At<Registration>>,
    /// When the next version was registered.
    pub replaced_at: Option<Instant>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
    /// First lane.
    pub decided: Option<At<Decision>>,
    /// When an officer was first drawn.
    pub assigned_at: Option<Instant>,
    /// The latest officer.
    pub officer: Option<At<OfficerCode>>,
    /// When it was first reassigned.
    pub reassigned_at: Option<Instant>,
    /// When the assignment was closed without a conclusion.
    pub assignment_closed_at: Option<Instant>,
    /// First conclusion: conform or not.
    pub concluded: Option<At<bool>>,
    /// Most that was ever paid in all, whole VND.
    pub paid_vnd: i64,
    /// When tax was first found outstanding.
    pub tax_due_at: Option<Instant>,
    /// When it was cleared.
    pub cleared_at: Option<Instant>,
    /// When clearance was refused.
    pub clearance_refused_at: Option<Instant>,
}

impl Row {
    /// A version of which nothing is known.
    pub fn new(key: DeclarationKey, version: Version) -> Self {
        Self {
            key,
            version,
            registered: None,
            replaced_at: None,
            withdrawn_at: None,
            decided: None,
            assigned_at: None,
            officer: None,
            reassigned_at: None,
            assignment_closed_at: None,
            concluded: None,
            paid_vnd: 0,
            tax_due_at: None,
            cleared_at: None,
            clearance_refused_at: None,
        }
    }

    /// Folds a fact in. Commutative and idempotent.
    pub fn apply(&mut self, stamp: Stamp, fact: &Fact) {
        let Stamp { at, .. } = stamp;
        match fact {
            Fact::Registered(registration) => first(&mut self.registered, At { stamp, value: registration.clone() }),
            Fact::Replaced => first(&mut self.replaced_at, at),
            Fact::Withdrawn => first(&mut self.withdrawn_at, at),
            Fact::Decided { lane, officer, queue_reason } => {
                let decision = Decision { lane: *lane, queue_reason: queue_reason.clone() };
                first(&mut self.decided, At { stamp, value: decision });
                if let Some(officer) = officer {
                    self.draw(stamp, officer);
                }
            }
            Fact::Assigned(officer) => self.draw(stamp, officer),
            Fact::Reassigned(officer) => {
                first(&mut self.reassigned_at, at);
                last(&mut self.officer, At { stamp, value: *officer });
            }
            Fact::AssignmentClosed => first(&mut self.assignment_closed_at, at),
            Fact::Concluded { conform } => first(&mut self.concluded, At { stamp, value: *conform }),
            Fact::Paid { in_all_vnd } => self.paid_vnd = self.paid_vnd.max(*in_all_vnd),
            Fact::TaxDue => first(&mut self.tax_due_at, at),
            Fact::Cleared => first(&mut self.cleared_at, at),
            Fact::ClearanceRefused => first(&mut self.clearance_refused_at, at),
        }
    }

    fn draw(&mut self, stamp: Stamp, officer: &OfficerCode) {
        first(&mut self.assigned_at, stamp.at);
        last(&mut self.officer, At { stamp, value: *officer });
    }

    /// The first of all facts that count. To a row that is registered already, these facts change no earlier day, save by a payment.
    pub fn counts_from(&self) -> Option<Instant> {
        let of_stamps = [
            self.registered.as_ref().map(|registered| registered.stamp.at),
            self.decided.as_ref().map(|decided| decided.stamp.at),
            self.concluded.as_ref().map(|concluded| concluded.stamp.at),
        ];
        let of_times = [self.replaced_at, self.withdrawn_at, self.assigned_at, self.reassigned_at, self.cleared_at, self.clearance_refused_at];
        of_stamps.into_iter().chain(of_times).flatten().min()
    }

    /// Registered by the end of that day, and until then neither cleared, withdrawn, refused nor replaced.
    pub fn is_open_at_close(&self, day: Day) -> bool {
        let ends = [self.cleared_at, self.withdrawn_at, self.clearance_refused_at, self.replaced_at];
        self.registered.as_ref().is_some_and(|r| local_day(r.stamp.at) <= day) && ends.iter().flatten().all(|at| local_day(*at) > day)
    }
}

#[cfg(test)]
pub(crate) mod tests;
