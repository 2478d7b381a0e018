//! The cells of a daily report: a vocabulary that is parsed, printed and ordered the same way everywhere.
//!
//! A cell counts what happened on the office-local day of the owner's `recorded_at`, and sees everything else as it stood at the end of
//! that day, so that a figure does not change any more once every fact of the day has been heard.
use crate::{Attempt, Measure, Quantile, Reason, Unit};
use values::{CurrencyCode, Direction, KindCode, Lane};

/// One number of a report. The order of the variants is the order of the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// `lodged.total`: declarations lodged on the day; the sum of the next ones.
    LodgedTotal,
    /// `lodged.import.A11.green`, with `none` for no lane by the end of the day.
    Lodged {
        /// Import or export.
        direction: Direction,
        /// Procedure code.
        kind: KindCode,
        /// Lane of the version that was lodged.
        lane: Option<Lane>,
    },
    /// `amended`: amendments registered on the day.
    Amended,
    /// `refused.total`: messages refused on the day; the sum of the next ones.
    RefusedTotal,
    /// `refused.lodged` and so on.
    Refused(Attempt),
    /// `withdrawn`.
    Withdrawn,
    /// `cleared`.
    Cleared,
    /// `clearance-refused`.
    ClearanceRefused,
    /// `assigned.automatic`: of the versions whose yellow or red lane was decided on the day, those with the officer who was drawn.
    AssignedAutomatic,
    /// `assigned.queued.NO_ROSTER`: of the same, those without an officer at the end of the day, by reason.
    AssignedQueued(Reason),
    /// `assigned.reassigned`: of the same, those that were reassigned by the end of the day.
    AssignedReassigned,
    /// `assigned.share`: the automatic ones among the three groups; absent when there are none.
    AssignedShare,
    /// `reassigned`: versions first reassigned on the day, whenever their lane was decided.
    Reassigned,
    /// `median.lane`, `p90.clearance` and so on; absent when there was no such event.
    Duration {
        /// Which span.
        measure: Measure,
        /// Which percentile.
        quantile: Quantile,
    },
    /// `value.USD`: invoice totals as lodged on the day.
    Value(CurrencyCode),
    /// `duty`: duty due as lodged on the day.
    Duty,
    /// `dutiable.cleared`: declarations cleared on the day with duty due.
    DutiableCleared,
    /// `dutiable.paid`: of these, those whose duty was paid in full electronically.
    DutiablePaid,
    /// `duty.cleared`: duty due on what was cleared on the day.
    DutyCleared,
    /// `duty.paid`: of that, what was paid electronically.
    DutyPaid,
    /// `vehicles.in`: admitted.
    VehiclesIn,
    /// `vehicles.out`: let out.
    VehiclesOut,
    /// `vehicles.held`: first held.
    VehiclesHeld,
    /// `open`: versions in force at the end of the day, whenever lodged, neither cleared, withdrawn nor refused.
    Open,
}

/// A text that names no cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no cell is named {0:?}")]
pub struct NotACell(pub String);

/// Cells that name nothing but themselves.
static PLAIN: [(&str, Cell); 19] = [
    ("lodged.total", Cell::LodgedTotal),
    ("amended", Cell::Amended),
    ("refused.total", Cell::RefusedTotal),
    ("withdrawn", Cell::Withdrawn),
    ("cleared", Cell::Cleared),
    ("clearance-refused", Cell::ClearanceRefused),
    ("assigned.automatic", Cell::AssignedAutomatic),
    ("assigned.reassigned", Cell::AssignedReassigned),
    ("assigned.share", Cell::AssignedShare),
    ("reassigned", Cell::Reassigned),
    ("duty", Cell::Duty),
    ("dutiable.cleared", Cell::DutiableCleared),
    ("dutiable.paid", Cell::DutiablePaid),
    ("duty.cleared", Cell::DutyCleared),
    ("duty.paid", Cell::DutyPaid),
    ("vehicles.in", Cell::VehiclesIn),
    ("vehicles.out", Cell::VehiclesOut),
    ("vehicles.held", Cell::VehiclesHeld),
    ("open", Cell::Open),
];

