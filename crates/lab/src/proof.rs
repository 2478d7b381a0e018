//! How fast a day is verified, and what a tamperer can hide.
use proof::{
    Kind,
    sample::{Dice, Sample, SampleDay, SampleDocuments, SampleRules},
    verify,
};

use crate::Figure;

/// What became of so many tamperings with small days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tampered {
    pub done: u32,
    pub found: u32,
    /// Without looking at any witness.
    pub recomputed: u32,
    /// Those that a decision depends on.
    pub decisive: u32,
    pub decisive_recomputed: u32,
}

/// Tampers so many times with small days, in turn for the auditor and for the public.
pub fn tamper(tries: u32) -> Tampered {
    let days: Vec<SampleDay> = (0..4).map(|seed| Sample { seed, offices: 2, declarations: 44, ..Sample::default() }.day()).collect();
    let (mut dice, mut counts) = (Dice(42), Tampered::default());
    while counts.done < tries {
        let kind = if counts.done % 2 == 0 { Kind::Auditor } else { Kind::Public };
        let mut day = days[dice.below(days.len())].clone();
        let Some(deed) = day.tamper(kind, &mut dice) else { continue };
        counts.done += 1;
        // An honest sample has no notes; a row after all that was witnessed is noted as unwitnessed. What cannot be read at all is found, too.
        let (found, recomputed) = match verify(day.file(kind).as_slice(), 1, &SampleDocuments) {
            Ok(report) => (!report.holds() || !report.warnings.is_empty(), report.recomputed().next().is_some()),
            Err(_) => (true, true),
        };
        counts.found += u32::from(found);
        counts.recomputed += u32::from(recomputed);
        counts.decisive += u32::from(deed.decisive);
        counts.decisive_recomputed += u32::from(deed.decisive && recomputed);
    }
    counts
}

/// A large day: 50 officers an office, caps that hold nobody back, a good third of all declarations checked.
pub fn large(declarations: usize) -> SampleDay {
    let rules = SampleRules { default_cap: 100_000, yellow_at: 960_000, red_at: 995_000, ..SampleRules::default() };
    Sample { declarations, officers: 50, offices: 4, rules, ..Sample::default() }.day()
}

/// Seconds for a million decisions, extrapolated from `declarations`.
#[expect(clippy::float_arithmetic, reason = "a measurement, not a decision")]
fn seconds_for_a_million(day: &SampleDay, kind: Kind) -> f64 {
    let file = day.file(kind);
    verify(file.as_slice(), 2, &SampleDocuments).map_or(f64::INFINITY, |report| {
        let decisions = report.counts.get("decisions").copied().unwrap_or(0);
        if report.holds() { report.seconds * 1e6 / decisions.max(1) as f64 } else { f64::INFINITY }
    })
}

/// Rows of `make bench`.
pub fn figures() -> Vec<Figure> {
    let day = large(100_000);
    let tampered = tamper(10_000);
    vec![
        Figure::new("verify 1,000,000 decisions, auditor's file, 2 threads", "s", seconds_for_a_million(&day, Kind::Auditor)).must(60.0),
        Figure::new("verify 1,000,000 decisions, public file, 2 threads", "s", seconds_for_a_million(&day, Kind::Public)).must(60.0),
        Figure::new("tamperings found of 10,000", "", f64::from(tampered.found)).must(10_000.0),
        Figure::new("tamperings found without witnesses", "", f64::from(tampered.recomputed)),
        Figure::new("tamperings that a decision depends on", "", f64::from(tampered.decisive)),
        Figure::new("of those found without witnesses", "", f64::from(tampered.decisive_recomputed)).must(f64::from(tampered.decisive)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_thousands_verifies_and_no_tampering_stays_hidden() {
        let day = large(4000);
        for kind in [Kind::Auditor, Kind::Public] {
            let report = verify(day.file(kind).as_slice(), 2, &SampleDocuments).unwrap();
            assert!(report.holds(), "{report}");
        }
        let tampered = tamper(200);
        assert_eq!((tampered.found, tampered.decisive_recomputed), (tampered.done, tampered.decisive));
    }
}
