//! How often the pair monitor raises an alarm: honest years, years with 500 and with 50 steered files.
#![expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
use risk_domain::monitor::{Kind, Report, Settings};

use crate::{
    Figure,
    year::{FAVOURITE, SHADY, Steering, declarant, officer, year},
};

/// What a number of simulated years gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub years: usize,
    /// Years with any alarm.
    pub alarmed: usize,
    /// Years in which the steered pair was found by its number of files.
    pub found: usize,
    /// By speed.
    pub by_speed: usize,
    /// By findings.
    pub by_findings: usize,
    /// Years in which an officer other than the favourite was named.
    pub wronged: usize,
}

impl Rates {
    fn and(self, other: Self) -> Self {
        Self {
            years: self.years + other.years,
            alarmed: self.alarmed + other.alarmed,
            found: self.found + other.found,
            by_speed: self.by_speed + other.by_speed,
            by_findings: self.by_findings + other.by_findings,
            wronged: self.wronged + other.wronged,
        }
    }
}

/// Runs the monitor over years with consecutive seeds, half of them on a thread of their own.
pub fn rates(years: usize, first_seed: u64, steering: Steering) -> Rates {
    let of =
        |offset: u64| (first_seed + offset..first_seed + years as u64).step_by(2).map(|seed| rate(seed, steering)).fold(Rates::default(), Rates::and);
    std::thread::scope(|scope| {
        let odd = scope.spawn(|| of(1));
        of(0).and(odd.join().unwrap_or_default())
    })
}

fn rate(seed: u64, steering: Steering) -> Rates {
    let favourite = officer(FAVOURITE);
    let report = year(seed, steering).report(&Settings::default());
    let found = |kind: Kind| usize::from(report.alarms.iter().any(|a| a.kind == kind && a.officer == favourite && a.counterpart == declarant(SHADY)));
    Rates {
        years: 1,
        alarmed: usize::from(!report.alarms.is_empty()),
        found: found(Kind::Declarant),
        by_speed: found(Kind::Speed),
        by_findings: found(Kind::Findings),
        wronged: usize::from(report.alarms.iter().any(|a| a.officer != favourite)),
    }
}

/// One steered year, for a plot.
pub fn steered_year(seed: u64, files: usize) -> Report {
    year(seed, Steering { files, bribed: true }).report(&Settings::default())
}

/// Share of the pairs of honest years whose p-value is at most `level`: not above it if the p-values keep their word, although every
/// file given makes the officer heavier and so less likely to get the next.
pub fn calibration(years: u64, first_seed: u64, level: f64) -> f64 {
    let points = (first_seed..first_seed + years).flat_map(|seed| year(seed, Steering::default()).report(&Settings::default()).points);
    let (low, all) = points.fold((0_u32, 0_u32), |(low, all), point| (low + u32::from(point.p_value.is_some_and(|p| p <= level)), all + 1));
    f64::from(low) / f64::from(all.max(1))
}

/// Shares of 100 years each: honest, with 500 and with 50 steered files.
pub fn figures() -> Vec<Figure> {
    let share = |count: usize| count as f64 / 100.0;
    let honest = rates(100, 1, Steering::default());
    let mut figures = vec![
        Figure::new("pair monitor: honest years without alarm", "share", share(honest.years - honest.alarmed)).must(0.95),
        Figure::new("pair monitor: honest pairs with a p-value of at most 0.001", "share", calibration(10, 101, 0.001)).beside(0.001),
    ];
    for (files, first_seed) in [(500, 1_001), (50, 2_001)] {
        let rates = rates(100, first_seed, Steering { files, bribed: true });
        let name = |what: &str| format!("pair monitor: {files} of 1,000 files steered, {what}");
        let found = Figure::new(name("found by their number"), "share", share(rates.found));
        figures.push(if files == 500 { found.must(0.99) } else { found });
        figures.push(Figure::new(name("found by speed"), "share", share(rates.by_speed)));
        figures.push(Figure::new(name("found by findings"), "share", share(rates.by_findings)));
        figures.push(Figure::new(name("years that name another officer"), "share", share(rates.wronged)));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_years_raise_no_alarm() {
        // At level 0.05 more than 2 of 12 are seen once in fifty sets of seeds at most; these seeds are fixed.
        let rates = rates(12, 1, Steering::default());
        assert!(rates.alarmed <= 2, "{rates:?}");
    }

    #[test]
    fn half_of_a_declarants_files_steered_are_always_found() {
        let rates = rates(8, 1_001, Steering { files: 500, bribed: true });
        assert_eq!(rates.found, 8, "{rates:?}");
    }
}
