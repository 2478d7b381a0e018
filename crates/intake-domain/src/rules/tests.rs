use std::collections::BTreeSet;

use super::*;
use crate::tables::Tables;
use crate::{parse, specimen};
use values::Day;

fn today() -> Day {
    Day::from_ymd_opt(2026, 7, 1).unwrap()
}

/// `*` is any one step, a last `**` any rest.
fn matches(pattern: &str, pointer: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), pointer.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (Some("**"), _) | (None, None) => return true,
            (Some("*"), Some(step)) if !step.is_empty() => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

#[test]
fn every_rule_fires_on_its_spoiled_specimen_where_it_says() {
    let tables = Tables::standard().unwrap();
    for rule in catalogue() {
        let faults = parse(&specimen::spoiled(rule), &tables, today()).unwrap_err();
        let fires = faults.iter().any(|fault| fault.code == rule.code && fault.text_en == rule.text_en && matches(rule.pointer, &fault.pointer));
        assert!(fires, "{} {} {} {:#?}", rule.function.as_str(), rule.code, rule.pointer, faults);
    }
}

#[test]
fn more_national_rules_are_covered_than_asked() {
    let covered = |family: Option<Family>| {
        let national = catalogue().iter().filter(|rule| rule.family() != Family::Own && family.is_none_or(|family| rule.family() == family));
        national.map(|rule| (rule.function, rule.code)).collect::<BTreeSet<_>>().len()
    };
    let (all, relations) = (covered(None), covered(Some(Family::Relation)));
    println!("{all} rules, {relations} of them relations");
    assert!(all >= 250, "{all}");
    assert!(relations >= 130, "{relations}");
}

#[test]
fn good_specimens_break_no_rule() {
    let tables = Tables::standard().unwrap();
    for draft in [specimen::import(), specimen::export()] {
        assert!(parse(&draft, &tables, today()).is_ok(), "{:#?}", parse(&draft, &tables, today()));
    }
}

#[test]
fn sentences_are_whole_in_both_languages() {
    for rule in catalogue() {
        for text in [&rule.text_vi, &rule.text_en] {
            assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{} {text}", rule.code);
        }
    }
}

#[test]
fn the_good_value_of_every_item_fits_its_own_forms() {
    let tables = Tables::standard().unwrap();
    let draft = specimen::import();
    let view = View { draft: &draft, tables: &tables, today: today(), direction: Direction::Import };
    for rule in catalogue() {
        if let Check::Form(item, form) = rule.check {
            assert!((form.fits)(&view, item::At(0, 0), item.good), "{} {}", rule.code, item.pattern);
        }
    }
}

#[test]
fn items_have_pointers_of_their_own() {
    let patterns: BTreeSet<&str> = general::all_items().map(|item| item.pattern).collect();
    assert_eq!(patterns.len(), general::all_items().count());
}
