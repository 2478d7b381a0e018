use proptest::prelude::*;
use values::Lane;

use super::{
    specimen::{sample, secrets, told, trace, visible},
    *,
};
use crate::hindrance::Hindrance;

proptest! {
    #[test]
    fn no_profile_weight_score_list_load_or_purpose_reaches_the_declarant(v in visible(), s in secrets(), leak in 0..4_usize) {
        // A ground that names the profile was let through when the profile was saved: it must not pass here either.
        let ground = [v.4.clone(), s.profiles[0].clone(), format!("{} ({})", v.4, s.profiles[0]), s.profiles[0].to_lowercase()][leak].clone();
        let trace = trace(&(v.0.clone(), v.1, v.2, v.3, ground), &s);
        let told = told(&trace, &s, Voice::Declarant);
        let all = format!("{}{}{}", told.text_vi, told.text_en, told.json).replace(&v.0, "").to_lowercase();
        let names = s.profiles.iter().chain([&s.list]).chain(&s.officers).map(|n| n.to_lowercase());
        let numbers = [s.score.to_string(), s.load.to_string()];
        let purposes = ["profile:", "model", "random:", "explore", "top_up", "assign:", "supervise", "random stratum"].map(str::to_owned);
        for secret in names.chain(numbers).chain(purposes) {
            prop_assert!(!all.contains(&secret), "{secret} in {all}");
        }
    }

    #[test]
    fn decisions_that_differ_in_what_is_secret_are_told_alike(v in visible(), s in secrets(), mut t in secrets()) {
        t.queued = s.queued;
        let (a, b) = (trace(&v, &s), trace(&v, &t));
        prop_assert_eq!(told(&a, &s, Voice::Declarant), told(&b, &t, Voice::Declarant));
    }

    #[test]
    fn every_line_fits_a_terminal_in_every_voice(v in visible(), s in secrets()) {
        let trace = trace(&v, &s);
        for voice in [Voice::Declarant, Voice::Officer, Voice::Auditor] {
            let told = told(&trace, &s, voice);
            for line in told.text_vi.lines().chain(told.text_en.lines()) {
                prop_assert!(line.chars().count() <= COLUMNS && !line.trim().is_empty(), "{line:?}");
            }
            prop_assert_eq!(told.text_vi.contains("Tờ khai hải quan số"), true);
        }
    }

    #[test]
    fn the_officer_learns_every_match_and_the_auditor_every_value(v in visible(), s in secrets()) {
        let trace = trace(&v, &s);
        let (officer, auditor) = (told(&trace, &s, Voice::Officer), told(&trace, &s, Voice::Auditor));
        for text in [&officer.text_vi, &officer.text_en, &auditor.text_vi] {
            prop_assert!(s.profiles.iter().take(4).all(|p| text.contains(p.as_str())) && text.contains(&s.list));
        }
        // A load is of no concern to the officer; the auditor reads the trace back as it was.
        prop_assert!(!officer.text_en.contains(&s.load.to_string()));
        prop_assert!(auditor.text_vi.contains("24022090") && auditor.text_en.contains("line 1: fraud"));
        let json: serde_json::Value = serde_json::from_str(&auditor.json).unwrap();
        prop_assert_eq!(serde_json::from_value::<Trace>(json["trace"].clone()).unwrap(), trace);
        let view: OfficerView = serde_json::from_str(&officer.json).unwrap();
        prop_assert_eq!(view.matched.len(), s.profiles.len().min(4));
        for told in [&s.score.to_string(), &s.load.to_string()].into_iter().filter(|_| v.2 > Lane::Green) {
            prop_assert!(auditor.text_en.contains(told.as_str()));
        }
    }
}

#[test]
fn the_declarant_is_told_what_is_wanted_on_what_ground_and_what_to_bring() {
    let (trace, s) = sample();
    let told = told(&trace, &s, Voice::Declarant);
    for words in [
        "Tờ khai hải quan số 109000000010",
        "Luồng đỏ: kiểm tra thực tế hàng hoá theo phương pháp thủ công.",
        "Căn cứ: Thông tư 81/2019/TT-BTC, các Điều 17 và 22 (đánh giá rủi ro).",
        "có mặt khi kiểm tra",
        "Hoá đơn thương mại",
    ] {
        assert!(told.text_vi.replace("\n    ", " ").contains(words), "{words}: {}", told.text_vi);
    }
    assert!(told.text_en.contains("Ground: Circular 81/2019/TT-BTC articles 17 and 22 (risk assessment)."), "{}", told.text_en);
    let json: Declared = serde_json::from_str(&told.json).unwrap();
    assert_eq!((json.format.as_str(), json.lane), ("cleargate.explanation.declarant/1", Lane::Red));
}

#[test]
fn a_lane_that_an_officer_changed_is_the_one_the_declarant_hears_of() {
    let (trace, _) = sample();
    let change = LaneChange {
        from: Lane::Red,
        to: Lane::Yellow,
        form: Form::Documents,
        ground: "Circular 38/2015/TT-BTC article 19".into(),
        reason: "SCANNER_DOWN".into(),
        by: "HQ0007".into(),
        approved_by: "HQ0001".into(),
        at_us: trace.now_us,
    };
    let changes = [change];
    let sources = Sources { lane_changes: &changes, ..Sources::of(&trace) };
    let told = explain(&sources, Voice::Declarant);
    assert!(told.text_en.contains("Yellow lane") && told.text_en.contains("article 19") && !told.text_en.contains("HQ00"), "{}", told.text_en);
    let officer = explain(&sources, Voice::Officer).text_vi;
    assert!(officer.contains("luồng đỏ → luồng vàng") && officer.contains("SCANNER_DOWN") && officer.contains("HQ0001"), "{officer}");
}

#[test]
fn every_code_has_words_in_both_languages() {
    use Hindrance::{Cap, Conflict, Excluded, Leave, List, OffShift, Place, Skill, Suspended};
    let hindrances = [Excluded, Suspended, Leave, OffShift, List, Skill, Place, Conflict, Cap].map(Hindrance::as_str);
    let queued = ["NO_ROSTER", "ALL_AT_CAP", "NO_SKILL", "NOBODY_ON_SHIFT", "NOBODY_ELSE"];
    let said = hindrances.iter().chain(&queued).map(|code| (*code, words::hindrance(code)));
    let said = said.chain(["DRAWN", "ONLY", "RETURNED", "TOGETHER", "QUEUED"].iter().map(|code| (*code, words::how(code))));
    let by =
        ["random:documents", "random:scan", "explore:uncertain", "explore:random", "top_up:red", "top_up:yellow", "amendment", "model", "profile:R1"];
    let said = said.chain(by.iter().flat_map(|by| [(*by, words::by(by)), (*by, words::purpose(by))]));
    for (code, words) in said.chain(["assign:1", "assign:2:3", "supervise:1"].iter().map(|p| (*p, words::purpose(p)))) {
        assert!(words.vi != code && words.en != code && words.vi != words.en, "{code}");
    }
}

#[test]
fn grounds_of_the_shipped_profiles_are_cited_in_vietnamese() {
    for profile in crate::Rules::standard().unwrap().profiles {
        let said = words::ground(&profile.ground).vi;
        assert!(!["Circular", "Law", "article", "(of", " and ", "goods"].iter().any(|en| said.contains(en)), "{said}");
    }
}
