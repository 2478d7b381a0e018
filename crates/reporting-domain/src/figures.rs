//! Counting: what each row adds to which cell, and the canonical list of figures that comes of it.
use crate::{Attempt, Cell, Measure, Quantile, Reason, Row, Unit, VisitRow, percentile};
use std::collections::{BTreeMap, BTreeSet};
use values::{Day, Instant, Lane, local_day};

/// One cell with its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// Which number.
    pub cell: Cell,
    /// What one is.
    pub unit: Unit,
    /// How many.
    pub value: i64,
}

/// A message that became no declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// When it was refused.
    pub at: Instant,
    /// What it tried.
    pub attempt: Attempt,
}

/// What a row adds to a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contribution {
    /// So much to the number of a cell.
    Count(Cell, i64),
    /// One span to the sample behind the percentiles, in milliseconds; 0 where two clocks contradict each other.
    Span(Measure, i64),
}

/// The sums of a report in the making. Whoever counts otherwise (SQL) adds its numbers here and gets the same figures.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    counts: BTreeMap<Cell, i64>,
    spans: BTreeMap<Measure, Vec<i64>>,
}

impl Tally {
    /// Nothing counted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to a cell; beyond 63 bits the sum stays at its limit.
    pub fn add(&mut self, cell: Cell, number: i64) {
        let sum = self.counts.entry(cell).or_default();
        *sum = sum.saturating_add(number);
    }

    /// Adds one span in milliseconds to the sample of a measure.
    pub fn span(&mut self, measure: Measure, milliseconds: i64) {
        self.spans.entry(measure).or_default().push(milliseconds);
    }

    /// The figures by cell: totals and share computed here; cells of [`Cell::always`] even when 0, other counts only when not 0,
    /// share and durations only when there is something to share or to measure.
    pub fn finish(mut self) -> Vec<Figure> {
        for (measure, mut spans) in std::mem::take(&mut self.spans) {
            spans.sort_unstable();
            for &quantile in Quantile::ALL {
                if let Some(value) = percentile(&spans, quantile.per_mille()) {
                    self.counts.insert(Cell::Duration { measure, quantile }, value);
                }
            }
        }
        self.counts.retain(|cell, value| *value != 0 || matches!(cell, Cell::Duration { .. }));
        let lodged = self.sum(|cell| matches!(cell, Cell::Lodged { .. }));
        let refused = self.sum(|cell| matches!(cell, Cell::Refused(_)));
        let automatic = self.sum(|cell| *cell == Cell::AssignedAutomatic);
        let checks = self.sum(|cell| matches!(cell, Cell::AssignedAutomatic | Cell::AssignedQueued(_) | Cell::AssignedReassigned));
        self.counts.insert(Cell::LodgedTotal, lodged);
        self.counts.insert(Cell::RefusedTotal, refused);
        match crate::indicator::per_mille(automatic, checks) {
            Some(share) => self.counts.insert(Cell::AssignedShare, share),
            None => self.counts.remove(&Cell::AssignedShare),
        };
        for cell in Cell::always() {
            self.counts.entry(cell).or_default();
        }
        self.counts.into_iter().map(|(cell, value)| Figure { unit: cell.unit(), cell, value }).collect()
    }

    fn sum(&self, wanted: impl Fn(&Cell) -> bool) -> i64 {
        self.counts.iter().filter(|(cell, _)| wanted(cell)).fold(0, |sum, (_, value)| sum.saturating_add(*value))
    }
}

/// The figures of a day; the order of the arguments' rows does not matter. The caller picks the rows of the scope.
pub fn figures<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
    refusals: impl IntoIterator<Item = &'a Refusal>,
    visits: impl IntoIterator<Item = &'a VisitRow>,
    day: Day,
) -> Vec<Figure> {
    let mut tally = Tally::new();
    for contribution in rows.into_iter().flat_map(|row| contributions(row, day)) {
        match contribution {
            Contribution::Count(cell, number) => tally.add(cell, number),
            Contribution::Span(measure, milliseconds) => tally.span(measure, milliseconds),
        }
    }
    for refusal in refusals.into_iter().filter(|refusal| local_day(refusal.at) == day) {
        tally.add(Cell::Refused(refusal.attempt), 1);
    }
    for visit in visits {
        let facts = [(visit.arrived_at, Cell::VehiclesIn), (visit.departed_at, Cell::VehiclesOut), (visit.held_at, Cell::VehiclesHeld)];
        for (_, cell) in facts.into_iter().filter(|(at, _)| on(*at, day)) {
            tally.add(cell, 1);
        }
    }
    tally.finish()
}

