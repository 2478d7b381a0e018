//! An honest day verifies, in both kinds, with all of its events.
use proof::{
    Kind,
    sample::{Sample, SampleDocuments},
    verify,
};

#[test]
fn an_honest_day_verifies_in_both_kinds() {
    for seed in 0..12 {
        let day = Sample { seed, declarations: 900, ..Sample::default() }.day();
        for kind in [Kind::Public, Kind::Auditor] {
            let file = day.file(kind);
            let report = verify(file.as_slice(), 2, &SampleDocuments).unwrap();
            assert!(report.holds(), "{report}");
            println!("{} bytes\n{report}", file.len());
        }
    }
}
