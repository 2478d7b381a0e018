//! The second verifier, in Python, finds what this one finds, on honest and on tampered days.
#![expect(clippy::unwrap_used, reason = "a test may fail")]
use std::{collections::BTreeSet, fs, path::Path, process::Command};

use proof::{
    Check, Kind, Report,
    sample::{Dice, Sample, SampleDay, SampleDocuments},
    verify,
};

type Found = BTreeSet<(String, u64, u64, String)>;

/// Runs `tests/python/verify.py`: (exit code, findings).
fn python(name: &str, file: &[u8]) -> (i32, Found) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, file).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/verify.py");
    let run = Command::new("python3").arg(script).arg(&path).arg("--json").output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&run.stderr)));
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    let found = told["findings"].as_array().unwrap().iter();
    let found = found.map(|f| (text(&f["topic"]), f["stream"].as_u64().unwrap(), f["position"].as_u64().unwrap(), text(&f["check"])));
    (run.status.code().unwrap(), found.collect())
}

fn rust(report: &Report) -> Found {
    let name = |check: Check| serde_json::to_value(check).unwrap().as_str().unwrap().to_owned();
    report.findings.iter().map(|f| (f.topic.clone(), u64::from(f.stream), f.position, name(f.check))).collect()
}

fn days() -> Vec<SampleDay> {
    (10..13).map(|seed| Sample { seed, offices: 2, declarations: 70, ..Sample::default() }.day()).collect()
}

#[test]
fn both_verifiers_find_nothing_in_honest_days() {
    for (n, day) in days().iter().enumerate() {
        for kind in [Kind::Public, Kind::Auditor] {
            assert_eq!(python(&format!("honest-{n}-{kind:?}"), &day.file(kind)), (0, Found::new()));
        }
    }
}

#[test]
fn both_verifiers_find_the_same_in_tampered_public_files() {
    let (days, mut dice) = (days(), Dice(77));
    for n in 0..30 {
        let mut day = days[n % days.len()].clone();
        let Some(deed) = day.tamper(Kind::Public, &mut dice) else { continue };
        let file = day.file(Kind::Public);
        let report = verify(file.as_slice(), 1, &SampleDocuments).unwrap();
        assert_eq!(python(&format!("public-{n}"), &file), (1, rust(&report)), "{}\n{report}", deed.what);
    }
}

/// Rules and model are not taken again in Python: what only they tell is missing there, and nothing else.
#[test]
fn both_verifiers_find_the_same_in_tampered_auditors_files_but_for_rules_and_scores() {
    let (days, mut dice) = (days(), Dice(78));
    let beyond = ["lane", "score", "counters", "points", "rules", "draw", "trace"];
    for n in 0..30 {
        let mut day = days[n % days.len()].clone();
        let Some(deed) = day.tamper(Kind::Auditor, &mut dice) else { continue };
        let file = day.file(Kind::Auditor);
        let report = verify(file.as_slice(), 1, &SampleDocuments).unwrap();
        let (code, found) = python(&format!("auditor-{n}"), &file);
        let here = rust(&report);
        let missing: Vec<_> = here.difference(&found).filter(|f| !beyond.contains(&f.3.as_str())).collect();
        // Which of several things a trace that cannot be read breaks first is each verifier's own.
        let more: Vec<_> =
            found.difference(&here).filter(|f| f.3 != "trace" && !here.contains(&(f.0.clone(), f.1, f.2, "trace".to_owned()))).collect();
        assert!(code == 1 && missing.is_empty() && more.is_empty(), "{}: {missing:?} {more:?}\n{report}", deed.what);
    }
}
