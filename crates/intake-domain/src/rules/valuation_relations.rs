//! Relations between valuation adjustments and the lines that quote them by ordinal.
use values::Decimal;

use super::head_items::{ADJUSTMENT_CODE, ADJUSTMENT_TOTAL};
use super::item::{At, Growth, Item};
use super::line_items::{CUSTOMS_VALUE, LINE_ADJUSTMENT, VALUE};
use super::relation::View;
use crate::draft::Draft;

/// Invoice and hand-made values take the place of every adjustment.
fn is_whole(code: &str) -> bool {
    matches!(code, "IP" | "DP")
}

/// Index of the adjustment that a line quotes.
fn quoted(view: &View<'_>, at: At) -> Option<At> {
    let ordinal: usize = LINE_ADJUSTMENT.get(view.draft, at).parse().ok()?;
    ordinal.checked_sub(1).map(|i| At(i, 0))
}

fn quotes(view: &View<'_>, line: usize, set: At) -> bool {
    LINE_ADJUSTMENT.places(view.draft).any(|at| at.0 == line && quoted(view, at) == Some(set))
}

pub fn after_whole(view: &View<'_>, item: &Item, found: &mut dyn FnMut(String)) {
    if is_whole(ADJUSTMENT_CODE.get(view.draft, At(0, 0))) {
        let later = item.places(view.draft).filter(|at| at.0 > 0 && !item.get(view.draft, *at).is_empty());
        later.for_each(|at| found(item.pointer(at)));
    }
}

pub fn spoil_after_whole(draft: &mut Draft, item: &Item) {
    item.set(draft, item.good);
    item.grow(draft, Growth::Empty);
    ADJUSTMENT_CODE.set(draft, "IP");
}

pub fn whole_codes_come_first(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let later = ADJUSTMENT_CODE.places(view.draft).filter(|at| at.0 > 0 && is_whole(ADJUSTMENT_CODE.get(view.draft, *at)));
    later.for_each(|at| found(ADJUSTMENT_CODE.pointer(at)));
}

pub fn total_covers_lines(view: &View<'_>, found: &mut dyn FnMut(String)) {
    for set in ADJUSTMENT_TOTAL.places(view.draft) {
        let Ok(total) = Decimal::<4>::parse(ADJUSTMENT_TOTAL.get(view.draft, set)) else { continue };
        let subject = VALUE.places(view.draft).filter(|line| quotes(view, line.0, set));
        let values = subject.filter_map(|line| Decimal::<4>::parse(VALUE.get(view.draft, line)).ok());
        let sum: i128 = values.map(|value| i128::from(value.units())).sum();
        if i128::from(total.units()) < sum {
            found(ADJUSTMENT_TOTAL.pointer(set));
        }
    }
}

pub fn quoted_sets_adjust(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let wrong = |at: &At| quoted(view, *at).is_some_and(|set| is_whole(ADJUSTMENT_CODE.get(view.draft, set)));
    LINE_ADJUSTMENT.places(view.draft).filter(wrong).for_each(|at| found(LINE_ADJUSTMENT.pointer(at)));
}

pub fn quoted_sets_exist(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let wrong = |at: &At| quoted(view, *at).is_some_and(|set| ADJUSTMENT_CODE.get(view.draft, set).is_empty());
    LINE_ADJUSTMENT.places(view.draft).filter(wrong).for_each(|at| found(LINE_ADJUSTMENT.pointer(at)));
}

pub fn quoted_when_filled(view: &View<'_>, item: &Item, found: &mut dyn FnMut(String)) {
    let is_quoted = |set: &At| (0..view.draft.lines.len()).any(|line| quotes(view, line, *set));
    let wrong = |set: &At| !item.get(view.draft, *set).is_empty() && !is_quoted(set);
    item.places(view.draft).filter(wrong).for_each(|set| found(item.pointer(set)));
}

pub fn hand_values_stay(view: &View<'_>, found: &mut dyn FnMut(String)) {
    for line in CUSTOMS_VALUE.places(view.draft).filter(|line| !CUSTOMS_VALUE.get(view.draft, *line).is_empty()) {
        if LINE_ADJUSTMENT.places(view.draft).any(|at| at.0 == line.0 && !LINE_ADJUSTMENT.get(view.draft, at).is_empty()) {
            found(LINE_ADJUSTMENT.pointer(line));
        }
    }
}
