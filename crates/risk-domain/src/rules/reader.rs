//! Reading the texts of a document into values, with every fault noted.
use values::{Day, Decimal, Direction, OfficeCode};

use super::fault::RuleFault;

/// Notes faults under one subject.
pub struct Reader<'f> {
    subject: String,
    faults: &'f mut Vec<RuleFault>,
}

impl<'f> Reader<'f> {
    pub fn new(subject: impl Into<String>, faults: &'f mut Vec<RuleFault>) -> Self {
        Self { subject: subject.into(), faults }
    }

    pub fn push(&mut self, fault: RuleFault) {
        self.faults.push(fault);
    }

    pub fn complain(&mut self, field: &str, text: impl Into<String>) {
        self.faults.push(RuleFault::new(&self.subject, field, text));
    }

    /// Notes a fault unless it is `met`.
    pub fn demand(&mut self, met: bool, field: &str, text: impl FnOnce() -> String) {
        if !met {
            self.complain(field, text());
        }
    }

    pub fn text(&mut self, text: &str, field: &str, most: usize) {
        self.demand(!text.trim().is_empty(), field, || "is empty".to_owned());
        self.demand(text.chars().count() <= most, field, || format!("is longer than {most} characters"));
    }

    fn day(&mut self, text: &str, field: &str) -> Option<Day> {
        let day = text.parse().ok().filter(|_| text.len() == 10);
        self.demand(day.is_some(), field, || "expected a day as YYYY-MM-DD".to_owned());
        day
    }

    /// First and last day.
    pub fn span(&mut self, from: &str, to: &str) -> Option<(Day, Day)> {
        let (from, to) = (self.day(from, "valid_from"), self.day(to, "valid_to"));
        let (from, to) = (from?, to?);
        self.demand(from <= to, "valid_to", || "is before valid_from".to_owned());
        (from <= to).then_some((from, to))
    }

    /// `Some(None)`: both.
    pub fn direction(&mut self, text: &str) -> Option<Option<Direction>> {
        if text.is_empty() {
            return Some(None);
        }
        let direction = Direction::parse(text).ok();
        self.demand(direction.is_some(), "direction", || "expected import, export or nothing for both".to_owned());
        direction.map(Some)
    }

    pub fn office(&mut self, text: &str, field: &str) -> Option<OfficeCode> {
        OfficeCode::parse(text).map_err(|e| self.complain(field, format!("\"{text}\": {e}"))).ok()
    }

    /// Percent with up to 4 decimals → millionths.
    pub fn percent(&mut self, text: &str, field: &str) -> Option<u32> {
        let units = Decimal::<4>::parse(text).ok().and_then(|d| u32::try_from(d.units()).ok()).filter(|n| *n <= 1_000_000);
        self.demand(units.is_some(), field, || "expected a percentage of at most 100 with at most 4 decimals".to_owned());
        units
    }
}
