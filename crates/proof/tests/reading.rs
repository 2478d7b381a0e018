//! An honest day verifies; a cut file is no proof; what a file leaves out must have been witnessed.
#![expect(clippy::unwrap_used, reason = "a test may fail")]
use proof::{
    Check, Fault, JournalRow, Kind, Report, Witness, Writer,
    sample::{Sample, SampleDay, SampleDocuments},
    verify,
};

fn small() -> SampleDay {
    Sample { declarations: 60, ..Sample::default() }.day()
}

/// The public file with only some rows and witnesses.
fn partial(day: &SampleDay, keep: impl Fn(&JournalRow) -> bool, witnesses: &[Witness]) -> Report {
    let mut writer = Writer::new(&day.header(Kind::Public), Vec::new()).unwrap();
    witnesses.iter().for_each(|w| writer.witness(w).unwrap());
    for row in day.rows.iter().filter(|r| keep(r)) {
        let before = day.rows.iter().find(|b| (&b.topic, b.stream, b.position + 1) == (&row.topic, row.stream, row.position));
        writer.row(row, &before.map(|b| b.hash).unwrap_or_default()).unwrap();
    }
    verify(writer.finish().unwrap().as_slice(), 1, &SampleDocuments).unwrap()
}

#[test]
fn an_honest_day_verifies_in_both_kinds_with_any_number_of_threads() {
    for seed in 0..6 {
        let day = Sample { seed, declarations: 600, ..Sample::default() }.day();
        for kind in [Kind::Public, Kind::Auditor] {
            let file = day.file(kind);
            let reports: Vec<_> = [1, 2, 3].map(|n| verify(file.as_slice(), n, &SampleDocuments).unwrap()).into();
            assert!(reports.iter().all(|r| r.holds() && r.counts == reports[0].counts), "{}", reports[0]);
        }
    }
}

#[test]
fn a_file_that_was_cut_anywhere_is_no_proof() {
    let file = small().file(Kind::Auditor);
    for part in 1..20 {
        let end = file.len() * part / 20;
        assert!(matches!(verify(&file[..end], 2, &SampleDocuments), Err(Fault::Cut { .. } | Fault::Malformed { .. })));
    }
    let lines: Vec<&[u8]> = file.split_inclusive(|b| *b == b'\n').collect();
    let without_one = [&lines[..lines.len() - 2], &lines[lines.len() - 1..]].concat().concat();
    let error = verify(without_one.as_slice(), 2, &SampleDocuments).unwrap_err().to_string();
    assert!(error.starts_with(&format!("line {}: ", lines.len() - 1)) && error.contains("rows were announced"), "{error}");
}

#[test]
fn a_malformed_line_is_named() {
    let file = small().file(Kind::Public);
    let text = String::from_utf8(file).unwrap().replacen("\"kind\":\"customs.risk.v1.DayCommitted\"", "\"kind\":7", 1);
    let line = text.lines().position(|l| l.contains("\"kind\":7")).unwrap() + 1;
    let error = verify(text.as_bytes(), 2, &SampleDocuments).unwrap_err().to_string();
    assert!(error.starts_with(&format!("line {line}: not a row")), "{error}");
}

#[test]
fn a_range_that_is_left_out_is_noted_and_the_commitment_before_it_must_have_been_witnessed() {
    let day = small();
    let (stream, left_out) = (1, 4);
    let keep = |r: &JournalRow| (r.topic.as_str(), r.stream, r.position) != (proof::FACTS, stream, left_out);
    let report = partial(&day, keep, &day.witnesses);
    assert_eq!(report.findings.iter().map(|f| f.check).collect::<Vec<_>>(), [Check::Commitment], "{report}");
    let seen = day.rows.iter().find(|r| (r.topic.as_str(), r.stream, r.position) == (proof::FACTS, stream, left_out - 1)).unwrap();
    let witness = Witness { position: seen.position, hash: hex::encode(seen.hash), topic: seen.topic.clone(), stream, ..day.witnesses[0].clone() };
    let report = partial(&day, keep, &[day.witnesses.as_slice(), &[witness]].concat());
    assert!(report.holds() && report.warnings.iter().any(|w| w.contains("1 rows between positions 3 and 5")), "{report}");
}

#[test]
fn what_nobody_has_witnessed_is_noted() {
    let day = small();
    let beginning: Vec<Witness> = day.witnesses.iter().filter(|w| w.by == "intake").cloned().collect();
    let report = partial(&day, |_| true, &beginning);
    assert!(report.holds() && report.warnings.iter().filter(|w| w.contains("unwitnessed from position")).count() >= 4, "{report}");
}

#[test]
fn an_office_whose_key_is_not_in_the_header_is_told_once_and_hides_nothing_of_the_others() {
    let day = Sample { declarations: 600, offices: 3, ..Sample::default() }.day();
    let mut keyless = day.clone();
    let without = keyless.keys.remove(0).office;
    for kind in [Kind::Public, Kind::Auditor] {
        let report = verify(keyless.file(kind).as_slice(), 2, &SampleDocuments).unwrap();
        assert!(!report.holds() && report.findings.iter().all(|f| f.office == without && f.check == Check::Key), "{report}");
        assert!(report.findings.iter().any(|f| f.what.contains("no key for this office")) && report.findings.len() <= 2, "{report}");
    }
}
