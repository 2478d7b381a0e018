//! The life of a daily report: open, closed as a version, signed for by a second person; a correction is a new version to be signed again.
use crate::{Figure, Scope, correction_due, digest, live_digest};
use values::{Day, Digest, Instant, local_day};

/// Where the newest version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Figures still move.
    Open,
    /// Figures are frozen.
    Closed,
    /// Somebody else than who froze them signed for them.
    Signed,
}

impl State {
    /// `OPEN`, `CLOSED` or `SIGNED`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
            Self::Signed => "SIGNED",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Closed, Self::Signed].into_iter().find(|state| state.as_str() == text)
    }
}

/// The newest version of the report of a day; earlier ones are kept by whoever stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose.
    pub scope: Scope,
    /// Which day.
    pub day: Day,
    /// Where it stands.
    pub state: State,
    /// 0 while open, then 1 and one more with each correction.
    pub version: u32,
    /// [`digest`] of the frozen figures; zeros while open.
    pub digest: Digest,
    /// [`live_digest`] of the frozen figures, to see what arrives later; zeros while open.
    pub live_digest: Digest,
    /// Why it was corrected; empty for version 1.
    pub reason: String,
    /// Who froze this version; empty while open.
    pub closed_by: String,
    /// When.
    pub closed_at: Option<Instant>,
    /// Who signed this version; empty until then.
    pub signed_by: String,
    /// When.
    pub signed_at: Option<Instant>,
}

/// Why a step was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Closing twice; a correction is wanted.
    #[error("the report is closed already, as version {0}")]
    AlreadyClosed(u32),
    /// Signing or correcting what still moves.
    #[error("the report is not closed yet")]
    NotClosed,
    /// Signing twice.
    #[error("version {0} is signed already")]
    AlreadySigned(u32),
    /// Signing another version than the newest.
    #[error("version {asked} was to be signed, but the newest is {newest}")]
    WrongVersion {
        /// Asked for.
        asked: u32,
        /// There.
        newest: u32,
    },
    /// Who froze the figures cannot sign for them.
    #[error("a second person must sign")]
    SecondPersonNeeded,
    /// A correction without a reason of 1 to 500 characters.
    #[error("a correction needs a reason of 1 to 500 characters")]
    ReasonMissing,
    /// A day that has not begun.
    #[error("the day has not begun")]
    DayNotBegun,
}

impl Report {
    /// Nothing closed yet.
    pub fn open(scope: Scope, day: Day) -> Self {
        Self {
            scope,
            day,
            state: State::Open,
            version: 0,
            digest: [0; 32],
            live_digest: [0; 32],
            reason: String::new(),
            closed_by: String::new(),
            closed_at: None,
            signed_by: String::new(),
            signed_at: None,
        }
    }

    /// Freezes the figures as version 1. A running day may be closed; what still comes shows as correction due.
    pub fn close(self, figures: &[Figure], by: &str, now: Instant) -> Result<Self, ReportError> {
        match self.state {
            State::Closed | State::Signed => Err(ReportError::AlreadyClosed(self.version)),
            State::Open if self.day > local_day(now) => Err(ReportError::DayNotBegun),
            State::Open => Ok(self.frozen(figures, "", by, now)),
        }
    }

    /// Signs for the newest version.
    pub fn sign_off(self, version: u32, by: &str, now: Instant) -> Result<Self, ReportError> {
        if self.state == State::Open {
            return Err(ReportError::NotClosed);
        }
        if version != self.version {
            return Err(ReportError::WrongVersion { asked: version, newest: self.version });
        }
        if self.state == State::Signed {
            return Err(ReportError::AlreadySigned(version));
        }
        if by.is_empty() || by == self.closed_by {
            return Err(ReportError::SecondPersonNeeded);
        }
        Ok(Self { state: State::Signed, signed_by: by.to_owned(), signed_at: Some(now), ..self })
    }

    /// Freezes the figures as the next version, which must be signed again.
    pub fn correct(self, figures: &[Figure], reason: &str, by: &str, now: Instant) -> Result<Self, ReportError> {
        if self.state == State::Open {
            return Err(ReportError::NotClosed);
        }
        let reason = reason.trim();
        if !(1..=500).contains(&reason.chars().count()) {
            return Err(ReportError::ReasonMissing);
        }
        Ok(self.frozen(figures, reason, by, now))
    }

    /// Something arrived after the newest version was frozen.
    pub fn correction_due(&self, live: &[Figure]) -> bool {
        self.state != State::Open && correction_due(&self.live_digest, &live_digest(&self.scope, self.day, live))
    }

    fn frozen(self, figures: &[Figure], reason: &str, by: &str, now: Instant) -> Self {
        let version = self.version.saturating_add(1);
        Self {
            state: State::Closed,
            version,
            digest: digest(&self.scope, self.day, version, figures),
            live_digest: live_digest(&self.scope, self.day, figures),
            reason: reason.to_owned(),
            closed_by: by.to_owned(),
            closed_at: Some(now),
            ..Self::open(self.scope, self.day)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, Tally};
    use chrono::{DateTime, TimeDelta};

    fn now() -> Instant {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn figures(open: i64) -> Vec<Figure> {
        let mut tally = Tally::new();
        tally.add(Cell::Open, open);
        tally.finish()
    }

    fn open() -> Report {
        Report::open(Scope::parse("32BB").unwrap(), local_day(now()))
    }

    #[test]
    fn a_report_is_closed_signed_corrected_and_signed_again() {
        let signed = open().close(&figures(1), "an", now()).unwrap().sign_off(1, "binh", now()).unwrap();
        assert_eq!((signed.state, signed.version, signed.correction_due(&figures(1))), (State::Signed, 1, false));
        assert!(signed.correction_due(&figures(2)));
        let corrected = signed.clone().correct(&figures(2), " a late truck ", "binh", now()).unwrap();
        assert_eq!((corrected.state, corrected.version, corrected.reason.as_str()), (State::Closed, 2, "a late truck"));
        assert_eq!((corrected.signed_by.as_str(), corrected.signed_at), ("", None));
        assert_ne!(corrected.digest, signed.digest);
        assert!(!corrected.correction_due(&figures(2)));
        assert_eq!(corrected.clone().sign_off(2, "binh", now()), Err(ReportError::SecondPersonNeeded));
        assert_eq!(corrected.sign_off(2, "an", now()).unwrap().state, State::Signed);
    }

    #[test]
    fn every_step_out_of_turn_is_refused() {
        assert_eq!(open().sign_off(0, "an", now()), Err(ReportError::NotClosed));
        assert_eq!(open().correct(&[], "why", "an", now()), Err(ReportError::NotClosed));
        assert_eq!(open().close(&[], "an", now() - TimeDelta::days(2)), Err(ReportError::DayNotBegun));
        let closed = open().close(&[], "an", now()).unwrap();
        assert_eq!(closed.clone().close(&[], "an", now()), Err(ReportError::AlreadyClosed(1)));
        assert_eq!(closed.clone().sign_off(2, "binh", now()), Err(ReportError::WrongVersion { asked: 2, newest: 1 }));
        assert_eq!(closed.clone().correct(&[], "  ", "an", now()), Err(ReportError::ReasonMissing));
        let signed = closed.sign_off(1, "binh", now()).unwrap();
        assert_eq!(signed.sign_off(1, "chi", now()), Err(ReportError::AlreadySigned(1)));
        assert!(!open().correction_due(&figures(1)));
    }

    #[test]
    fn states_are_read_back() {
        for state in [State::Open, State::Closed, State::Signed] {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse(""), None);
    }
}
