//! Indicators of digital customs that follow from the figures of daily reports.
use crate::{Cell, Figure};

/// What is measured against a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndicatorName {
    /// Checks whose officer was drawn by the system and stayed, among all yellow and red ones.
    AssignedAutomatically,
    /// Declarations cleared with duty due that was paid in full electronically, by count.
    PaidElectronicallyByCount,
    /// The same by amount.
    PaidElectronicallyByAmount,
}

/// A share of two sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicator {
    /// Which.
    pub name: IndicatorName,
    /// The part.
    pub numerator: i64,
    /// The whole.
    pub denominator: i64,
}

impl IndicatorName {
    /// All that can be computed from what the platform hears.
    pub const ALL: [Self; 3] = [Self::AssignedAutomatically, Self::PaidElectronicallyByCount, Self::PaidElectronicallyByAmount];

    /// Dotted name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AssignedAutomatically => "assigned.automatically",
            Self::PaidElectronicallyByCount => "paid.electronically.count",
            Self::PaidElectronicallyByAmount => "paid.electronically.amount",
        }
    }

    const fn is_part(self, cell: &Cell) -> bool {
        match self {
            Self::AssignedAutomatically => matches!(cell, Cell::AssignedAutomatic),
            Self::PaidElectronicallyByCount => matches!(cell, Cell::DutiablePaid),
            Self::PaidElectronicallyByAmount => matches!(cell, Cell::DutyPaid),
        }
    }

    const fn is_whole(self, cell: &Cell) -> bool {
        match self {
            Self::AssignedAutomatically => matches!(cell, Cell::AssignedAutomatic | Cell::AssignedQueued(_) | Cell::AssignedReassigned),
            Self::PaidElectronicallyByCount => matches!(cell, Cell::DutiableCleared),
            Self::PaidElectronicallyByAmount => matches!(cell, Cell::DutyCleared),
        }
    }
}

impl Indicator {
    /// Thousandths, rounded down; -1 when the whole is 0.
    pub fn per_mille(&self) -> i64 {
        per_mille(self.numerator, self.denominator).unwrap_or(-1)
    }
}

/// All indicators over the figures of any number of days and offices.
pub fn indicators(figures: &[Figure]) -> [Indicator; 3] {
    IndicatorName::ALL.map(|name| {
        let sum = |wanted: &dyn Fn(&Cell) -> bool| figures.iter().filter(|f| wanted(&f.cell)).fold(0_i64, |sum, f| sum.saturating_add(f.value));
        Indicator { name, numerator: sum(&|cell| name.is_part(cell)), denominator: sum(&|cell| name.is_whole(cell)) }
    })
}

/// Thousandths of a share, rounded down; `None` of nothing.
pub(crate) fn per_mille(part: i64, whole: i64) -> Option<i64> {
    let share = (i128::from(part) * 1000).checked_div(i128::from(whole))?;
    i64::try_from(share).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_sums_over_days_and_not_means_of_shares() {
        let figure = |cell: &str, value| {
            let cell = Cell::parse(cell).unwrap();
            Figure { unit: cell.unit(), cell, value }
        };
        let figures = [
            figure("assigned.automatic", 1),
            figure("assigned.automatic", 98),
            figure("assigned.queued.CAP", 1),
            figure("assigned.reassigned", 0),
            figure("duty.cleared", i64::MAX),
            figure("duty.paid", i64::MAX),
        ];
        let [assigned, by_count, by_amount] = indicators(&figures);
        assert_eq!((assigned.numerator, assigned.denominator, assigned.per_mille()), (99, 100, 990));
        assert_eq!((by_count.denominator, by_count.per_mille()), (0, -1));
        assert_eq!(by_amount.per_mille(), 1000);
    }
}
