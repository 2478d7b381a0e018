//! The part of a draft that lies within the limits on how often things repeat.
use std::borrow::Cow;

use crate::draft::Draft;
use crate::tables::Limits;

/// The draft itself, or a copy without the members beyond the limits.
pub fn within_limits(draft: &Draft, limits: Limits) -> Cow<'_, Draft> {
    let is_bounded = draft.lines.len() <= limits.lines
        && draft.lines.iter().all(|line| line.adjustments.len() <= limits.adjustments && line.other_taxes.len() <= limits.other_taxes)
        && draft.bills.len() <= limits.bills
        && draft.other_laws.len() <= limits.other_laws
        && draft.permits.len() <= limits.permits
        && draft.adjustments.len() <= limits.adjustments
        && draft.attachments.len() <= limits.attachments
        && draft.container_numbers.len() <= limits.containers
        && draft.bonded_transport.as_ref().is_none_or(|transport| transport.stops.len() <= limits.stops);
    if is_bounded {
        return Cow::Borrowed(draft);
    }
    let mut cut = draft.clone();
    cut.lines.truncate(limits.lines);
    for line in &mut cut.lines {
        line.adjustments.truncate(limits.adjustments);
        line.other_taxes.truncate(limits.other_taxes);
    }
    cut.bills.truncate(limits.bills);
    cut.other_laws.truncate(limits.other_laws);
    cut.permits.truncate(limits.permits);
    cut.adjustments.truncate(limits.adjustments);
    cut.attachments.truncate(limits.attachments);
    cut.container_numbers.truncate(limits.containers);
    if let Some(transport) = &mut cut.bonded_transport {
        transport.stops.truncate(limits.stops);
    }
    Cow::Owned(cut)
}
