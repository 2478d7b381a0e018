use values::{Day, Direction};

use super::*;
use crate::criteria::tests::facts;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn standard() -> RulesDocument {
    RulesDocument::standard().unwrap()
}

#[test]
fn the_shipped_rules_are_valid() {
    let rules = Rules::standard().unwrap();
    assert!(rules.profiles.len() >= 30 && standard().lists.len() >= 3);
    assert_eq!(rules.ceiling_scan(day("2026-11-24")), 10_000);
    assert_eq!(rules.ceiling_scan(day("2001-01-01")), 1_000_000);
    let import = rules.selectivity("32BB", Direction::Import, day("2026-11-24"));
    assert_eq!((import.random_documents, import.random_scan, import.expected_red), (30_000, 8_000, 40_000));
    assert_eq!(rules.selectivity("32BB", Direction::Export, day("2026-11-24")).random_scan, 4_000);
    assert_eq!(rules.selectivity("32BB", Direction::Export, day("2031-01-01")).random_documents, 0);
}

#[test]
fn canonical_json_builds_the_same_rules_again_whatever_the_order_of_the_file() {
    let rules = Rules::standard().unwrap();
    let again = Rules::load(&rules.json).unwrap();
    assert_eq!((again.digest, &again.json), (rules.digest, &rules.json));
    let mut shuffled = standard();
    shuffled.profiles.reverse();
    shuffled.lists.rotate_left(2);
    shuffled.selectivity.reverse();
    assert_eq!(Rules::build(shuffled).unwrap(), rules);
    let mut other = standard();
    other.weights.line += 1;
    assert_ne!(Rules::build(other).unwrap(), rules);
}

#[test]
fn matches_are_those_of_the_profiles_that_apply() {
    let mut document = standard();
    document.profiles[0].offices = vec!["32BC".to_owned()];
    let rules = Rules::build(document).unwrap();
    let today = day("2026-11-24");
    for facts in [facts(), Facts { direction: Direction::Export, ..facts() }, Facts { office: "32BC".to_owned(), ..facts() }] {
        for today in [today, day("2028-01-01")] {
            let applying = rules.profiles.iter().enumerate().filter(|(_, p)| p.applies(&facts, today));
            let expected: Vec<(usize, u32)> = applying.filter_map(|(at, p)| Some((at, p.criterion(today)?.first_match(&facts)?))).collect();
            assert_eq!(rules.matches(&facts, today, &mut Scratch::default()), expected);
            assert_eq!(expected.is_empty(), today.to_string().starts_with("2028"));
        }
    }
    let ids: Vec<&str> = rules.matches(&facts(), today, &mut Scratch::default()).iter().map(|(at, _)| rules.profiles[*at].id.as_str()).collect();
    assert_eq!(ids, ["R007", "R020", "R022", "R029"]);
}

#[test]
fn the_version_of_a_list_that_is_valid_on_the_day_counts() {
    let mut document = standard();
    let list = document.lists.iter_mut().find(|l| l.name == "lookout_plates").unwrap();
    list.valid_to = "2026-06-30".to_owned();
    let later = ListDocument {
        version: 2,
        valid_from: "2026-07-01".to_owned(),
        valid_to: "2027-12-31".to_owned(),
        entries: vec!["BK1234".to_owned()],
        ..list.clone()
    };
    document.lists.push(later);
    let rules = Rules::build(document).unwrap();
    let found = |today: &str| {
        let today = day(today);
        rules.matches(&facts(), today, &mut Scratch::default()).iter().any(|(at, _)| rules.profiles[*at].id == "R031")
    };
    assert_eq!([found("2026-06-30"), found("2026-07-01"), found("2027-12-31"), found("2028-01-01")], [false, true, true, false]);
    assert_eq!(rules.in_list("lookout_plates", "BK1234", day("2026-06-30")), Some(false));
    assert_eq!(rules.in_list("lookout_plates", "BK1234", day("2026-07-01")), Some(true));
    assert_eq!(rules.in_list("nobody", "BK1234", day("2026-07-01")), None);
}

#[test]
fn settings_of_an_office_come_before_those_of_all() {
    let mut document = standard();
    let general = document.selectivity[0].clone();
    document.selectivity.push(SelectivityDocument {
        office: "32BB".to_owned(),
        direction: String::new(),
        random_documents: "7".to_owned(),
        ..general
    });
    let rules = Rules::build(document).unwrap();
    let rate = |office| rules.selectivity(office, Direction::Import, day("2026-11-24")).random_documents;
    assert_eq!((rate("32BB"), rate("32BC")), (70_000, 30_000));
}

