//! A decision comes out the same from its written trace; whatever was altered is named.
use values::{Day, Digest, Direction, Lane};

use super::*;
use crate::{
    Choice, Counters, DayKey, Facts, Form, Given, History, Hit, Ledger, LineFacts, LineScore, Officer, PickTrace, Published, Rates, Roster, Task,
    Thresholds, Trace, Urn, WHOLE, Weights, month_start_us, pick, published, select,
};

const KEY: DayKey = DayKey::new([9; 32]);
const NOW: i64 = 1_795_500_000_000_000;
const DECLARATION: &str = "10900000001";

struct Book;

impl RuleBook for Book {
    fn digest(&self) -> Digest {
        [1; 32]
    }
    fn hits<'a>(&'a self, facts: &Facts, _: Day) -> Vec<Hit<'a>> {
        let hit = Hit {
            profile: "P1",
            version: 1,
            line: 1,
            lane: Lane::Red,
            form: Form::Direct,
            share: WHOLE,
            weight: 500,
            ground: "law",
            cap_per_day: 9,
            spare_after: 0,
        };
        facts.lines.iter().filter(|l| l.commodity.starts_with("2402")).map(|l| Hit { line: l.line, ..hit }).collect()
    }
    fn rates(&self, _: &str, _: Direction, _: Day) -> Rates {
        Rates { random_documents: 30_000, ..Rates::default() }
    }
    fn thresholds(&self) -> Thresholds {
        Thresholds::NEVER
    }
    fn weights(&self) -> Weights {
        Weights { declaration: 10, line: 5, documents: 0, scanner: 0, direct: 0, laboratory: 0 }
    }
    fn default_cap(&self) -> u32 {
        10
    }
}

struct Model;

impl Scorer for Model {
    fn digest(&self) -> Digest {
        [2; 32]
    }
    fn score(&self, facts: &Facts) -> Vec<LineScore> {
        facts.lines.iter().map(|l| LineScore { line: l.line, fraud: 300, critical: 20 }).collect()
    }
}

fn day() -> Day {
    Day::from_ymd_opt(2026, 11, 24).unwrap()
}

fn facts() -> Facts {
    let line = LineFacts {
        line: 1,
        commodity: "24022090".to_owned(),
        description: "thuốc lá".to_owned(),
        origin: "LA".to_owned(),
        tariff_table: "B01".to_owned(),
        quantity: 100,
        quantity_unit: "PCE".to_owned(),
        value: 1_850_000,
        net_mass_g: 380,
        duty_rate: 0,
        duty_vnd: 0,
    };
    let text = |t: &str| t.to_owned();
    Facts {
        direction: Direction::Import,
        class: text("cargo"),
        kind: text("A11"),
        office: text("32BB"),
        team: text("00"),
        sender: text("NSW"),
        trader: text("3300000001"),
        declarant: text("D0001"),
        counterparty: text("SOMPHONE TRADING"),
        counterparty_country: text("LA"),
        transport_mode: text("4"),
        plate: text("BK1234"),
        plate_country: text("LA"),
        loading_place: text("LADSV"),
        unloading_place: text("VNLBO"),
        tax_deadline: text("D"),
        split_first: String::new(),
        currency: text("USD"),
        value: 1_850_000,
        duty_vnd: 0,
        gross_mass_g: 500,
        packages: 1,
        lines: vec![line.clone(), LineFacts { line: 2, commodity: text("85171300"), ..line }],
        history: History::default(),
    }
}

fn roster() -> Roster {
    let named = |code: &str| Officer { code: code.to_owned(), shifts: vec![(0, i64::MAX / 2)], ..Officer::default() };
    let hindered = Officer { conflicts: vec!["D0001".to_owned()], ..named("D") };
    let absent = Officer { suspended: true, ..named("E") };
    Roster::new(vec![named("A"), named("B"), named("C"), hindered, absent], vec![named("S"), named("T")])
}

fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.taken("A", 40);
    ledger
}

fn urn() -> Urn<'static> {
    Urn { key: &KEY, day: day(), declaration: DECLARATION, version: 0 }
}

fn decided() -> Trace {
    let facts = facts();
    let scores = Model.score(&facts);
    let counters = Counters { hits: vec![("P1".to_owned(), 3)], ..Counters::default() };
    let hits = Book.hits(&facts, day());
    let selection = select(&Given {
        hits: &hits,
        scores: &scores,
        thresholds: Thresholds::NEVER,
        rates: Book.rates("32BB", Direction::Import, day()),
        counters: &counters,
        earlier_lane: None,
        earlier: &[],
        urn: urn(),
    });
    let task = Task {
        facts: &facts,
        lane: selection.lane,
        round: 0,
        excluded: Vec::new(),
        preferred: None,
        default_cap: 10,
        month_start_us: month_start_us(day()),
        now_us: NOW,
    };
    let picked = pick(&task, &roster(), &ledger(), &urn());
    Trace {
        office: "32BB".to_owned(),
        day: day().to_string(),
        now_us: NOW,
        declaration: DECLARATION.to_owned(),
        version: 0,
        rules: hex::encode([1; 32]),
        model: hex::encode([2; 32]),
        scores,
        counters,
        earlier: Vec::new(),
        selection,
        points: 20,
        pick: Some(picked),
        facts: facts.clone(),
    }
}