impl Cell {
    /// Parses the dotted name.
    pub fn parse(text: &str) -> Result<Self, NotACell> {
        if let Some((_, cell)) = PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(cell.clone());
        }
        let parts: Vec<&str> = text.split('.').collect();
        Self::keyed(&parts).ok_or_else(|| NotACell(text.to_owned()))
    }

    fn keyed(parts: &[&str]) -> Option<Self> {
        Some(match parts {
            ["lodged", direction, kind, lane] => Self::Lodged {
                direction: Direction::parse(direction).ok()?,
                kind: KindCode::parse(kind).ok()?,
                lane: if *lane == "none" { None } else { Some(Lane::parse(lane).ok()?) },
            },
            ["refused", attempt] => Self::Refused(Attempt::parse(attempt)?),
            ["assigned", "queued", reason] => Self::AssignedQueued(Reason::parse(reason)?),
            ["value", currency] => Self::Value(CurrencyCode::parse(currency).ok()?),
            [quantile, measure] => Self::Duration { measure: Measure::parse(measure)?, quantile: Quantile::parse(quantile)? },
            _ => return None,
        })
    }

    /// Cells that a report has even when nothing happened: all that name nothing but themselves, except the share.
    pub fn always() -> impl Iterator<Item = Self> {
        PLAIN.iter().map(|(_, cell)| cell.clone()).filter(|cell| *cell != Self::AssignedShare)
    }

    /// What its number counts.
    pub fn unit(&self) -> Unit {
        match self {
            Self::RefusedTotal | Self::Refused(_) => Unit::Messages,
            Self::AssignedShare => Unit::PerMille,
            Self::Duration { .. } => Unit::Milliseconds,
            Self::Value(currency) => Unit::Money(*currency),
            Self::Duty | Self::DutyCleared | Self::DutyPaid => Unit::Vnd,
            Self::VehiclesIn | Self::VehiclesOut | Self::VehiclesHeld => Unit::Vehicles,
            _ => Unit::Declarations,
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lodged { direction, kind, lane } => write!(f, "lodged.{direction}.{kind}.{}", lane.map_or("none", Lane::as_str)),
            Self::Refused(attempt) => write!(f, "refused.{}", attempt.as_str()),
            Self::AssignedQueued(reason) => write!(f, "assigned.queued.{}", reason.as_str()),
            Self::Duration { measure, quantile } => write!(f, "{}.{}", quantile.as_str(), measure.as_str()),
            Self::Value(currency) => write!(f, "value.{currency}"),
            plain => f.write_str(PLAIN.iter().find(|(_, cell)| cell == plain).map_or("", |(name, _)| name)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn cell() -> impl Strategy<Value = Cell> {
        let plain = (0..PLAIN.len()).prop_map(|at| PLAIN[at].1.clone());
        let lane = prop_oneof![Just(None), Just(Some(Lane::Green)), Just(Some(Lane::Yellow)), Just(Some(Lane::Red))];
        let direction = prop_oneof![Just(Direction::Import), Just(Direction::Export)];
        let lodged = (direction, "[A-Z0-9]{3}", lane).prop_map(|(direction, kind, lane)| {
            let kind = KindCode::parse(&kind).unwrap();
            Cell::Lodged { direction, kind, lane }
        });
        let duration = (0..Measure::ALL.len(), 0..Quantile::ALL.len())
            .prop_map(|(m, q)| Cell::Duration { measure: Measure::ALL[m], quantile: Quantile::ALL[q] });
        prop_oneof![
            plain.clone(),
            plain,
            lodged,
            duration,
            (0..Attempt::ALL.len()).prop_map(|at| Cell::Refused(Attempt::ALL[at])),
            "[A-Z_]{1,12}".prop_map(|text| Cell::AssignedQueued(Reason::parse(&text).unwrap())),
            "[A-Z]{3}".prop_map(|text| Cell::Value(CurrencyCode::parse(&text).unwrap())),
        ]
    }

    proptest! {
        #[test]
        fn a_cell_is_read_back(cell in cell()) {
            prop_assert_eq!(Cell::parse(&cell.to_string()), Ok(cell));
        }

        #[test]
        fn what_parses_is_written_alike(text in "[a-z0-9A-Z.]{0,24}") {
            if let Ok(cell) = Cell::parse(&text) {
                prop_assert_eq!(cell.to_string(), text);
            }
        }
    }

    #[test]
    fn names_and_units_are_as_published() {
        let unit = |text: &str| Cell::parse(text).unwrap().unit().to_string();
        assert_eq!(unit("lodged.import.A11.green"), "declarations");
        assert_eq!(unit("value.USD"), "10^-4 USD");
        assert_eq!(unit("median.lane"), "ms");
        assert_eq!(unit("assigned.share"), "per mille");
        assert_eq!(unit("vehicles.in"), "vehicles");
        assert_eq!(unit("refused.paid"), "messages");
        assert_eq!(unit("duty"), "VND");
        for wrong in ["", "lodged", "lodged.import.A11.blue", "median.never", "value.usd", "assigned.queued.", "open.x"] {
            assert_eq!(Cell::parse(wrong), Err(NotACell(wrong.to_owned())));
        }
    }
}