/// A fault as it is shown.
fn told(document: RulesDocument) -> Vec<String> {
    Rules::build(document).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_fault_of_everything_is_told_at_once() {
    let mut document = standard();
    let good = document.profiles[0].clone();
    document.profiles = vec![
        ProfileDocument {
            id: "bad id".to_owned(),
            version: 0,
            title_vi: " ".to_owned(),
            direction: "sideways".to_owned(),
            offices: vec!["32bb".to_owned()],
            valid_from: "2027-13-01".to_owned(),
            lane: "blue".to_owned(),
            share: "250".to_owned(),
            weight: 2_000_000,
            ground: String::new(),
            when: "colour == 'red' &&\n  value > 'x'".to_owned(),
            ..good.clone()
        },
        ProfileDocument { id: "A".to_owned(), lane: "green".to_owned(), form: "direct".to_owned(), ..good.clone() },
        ProfileDocument { id: "A".to_owned(), lane: "yellow".to_owned(), form: "scanner".to_owned(), ..good.clone() },
        ProfileDocument { id: "A".to_owned(), version: 2, form: "documents".to_owned(), ..good.clone() },
        ProfileDocument { id: "B".to_owned(), form: "sniffing".to_owned(), valid_from: "2028-01-01".to_owned(), ..good.clone() },
        ProfileDocument { id: "C".to_owned(), valid_to: "2028-01-31".to_owned(), when: "plate in list('lookout_plates')".to_owned(), ..good },
    ];
    document.lists.push(ListDocument { name: "lookout_plates".to_owned(), version: 3, kind: "text".to_owned(), ..document.lists[0].clone() });
    document.lists.push(ListDocument { name: "My list".to_owned(), kind: "thing".to_owned(), entries: vec![], ..document.lists[0].clone() });
    document.lists.push(ListDocument {
        name: "hs".to_owned(),
        kind: "commodity".to_owned(),
        entries: vec!["24".to_owned(), "24".to_owned(), "2x".to_owned()],
        ..document.lists[0].clone()
    });
    document.selectivity[0].random_scan = "1.5".to_owned();
    document.selectivity[1].expected_yellow = "99".to_owned();
    document.selectivity.push(SelectivityDocument { random_documents: "lots".to_owned(), office: "x".to_owned(), ..document.selectivity[0].clone() });
    document.ceilings.push(CeilingDocument { name: "audits".to_owned(), ground: String::new(), ..document.ceilings[0].clone() });
    document.weights = WeightsDocument { laboratory: 1_000_000, ..WeightsDocument::default() };
    document.model = ModelDocument { digest: "ab".to_owned(), yellow_at: 5, red_at: 4, critical_red_at: 1_000_001 };
    let all = told(document).join("\n");
    for said in [
        "bad id: id: expected",
        "bad id: version: counts from 1",
        "bad id: title_vi: is empty",
        "bad id: direction: expected import",
        "bad id: offices: \"32bb\": expected an office code",
        "bad id: valid_from: expected a day",
        "bad id: lane: expected green, yellow or red",
        "bad id: share: expected a percentage",
        "bad id: weight: at most",
        "bad id: ground: is empty",
        "bad id: when: line 1, column 1: colour is not a fact of the declaration",
        "bad id: when: line 2, column 3: a number is compared with a text",
        "A: form: the green lane has no form",
        "A: form: the yellow lane examines documents",
        "A: form: the red lane examines by",
        "A: version: version 1 is there twice",
        "A: valid_from: versions 1 and 2 are valid on the same days",
        "B: form: expected none, documents",
        "B: valid_to: is before valid_from",
        "C: when: line 1, column 10: there is no list \"lookout_plates\" in force (from 2028-01-01 to 2028-01-31)",
        "lookout_plates: valid_from: versions 1 and 3 are valid on the same days",
        "My list: name: expected",
        "My list: kind: expected commodity or text",
        "My list: entries: the list is empty",
        "hs: entries: \"24\" is there twice",
        "hs: entries: \"2x\": expected 2 to 12 digits",
        "selectivity all offices/import: random_scan: above the 10000 millionths of Circular 38/2015/TT-BTC article 9",
        "selectivity all offices/export: expected_red: expected_yellow and expected_red together exceed 100",
        "random_documents: expected a percentage",
        "office: \"x\": expected an office code",
        "ceiling audits: name: expected random_scan",
        "ceiling audits: ground: is empty",
        "weights: laboratory: at most 10000 points",
        "weights: declaration: declaration and line cannot both be 0",
        "weights: default_cap: at least 1",
        "model: digest: 64 lower-case",
        "model: red_at: not below yellow_at",
        "model: critical_red_at: at most",
    ] {
        assert!(all.contains(said), "{said} is missing in\n{all}");
    }
}

#[test]
fn a_text_that_is_not_toml_is_refused_with_its_place() {
    assert_eq!(Rules::load("version = 1\n[weights\n").unwrap_err()[0].line, 2);
    assert_eq!(Rules::load("{\"version\": 1,\n x").unwrap_err()[0].line, 2);
}

#[test]
fn one_profile_is_linted_beside_the_lists_in_force() {
    let rules = Rules::standard().unwrap();
    let toml = |when: &str| {
        format!(
            "id = 'N1'\ntitle_vi = 'a'\ntitle_en = 'b'\nvalid_from = '2026-01-01'\nvalid_to = '2026-12-31'\nlane = 'red'\nweight = 1\nground = 'c'\nwhen = \"\"\"{when}\"\"\""
        )
    };
    assert_eq!(rules.lint(&toml("plate in list('lookout_plates')")), []);
    let faults = rules.lint(&toml("plate in list('lookout_plate')\n && kin == ''"));
    assert_eq!(faults.iter().map(|f| (f.field.as_str(), f.line, f.column)).collect::<Vec<_>>(), [("when", 1, 10), ("when", 2, 5)]);
    assert_eq!(rules.lint("id = 'N1'\ncolour = 3").len(), 1);
}

#[test]
fn a_difference_names_the_fields_that_changed() {
    let old = standard().profiles[0].clone();
    let new = ProfileDocument { version: 2, share: "50".to_owned(), offices: vec!["32BB".to_owned(), "32BC".to_owned()], ..old.clone() };
    let changed = [("version", "1", "2"), ("offices", "", "32BB, 32BC"), ("share", "100", "50")].map(|(f, a, b)| (f, a.to_owned(), b.to_owned()));
    assert_eq!(diff(&old, &new), changed);
    assert_eq!(diff(&old, &old), []);
}

#[test]
fn the_examples_of_the_documentation_are_valid() {
    let page = include_str!("../../../../docs/criteria.md");
    let block = |language: &str| page.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(Rules::standard().unwrap().lint(block("toml").trim_start_matches("[[profile]]")), []);
    assert!(crate::Criterion::compile(block("cel"), &crate::criteria::tests::lists()).is_ok());
}