/// What one version adds to the report of a day. A version whose registration has not been heard of adds nothing.
pub fn contributions(row: &Row, day: Day) -> Vec<Contribution> {
    let Some(registered) = &row.registered else { return Vec::new() };
    let mut found = Vec::new();
    let mut count = |cell, number| found.push(Contribution::Count(cell, number));
    let registration = &registered.value;
    if on(Some(registered.stamp.at), day) {
        if registration.amended {
            count(Cell::Amended, 1);
        } else {
            let lane = row.decided.as_ref().filter(|d| local_day(d.stamp.at) <= day).map(|d| d.value.lane);
            count(Cell::Lodged { direction: registration.direction, kind: registration.kind, lane }, 1);
            count(Cell::Value(registration.currency), registration.value);
            count(Cell::Duty, registration.duty_vnd);
        }
    }
    let decided_at = row.decided.as_ref().map(|decided| decided.stamp.at);
    if on(row.withdrawn_at, day) {
        count(Cell::Withdrawn, 1);
    }
    if on(row.clearance_refused_at, day) {
        count(Cell::ClearanceRefused, 1);
    }
    if on(row.cleared_at, day) {
        count(Cell::Cleared, 1);
        if registration.duty_vnd > 0 {
            let paid = row.paid_vnd.clamp(0, registration.duty_vnd);
            count(Cell::DutiableCleared, 1);
            count(Cell::DutiablePaid, i64::from(paid == registration.duty_vnd));
            count(Cell::DutyCleared, registration.duty_vnd);
            count(Cell::DutyPaid, paid);
        }
    }
    if on(decided_at, day)
        && let Some(cell) = assignment(row, day)
    {
        count(cell, 1);
    }
    if on(row.reassigned_at, day) {
        count(Cell::Reassigned, 1);
    }
    if row.is_open_at_close(day) {
        count(Cell::Open, 1);
    }
    let concluded_at = row.concluded.as_ref().map(|concluded| concluded.stamp.at);
    let ends = [(Measure::Lane, decided_at), (Measure::Conclusion, concluded_at), (Measure::Clearance, row.cleared_at)];
    for (measure, at) in ends {
        if let Some(at) = at.filter(|at| local_day(*at) == day) {
            found.push(Contribution::Span(measure, (at - registered.stamp.at).num_milliseconds().max(0)));
        }
    }
    found
}

/// Whether a version is behind a cell: what a reader sees who opens the cell.
pub fn behind(row: &Row, cell: &Cell, day: Day) -> bool {
    contributions(row, day).iter().any(|contribution| match (contribution, cell) {
        (Contribution::Count(Cell::Lodged { .. }, _), Cell::LodgedTotal) => true,
        (Contribution::Count(Cell::AssignedAutomatic | Cell::AssignedQueued(_) | Cell::AssignedReassigned, _), Cell::AssignedShare) => true,
        (Contribution::Count(counted, number), cell) => counted == cell && *number != 0,
        (Contribution::Span(measured, _), Cell::Duration { measure, .. }) => measured == measure,
        (Contribution::Span(..), _) => false,
    })
}

/// Where a check that was decided on the day stood at its end; `None` for the green lane.
fn assignment(row: &Row, day: Day) -> Option<Cell> {
    let decision = &row.decided.as_ref()?.value;
    let by_close = |at: Option<Instant>| at.is_some_and(|at| local_day(at) <= day);
    if decision.lane == Lane::Green {
        None
    } else if by_close(row.reassigned_at) {
        Some(Cell::AssignedReassigned)
    } else if by_close(row.assigned_at) {
        Some(Cell::AssignedAutomatic)
    } else {
        Some(Cell::AssignedQueued(decision.queue_reason.clone().unwrap_or_else(Reason::unstated)))
    }
}

fn on(at: Option<Instant>, day: Day) -> bool {
    at.is_some_and(|at| local_day(at) == day)
}

/// One cell that differs between two lists of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub cell: Cell,
    /// Its number before; `None` when it was absent.
    pub before: Option<i64>,
    /// Its number after; `None` when it is absent.
    pub after: Option<i64>,
}

/// What a correction changes, by cell.
pub fn changes(before: &[Figure], after: &[Figure]) -> Vec<Change> {
    let value = |figures: &[Figure], cell: &Cell| figures.iter().find(|f| f.cell == *cell).map(|f| f.value);
    let cells: BTreeSet<&Cell> = before.iter().chain(after).map(|f| &f.cell).collect();
    let compared = cells.into_iter().map(|cell| Change { cell: cell.clone(), before: value(before, cell), after: value(after, cell) });
    compared.filter(|change| change.before != change.after).collect()
}

#[cfg(test)]
mod tests;
