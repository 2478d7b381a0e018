use values::Direction;

use super::*;
use crate::facts::{History, LineFacts, Past};

/// Two lines: telephones from China with a mass, cigarettes without one.
pub fn facts() -> Facts {
    let line = LineFacts {
        line: 1,
        commodity: "85171300".to_owned(),
        description: "điện thoại".to_owned(),
        origin: "CN".to_owned(),
        tariff_table: "B01".to_owned(),
        quantity: 100,
        quantity_unit: "PCE".to_owned(),
        value: 1_850_000,
        net_mass_g: 380,
        duty_rate: 0,
        duty_vnd: 0,
    };
    Facts {
        direction: Direction::Import,
        class: "cargo".to_owned(),
        kind: "A11".to_owned(),
        office: "32BB".to_owned(),
        team: "00".to_owned(),
        sender: "NSW".to_owned(),
        trader: "3300000001".to_owned(),
        declarant: "D0001".to_owned(),
        counterparty: "SOMPHONE TRADING".to_owned(),
        counterparty_country: "LA".to_owned(),
        transport_mode: "4".to_owned(),
        plate: "BK1234".to_owned(),
        plate_country: "LAO".to_owned(),
        loading_place: "LADSV".to_owned(),
        unloading_place: "VNLBO".to_owned(),
        tax_deadline: "D".to_owned(),
        split_first: String::new(),
        currency: "USD".to_owned(),
        value: 1_850_000,
        duty_vnd: 0,
        gross_mass_g: 500,
        packages: 1,
        lines: vec![line.clone(), LineFacts { line: 2, commodity: "24022090".to_owned(), origin: "LA".to_owned(), net_mass_g: 0, ..line }],
        history: History { trader: Past { seen_90d: 7, found_365d: 2, ..Past::default() }, ..History::default() },
    }
}

pub fn lists() -> Lists {
    let mut lists = Lists::default();
    lists.add("risk_goods_1", ListKind::Commodity, ["2402", "85171300"]);
    lists.add("plates", ListKind::Text, ["BK1234", "BK9999"]);
    lists
}

fn first(source: &str) -> Option<u32> {
    Criterion::compile(source, &lists()).unwrap_or_else(|faults| panic!("{source}: {faults:?}")).first_match(&facts())
}

