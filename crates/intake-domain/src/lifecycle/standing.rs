//! A declaration's standing and its transitions: each consumes the old standing and gives the new one with its facts.
use values::{Lane, Version, Vnd};

use super::{Fact, Refusal, State};

/// Where a declaration stands, as far as clearance depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Current version.
    pub version: Version,
    /// State of that version.
    pub state: State,
    /// Its lane, once decided.
    pub lane: Option<Lane>,
    /// Duty due, whole VND.
    pub duty: Vnd,
    /// Whether clearance need not wait for the payment.
    pub guaranteed: bool,
    /// Paid so far, over all versions; more than the duty is kept as it came.
    pub paid: Vnd,
}

/// The new standing and what is to be told, in order.
pub type Step = (Standing, Vec<Fact>);

/// A fact names a version that is not known yet: it waits for that version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("version {} is not known yet, the current one is {}", .named.count(), .current.count())]
pub struct NotYet {
    /// The version named.
    pub named: Version,
    /// The newest version known.
    pub current: Version,
}

impl Standing {
    /// A declaration that was just accepted.
    pub const fn lodged(duty: Vnd, guaranteed: bool) -> Self {
        Self { version: Version::FIRST, state: State::Registered, lane: None, duty, guaranteed, paid: Vnd::ZERO }
    }

    /// What is left to pay before clearance; zero under guarantee.
    pub fn outstanding(&self) -> Vnd {
        let left = self.duty.units().saturating_sub(self.paid.units()).max(0);
        if self.guaranteed { Vnd::ZERO } else { Vnd::from_units(left) }
    }

    /// The declarant replaces the whole content: next version, waiting for its lane. Payments stay.
    ///
    /// # Errors
    /// Cleared, withdrawn, or amended nine times.
    pub fn amend(self, duty: Vnd, guaranteed: bool) -> Result<Step, Refusal> {
        match self.state {
            State::Cleared => Err(Refusal::AmendCleared),
            State::Withdrawn => Err(Refusal::AmendWithdrawn),
            _ => {
                let version = self.version.next().ok_or(Refusal::TooManyAmendments)?;
                Ok((Self { version, state: State::Registered, lane: None, duty, guaranteed, ..self }, vec![Fact::Amended]))
            }
        }
    }

    /// The declarant takes it back.
    ///
    /// # Errors
    /// Cleared, or withdrawn before.
    pub fn withdraw(self) -> Result<Step, Refusal> {
        match self.state {
            State::Cleared => Err(Refusal::WithdrawCleared),
            State::Withdrawn => Err(Refusal::WithdrawTwice),
            _ => Ok((Self { state: State::Withdrawn, ..self }, vec![Fact::Withdrawn])),
        }
    }

    /// Money came, in any state; it clears what waits for nothing else.
    ///
    /// # Errors
    /// Nothing paid, or more than 63 bits in all.
    pub fn pay(self, amount: Vnd) -> Result<Step, Refusal> {
        if amount.units() <= 0 {
            return Err(Refusal::NothingPaid);
        }
        let paid = self.paid.checked_add(amount).ok_or(Refusal::PaidTooMuch)?;
        let mut facts = vec![Fact::PaymentReceived { amount, paid }];
        let paid = Self { paid, ..self };
        if paid.state == State::TaxDue && paid.outstanding() == Vnd::ZERO {
            facts.push(Fact::Cleared);
            return Ok((Self { state: State::Cleared, ..paid }, facts));
        }
        Ok((paid, facts))
    }

    /// The lane of a version was decided; with an officer already, the check begins at once.
    ///
    /// # Errors
    /// The version is not known yet.
    pub fn lane_decided(self, version: Version, lane: Lane, officer_assigned: bool) -> Result<Step, NotYet> {
        if !self.concerns(version)? || self.state != State::Registered {
            return Ok(self.superseded(version));
        }
        let told = Fact::LaneTaken { lane };
        let state = match lane {
            Lane::Green => {
                let (standing, facts) = Self { lane: Some(lane), state: State::Green, ..self }.checked();
                return Ok((standing, [vec![told], facts].concat()));
            }
            Lane::Yellow | Lane::Red if officer_assigned => State::UnderExamination,
            Lane::Yellow => State::Yellow,
            Lane::Red => State::Red,
        };
        Ok((Self { lane: Some(lane), state, ..self }, vec![told]))
    }

    /// A person changed the lane of a version that is under check.
    ///
    /// # Errors
    /// The version is not known yet.
    pub fn lane_changed(self, version: Version, lane: Lane, officer_assigned: bool) -> Result<Step, NotYet> {
        if !self.concerns(version)? || !self.state.is_under_check() {
            return Ok(self.superseded(version));
        }
        Self { state: State::Registered, lane: None, ..self }.lane_decided(version, lane, officer_assigned)
    }

    /// An officer has it; another officer later changes nothing here.
    ///
    /// # Errors
    /// The version is not known yet.
    pub fn assigned(self, version: Version) -> Result<Step, NotYet> {
        if !self.concerns(version)? || !self.state.is_under_check() {
            return Ok(self.superseded(version));
        }
        Ok((Self { state: State::UnderExamination, ..self }, Vec::new()))
    }

    /// The check of a version was concluded.
    ///
    /// # Errors
    /// The version is not known yet.
    pub fn concluded(self, version: Version, conform: bool) -> Result<Step, NotYet> {
        if !self.concerns(version)? || !self.state.is_under_check() {
            return Ok(self.superseded(version));
        }
        if conform { Ok(self.checked()) } else { Ok((Self { state: State::Refused, ..self }, vec![Fact::ClearanceRefused])) }
    }

    /// All checks are done: the tax alone decides.
    fn checked(self) -> Step {
        let amount = self.outstanding();
        if amount == Vnd::ZERO {
            (Self { state: State::Cleared, ..self }, vec![Fact::Cleared])
        } else {
            (Self { state: State::TaxDue, ..self }, vec![Fact::TaxDue { amount }])
        }
    }

    /// Whether a fact is about the current version.
    fn concerns(&self, named: Version) -> Result<bool, NotYet> {
        if named > self.version { Err(NotYet { named, current: self.version }) } else { Ok(named == self.version) }
    }

    fn superseded(self, named: Version) -> Step {
        (self, vec![Fact::Superseded { named }])
    }
}
