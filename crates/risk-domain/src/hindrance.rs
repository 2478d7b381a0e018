//! Why an officer cannot be given a file.
use serde::{Deserialize, Serialize};

use crate::roster::Officer;

/// The first hindrance in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Hindrance {
    /// Named by a reassignment, e.g. the officer it is taken from.
    Excluded,
    Suspended,
    Leave,
    OffShift,
    List,
    Skill,
    Place,
    Conflict,
    Cap,
}

impl Hindrance {
    /// The code that is journaled.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excluded => "EXCLUDED",
            Self::Suspended => "SUSPENDED",
            Self::Leave => "LEAVE",
            Self::OffShift => "OFF_SHIFT",
            Self::List => "LIST",
            Self::Skill => "SKILL",
            Self::Place => "PLACE",
            Self::Conflict => "CONFLICT",
            Self::Cap => "CAP",
        }
    }

    /// Follows from roster, time and loads alone; the others need the declaration.
    pub fn is_public(code: &str) -> bool {
        matches!(code, "SUSPENDED" | "LEAVE" | "OFF_SHIFT" | "CAP")
    }
}

/// What a file asks of an officer.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// import, export or special.
    pub list: &'a str,
    pub commodities: &'a [&'a str],
    /// Loading and unloading place.
    pub places: &'a [&'a str],
    pub trader: &'a str,
    pub declarant: &'a str,
    pub exclude: &'a [&'a str],
    pub default_cap: u32,
    pub now_us: i64,
}

/// What stands against giving an officer with so many open files this file.
pub fn hindrance(officer: &Officer, open_files: u32, demand: &Demand<'_>) -> Option<Hindrance> {
    hindrance_of(officer, officer.on_shift(demand.now_us), open_files, demand)
}

/// The same of an officer of whom it is known whether he is on shift.
pub(crate) fn hindrance_of(officer: &Officer, on_shift: bool, open_files: u32, demand: &Demand<'_>) -> Option<Hindrance> {
    let cap = if officer.cap == 0 { demand.default_cap } else { officer.cap };
    if demand.exclude.contains(&officer.code.as_str()) {
        Some(Hindrance::Excluded)
    } else if officer.suspended {
        Some(Hindrance::Suspended)
    } else if officer.on_leave(demand.now_us) {
        Some(Hindrance::Leave)
    } else if !on_shift {
        Some(Hindrance::OffShift)
    } else if !officer.lists.is_empty() && !officer.lists.iter().any(|l| l == demand.list) {
        Some(Hindrance::List)
    } else if !officer.skills.is_empty() && !demand.commodities.iter().all(|code| officer.skills.iter().any(|skill| covers(skill, code))) {
        Some(Hindrance::Skill)
    } else if !officer.places.is_empty() && !demand.places.iter().any(|place| officer.places.iter().any(|p| p == place)) {
        Some(Hindrance::Place)
    } else if conflicted(officer, demand) {
        Some(Hindrance::Conflict)
    } else if open_files >= cap {
        Some(Hindrance::Cap)
    } else {
        None
    }
}

/// The officer must never be given this trader's or declarant's files.
pub fn conflicted(officer: &Officer, demand: &Demand<'_>) -> bool {
    officer.conflicts.iter().chain(&officer.learnt).any(|code| code == demand.trader || code == demand.declarant)
}

/// A prefix, or a range `from-to` that is compared over the length of its ends.
fn covers(skill: &str, commodity: &str) -> bool {
    match skill.split_once('-') {
        Some((from, to)) => commodity.get(..from.len()).is_some_and(|head| from <= head && head <= to),
        None => commodity.starts_with(skill),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_is_a_prefix_or_a_range_of_commodity_codes() {
        assert!(covers("2402", "24022090") && !covers("2402", "24032090"));
        assert!(covers("84-90", "84295200") && covers("84-90", "90189000") && !covers("84-90", "91011100") && !covers("84-90", "8"));
    }
}
