use super::*;

fn day(text: &str) -> Day {
    crate::read::day(text).unwrap()
}

#[test]
fn the_standard_tables_can_be_read() {
    let tables = Tables::standard().unwrap();
    assert_eq!(tables.office("32BB").unwrap().gate.as_deref(), Some("Lao Bao"));
    assert_eq!(tables.offices().count(), 11);
    assert_eq!(tables.direction_of("A11", day("2026-07-01")), Some(Direction::Import));
    assert_eq!(tables.direction_of("AEO", day("2026-07-01")), None);
}

#[test]
fn a_code_is_valid_on_its_days_alone() {
    let tables = Tables::standard().unwrap();
    assert!(tables.holds("procedure_export", "E56", day("2021-05-31")));
    assert!(!tables.holds("procedure_export", "E56", day("2021-06-01")));
    assert!(!tables.holds("procedure_import", "A43", day("2021-05-31")));
    assert!(!tables.holds("no_such_list", "A43", day("2021-05-31")));
}

#[test]
fn settings_may_add_offices() {
    let more = [(OfficeCode::parse("30").unwrap(), "Office 30".to_owned(), None)];
    assert!(Tables::standard().unwrap().with_offices(more).office_is_open("30", day("2020-01-01")));
}

#[test]
fn tables_that_lack_a_list_or_hold_no_day_are_refused() {
    assert!(matches!(Tables::load("x = 1"), Err(TablesError::Unreadable(_))));
    let missing = STANDARD.replace("\"person_class\"", "\"other\"");
    assert!(matches!(Tables::load(&missing), Err(TablesError::Missing("person_class"))));
    let undated = STANDARD.replace("\"2014-04-01\"", "\"2014-02-30\"");
    assert!(matches!(Tables::load(&undated), Err(TablesError::NotADay(_))));
}