fn told(source: &str) -> Vec<String> {
    Criterion::compile(source, &lists()).map(|_| ()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_criterion_tells_the_first_line_that_matches() {
    assert_eq!(first("trader_found_365d >= 2"), Some(0));
    assert_eq!(first("lines.exists(l, l.commodity.startsWith(\"2402\"))"), Some(2));
    assert_eq!(first("kind == 'A11' && lines.exists(x, x.origin in ['CN', 'LA'])"), Some(1));
    assert_eq!(first("lines.exists(l, l.origin == 'VN') || lines.exists(l, l.origin == counterparty_country)"), Some(2));
    assert_eq!(first("!lines.all(l, l.origin == 'CN')"), Some(2));
    assert_eq!(first("lines.all(l, l.commodity in list(\"risk_goods_1\"))"), Some(0));
    assert_eq!(first("plate in list('plates') && size(lines) == 2 && lines.size() * 2 - 1 > -packages + 3"), Some(0));
    assert_eq!(first("lines.exists(l, l.commodity in list(\"risk_goods_1\") && l.origin == \"VN\")"), None);
    assert_eq!(
        first("direction == 'import' && class != 'parcels' && earlier_lane == '' && size(counterparty) == 16 && plate.endsWith('34')"),
        Some(0)
    );
}

#[test]
fn an_absent_number_is_neither_below_nor_above_anything() {
    assert_eq!(first("lines.exists(l, l.line == 2 && l.value_per_kg < 9000000000)"), None);
    assert_eq!(first("lines.exists(l, l.line == 2 && l.value_per_kg >= 0)"), None);
    assert_eq!(first("lines.exists(l, l.line == 2 && l.value_per_kg != 7)"), None);
    assert_eq!(first("lines.exists(l, l.line == 2 && !(l.value_per_kg < 5))"), None);
    assert_eq!(first("lines.exists(l, l.line == 2 && !has(l.value_per_kg))"), Some(2));
    assert_eq!(first("lines.exists(l, l.value_per_kg > 1 || l.line == 2)"), Some(1));
    assert_eq!(first("!lines.exists(l, l.value_per_kg < 5)"), None);
    assert_eq!(first("lines.exists(l, has(l.value_per_kg) && l.value_per_kg == 4868421)"), Some(1));
}

#[test]
fn arithmetic_beyond_64_bits_is_unknown() {
    assert_eq!(first("value * 9223372036854775807 > 0"), None);
    assert_eq!(first("value * 9223372036854775807 > 0 || kind == 'A11'"), Some(0));
    assert_eq!(first("value / duty_vnd > 0 || value % 2 == 1"), None);
}

#[test]
fn every_wrong_name_and_type_is_told_with_its_place() {
    assert_eq!(
        told(
            "trader_fund_365d >= 2 &&\n  lines.exists(l,\n    l.comodity == 'x' || l.origin > 'CN') && commodity == 'x'\n  && plate in list('plats')"
        ),
        [
            "line 1, column 1: trader_fund_365d is not a fact of the declaration: did you mean trader_found_365d?",
            "line 3, column 5: comodity is not a fact of a line: did you mean commodity?",
            "line 3, column 26: texts are compared with == and != alone",
            "line 3, column 46: commodity is a fact of a line: ask for it as in lines.exists(l, l.commodity ...)",
            "line 4, column 15: there is no list \"plats\" in force: did you mean plates?",
        ]
    );
    for (source, said) in [
        ("value == 'x'", "a number is compared with a text"),
        ("value > 1.5", "numbers are whole"),
        ("value", "a number is not a test"),
        ("kind", "a text is not a test"),
        ("lines", "the list of lines is not a test"),
        ("lines > 3", "write size(lines)"),
        ("kind.startsWith('')", "say what"),
        ("kind.startsWith(office)", "not another fact"),
        ("value.contains('1')", "contains is a test of a text"),
        ("kind in []", "the list is empty"),
        ("kind in ['a', 1]", "not both"),
        ("kind in [1]", "a text cannot be in a list of numbers"),
        ("value in ['1']", "a number cannot be in a list of texts"),
        ("kind in 'A11'", "in wants a list"),
        ("plate in list('risk_goods_1')", "only a line's commodity"),
        ("plate in list(kind)", "name of a list in quotes"),
        ("'a' == 'a'", "looks at no fact"),
        ("value > 1 ? true : false", "? : is not supported"),
        ("lines[0].origin == 'CN'", "not supported"),
        ("lines.exists_one(l, l.line == 1)", "not exists_one"),
        ("lines.map(l, l.line) == [1]", "this is not supported"),
        ("lines.exists(l, lines.exists(m, m.line == 1))", "cannot stand within another"),
        ("lines.exists(value, value.line == 1)", "give the line another name"),
        ("lines.exists(l, l == 1)", "l is a line"),
        ("l.origin == 'CN'", "l is not known here"),
        ("lines.origin == 'CN'", "lines has no origin"),
        ("kind.first == 'A'", "has no parts"),
        ("lines.exists(l, has(l.origin))", "always there"),
        ("matches(kind, 'A')", "there is no function matches"),
        ("kind.startWith('A')", "did you mean startsWith?"),
        ("(value > 1) == true", "a test stands where"),
        ("value + kind > 1", "cannot be calculated with"),
        ("-kind == 'a'", "- wants a number"),
        ("size(value) > 1", "size() counts lines"),
    ] {
        let all = told(source).join("\n");
        assert!(all.contains(said), "{source}: {all}");
    }
}

#[test]
fn deep_and_long_expressions_are_refused_instead_of_costing_the_stack() {
    let n = LONGEST - 10;
    let parts = [
        "!",
        "+1",
        "-1",
        ".b",
        ".b()",
        "(",
        "<1",
        "[1]",
        "[",
        "!(",
        " in 1",
        "*1",
        "lines.exists(l,",
        "?a:b",
        "[1,",
        "\",\"+",
        "r'\\'+",
        "{1:",
        "+1&",
        "+1|",
        "+1,",
        ",+1",
        "&&+1",
        "&&1+",
        "+1)",
        "+1]",
        "&|+1",
        "#+1",
        "f(1,1+1+1+1+1+1+1+1+1+",
    ];
    for part in parts {
        let source = format!("value{}", part.repeat(n / part.len()));
        // The stack of a worker thread.
        let compiled = std::thread::Builder::new().stack_size(2 << 20).spawn(move || Criterion::compile(&source, &lists()).is_err());
        assert!(compiled.unwrap().join().unwrap(), "{part}");
    }
    assert!(told(&format!("{}true{}", "(".repeat(99), ")".repeat(99))).join("").contains("within each other"));
    assert!(told(&format!("value > 1{}", "+1".repeat(40)))[0].contains("operators in one operand"));
    assert!(told(&"x".repeat(LONGEST + 1))[0].contains("longer than"));
}

#[test]
fn an_officer_reads_the_clauses_with_the_values_seen() {
    let criterion = Criterion::compile(
        "trader_found_365d >= 2 // findings\n && (kind == 'B11' || office == '32BB') && lines.exists(l, l.commodity.startsWith(\"2402\") && !has(l.value_per_kg))",
        &lists(),
    );
    assert_eq!(
        criterion.unwrap().clauses_matched(&facts()),
        [
            "trader_found_365d >= 2 [trader_found_365d = 2]",
            "(kind == 'B11' || office == '32BB') [office = \"32BB\"]",
            "lines.exists(l, l.commodity.startsWith(\"2402\") && !has(l.value_per_kg)) [line 2, l.commodity = \"24022090\", l.value_per_kg = absent]",
        ]
    );
}

#[test]
fn an_index_finds_what_each_criterion_finds() {
    let sources = [
        "plate in list('plates')",
        "plate == 'X'",
        "lines.exists(l, l.commodity.startsWith('85') && l.origin == 'CN')",
        "value >= 1850000",
        "value < 1850000",
        "lines.exists(l, l.value_per_kg > 4868420)",
        "lines.all(l, l.line > 0)",
        "kind == 'B11' || plate.contains('12')",
        "lines.exists(l, l.commodity in list('risk_goods_1') && l.line == 2)",
        "duty_vnd == 0 && packages in [1, 2]",
        "false || size(lines) > 3",
    ];
    let compiled: Vec<Criterion> = sources.iter().map(|s| Criterion::compile(s, &lists()).unwrap()).collect();
    let index = Index::new(compiled.iter().enumerate().rev());
    let one_by_one: Vec<(usize, u32)> = compiled.iter().enumerate().filter_map(|(n, c)| Some((n, c.first_match(&facts())?))).collect();
    assert_eq!(index.matches(&facts(), &mut Scratch::default()), one_by_one);
    assert_eq!(one_by_one, [(0, 0), (2, 1), (3, 0), (5, 1), (6, 0), (7, 0), (8, 2), (9, 0)]);
}
