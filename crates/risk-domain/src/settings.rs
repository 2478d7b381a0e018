//! Dated settings that are published together with the profiles: random minimum shares, legal ceilings, weights of work.
use serde::{Deserialize, Serialize};
use values::{Day, Direction};

/// Weight of work of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Points for the declaration itself.
    pub declaration: u32,
    /// Points for each goods line.
    pub line: u32,
}

impl Default for Points {
    /// 10 a declaration and 5 a line, as ASYCUDA weighs examinations.
    fn default() -> Self {
        Self { declaration: 10, line: 5 }
    }
}

impl Points {
    /// Points of a declaration with that many lines.
    pub const fn of(self, lines: u32) -> u32 {
        self.declaration.saturating_add(self.line.saturating_mul(lines))
    }
}

/// Points by the default weights: 10 + 5 × lines.
pub fn points(lines: u32) -> u32 {
    Points::default().of(lines)
}

/// First and last day on which something holds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub from: Day,
    /// Last day; none while no end is known.
    pub to: Option<Day>,
}

impl Validity {
    /// Whether it holds on a day.
    pub fn covers(self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// Random minimum of checks in one direction (Circular 81/2019/TT-BTC article 17: random selection is a criterion of its own).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RandomShares {
    /// Direction it holds for.
    pub direction: Direction,
    /// Days on which it holds.
    pub validity: Validity,
    /// Share of document checks, in millionths.
    pub documents: u32,
    /// Share of scans, in millionths; the law sets a ceiling.
    pub scan: u32,
    /// Legal ground told to the declarant.
    pub legal_ground: String,
}

/// Highest share of random scans that the law allows from a day on (Circular 38/2015/TT-BTC article 9: 1 %).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanCeiling {
    /// First day of the ceiling; it holds until the next one.
    pub from: Day,
    /// Millionths.
    pub share: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_weighs_ten_and_each_line_five() {
        assert_eq!(points(1), 15);
        assert_eq!(points(50), 260);
    }

    #[test]
    fn both_ends_of_a_validity_belong_to_it() {
        let day = |d| Day::from_ymd_opt(2026, 1, d).unwrap();
        let week = Validity { from: day(5), to: Some(day(9)) };
        assert_eq!([4, 5, 9, 10].map(|d| week.covers(day(d))), [false, true, true, false]);
    }
}
