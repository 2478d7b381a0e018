//! CPU that was spent between two looks: of each part, and of the machine.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use std::collections::BTreeMap;

use super::site::Site;
use crate::stack::procfs;

/// The state at a first look.
pub struct Meter {
    cpu: BTreeMap<&'static str, u64>,
    jiffies: Option<procfs::Jiffies>,
}

impl Meter {
    pub fn read(site: &Site<'_>) -> Self {
        Self { cpu: site.cpu_ms(), jiffies: procfs::jiffies() }
    }

    /// Milliseconds since then, by part.
    pub fn spent(&self, site: &Site<'_>) -> BTreeMap<&'static str, u64> {
        let since = |(part, now): (&'static str, u64)| (part, now.saturating_sub(self.cpu.get(part).copied().unwrap_or(0)));
        site.cpu_ms().into_iter().map(since).collect()
    }

    /// Share of all cores that was busy since then, the load and everything else on the machine included.
    pub fn busy(&self) -> f64 {
        let (Some(then), Some(now)) = (self.jiffies, procfs::jiffies()) else { return f64::NAN };
        now.busy.saturating_sub(then.busy) as f64 / now.all.saturating_sub(then.all).max(1) as f64
    }
}
