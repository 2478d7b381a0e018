//! Whatever a tamperer who owns the database changes is found; what a decision depends on, without any witness.
#![expect(clippy::unwrap_used, reason = "a test may fail")]
use std::collections::BTreeMap;

use proof::{
    Kind,
    sample::{Dice, Sample, SampleDocuments},
    verify,
};

fn tampered(kind: Kind, tries: usize) -> BTreeMap<String, (u32, u32)> {
    let days: Vec<_> = (0..3).map(|seed| Sample { seed, declarations: 90, ..Sample::default() }.day()).collect();
    let mut by_deed = BTreeMap::new();
    let mut dice = Dice(0xC1EA);
    let mut done = 0;
    while done < tries {
        let mut day = days[done % days.len()].clone();
        let Some(deed) = day.tamper(kind, &mut dice) else { continue };
        done += 1;
        let report = verify(day.file(kind).as_slice(), 1, &SampleDocuments).unwrap();
        // An honest sample has no notes; a row after all that was witnessed is noted as unwitnessed.
        assert!(!report.holds() || !report.warnings.is_empty(), "{kind:?}: {} was not found", deed.what);
        let recomputed = report.recomputed().count() > 0;
        assert!(recomputed || !deed.decisive, "{kind:?}: {} was found by witnesses alone\n{report}", deed.what);
        let counts: &mut (u32, u32) = by_deed.entry(deed.what).or_default();
        counts.0 += 1;
        counts.1 += u32::from(recomputed);
    }
    by_deed
}

#[test]
fn everything_that_an_auditor_is_lied_to_about_is_found() {
    println!("{:#?}", tampered(Kind::Auditor, 500));
}

#[test]
fn everything_that_the_public_is_lied_to_about_is_found() {
    println!("{:#?}", tampered(Kind::Public, 500));
}