fn again(trace: &Trace) -> Vec<What> {
    let mut found = retake_selection(trace, &Book, Some(&Model), &KEY);
    found.extend(retake_task(trace, &Book));
    found.extend(trace.pick.iter().flat_map(|p| retake_pick(p, &roster(), &ledger(), &KEY)));
    found.into_iter().map(|m| m.what).collect()
}

#[test]
fn a_decision_comes_out_the_same_from_its_written_trace() {
    let trace = Trace::read(&decided().bytes()).unwrap();
    assert_eq!((trace.selection.lane, again(&trace)), (Lane::Red, vec![]));
}

#[test]
fn every_altered_value_is_named() {
    let alter = |change: fn(&mut Trace)| {
        let mut altered = decided();
        change(&mut altered);
        again(&altered)
    };
    let picked = |change: fn(&mut PickTrace)| {
        let mut altered = decided();
        altered.pick.iter_mut().for_each(change);
        again(&altered)
    };
    assert_eq!(alter(|t| t.selection.lane = Lane::Yellow), [What::Lane, What::Supervised]);
    assert_eq!(alter(|t| t.selection.score += 1), [What::Score]);
    assert_eq!(alter(|t| t.scores[1].fraud += 1), [What::Scores]);
    assert_eq!(alter(|t| t.selection.draws[0].value = "1".to_owned()), [What::Draws]);
    assert_eq!(alter(|t| t.counters.hits.clear()), [What::CountedProfiles]);
    assert_eq!(alter(|t| t.points += 5), [What::Points]);
    assert_eq!(alter(|t| t.rules.clear()), [What::Rules]);
    assert_eq!(alter(|t| t.model.clear()), [What::Model]);
    assert_eq!(alter(|t| t.pick = None), [What::PickMissing]);
    assert_eq!(alter(|t| t.facts.lines[0].commodity = "25232990".to_owned())[..2], [What::CountedProfiles, What::Lane]);
    assert_eq!(picked(|p| p.assignment.choice = Choice::Officer("D".to_owned())), [What::Officer]);
    assert_eq!(picked(|p| p.assignment.candidates.truncate(2)), [What::Candidates]);
    assert_eq!(picked(|p| p.assignment.left_out.clear()), [What::LeftOut]);
    assert_eq!(picked(|p| p.supervisor.push('X')), [What::Supervisor]);
    assert_eq!(picked(|p| p.trader.push('1')), [What::Demand]);
    assert_eq!(picked(|p| p.default_cap = 0)[..2], [What::DefaultCap, What::Candidates]);
    assert!(picked(|p| p.version = 1).contains(&What::Version));
}

#[test]
fn kept_draws_of_this_day_come_from_its_key() {
    let mut trace = decided();
    trace.earlier = trace.selection.draws.clone();
    assert_eq!(again(&trace), []);
    trace.earlier[0].value = u64::MAX.to_string();
    assert_eq!(again(&trace), [What::EarlierDraws, What::Draws]);
}

#[test]
fn the_public_comes_to_the_same_officer_and_supervisor() {
    let picked = decided().pick.unwrap();
    let left_out = published(&picked, &roster());
    assert_eq!(left_out.iter().map(|l| (l.code.as_str(), l.reason.as_str())).collect::<Vec<_>>(), [("D", "CONFLICT")]);
    let row = Published { left_out: &left_out, list: "import", default_cap: 10, month_start_us: month_start_us(day()), now_us: NOW, round: 0 };
    let (assignment, against) = row.assign(&roster(), &ledger(), &urn());
    assert_eq!((&assignment, against), (&picked.assignment, vec![]));
    assert_eq!(row.supervisor(&roster(), &urn()), (picked.supervisor, picked.supervisor_draw));
}

#[test]
fn nobody_is_left_out_against_the_roster() {
    let contradictions = |code: &str, reason: &str| {
        let left_out = [crate::LeftOut { code: code.to_owned(), reason: reason.to_owned() }];
        let row = Published { left_out: &left_out, list: "import", default_cap: 10, month_start_us: 0, now_us: NOW, round: 1 };
        row.assign(&roster(), &ledger(), &urn()).1.len()
    };
    assert_eq!(contradictions("D", "CONFLICT"), 0);
    assert_eq!(contradictions("A", "EXCLUDED"), 0);
    let wrong = [("A", "CONFLICT"), ("A", "SKILL"), ("A", "LIST"), ("A", "PLACE"), ("A", "CAP"), ("E", "CONFLICT"), ("X", "EXCLUDED")];
    assert_eq!(wrong.map(|(code, reason)| contradictions(code, reason)), [1; 7]);
}

#[test]
fn a_month_begins_at_local_midnight() {
    // 2026-11-01 00:00 in Ha Noi is 2026-10-31 17:00 UTC.
    assert_eq!(month_start_us(day()), 1_793_466_000_000_000);
}
