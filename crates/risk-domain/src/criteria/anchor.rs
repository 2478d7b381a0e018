//! Anchors: for each criterion the cheapest set of tests of which one must hold wherever the criterion holds.
use std::sync::Arc;

use super::{
    lists::{List, TextSet},
    predicate::{Number, Order, Test, Text, TextTest},
    vocabulary::{DECLARATION, LINE},
};

/// A number that thresholds are kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gauge {
    Declaration(u8),
    /// The largest (for `AtLeast`) or smallest (for `AtMost`) over the lines.
    Line(u8),
    Lines,
}

/// One test that an index answers without looking at the criterion.
#[derive(Debug, Clone)]
pub enum Trigger {
    Equals(Text, Box<str>),
    Starts(Text, Box<str>),
    In(Text, Arc<TextSet>),
    InList(Text, Arc<List>),
    AtLeast(Gauge, i64),
    AtMost(Gauge, i64),
}

/// Triggers, and about how many declarations in a million fire one of them.
#[derive(Debug, Clone, Default)]
pub struct Anchor {
    pub share: u64,
    pub triggers: Vec<Trigger>,
}

const EVERYTHING: u64 = 1_000_000;

/// The anchor of a test; `None` when it must always be evaluated.
pub fn anchor(test: &Test) -> Option<Anchor> {
    match test {
        // Never true: nothing need fire.
        Test::Known(false) => Some(Anchor::default()),
        Test::All(tests) => tests.iter().filter_map(anchor).min_by_key(|a| a.share),
        Test::Any(tests) => tests.iter().map(anchor).try_fold(Anchor::default(), |mut all, one| {
            let one = one?;
            all.share = (all.share + one.share).min(EVERYTHING);
            all.triggers.extend(one.triggers);
            Some(all)
        }),
        Test::Text { fact, test, is: true } => of_text(*fact, test),
        Test::Plain { fact, order, literal } => of_number(Gauge::Declaration(*fact), *order, *literal),
        Test::Compare(parts) => match &**parts {
            (number, order, Number::Literal(literal)) => of_number(gauge(number)?, *order, *literal),
            (Number::Literal(literal), order, number) => of_number(gauge(number)?, order.turned(), *literal),
            _ => None,
        },
        Test::NumberIn { number, values, is: true } => of_number(gauge(number)?, Order::GreaterOrEqual, *values.iter().min()?),
        Test::Lines { every: false, body } => anchor(body),
        _ => None,
    }
}

fn gauge(number: &Number) -> Option<Gauge> {
    match number {
        Number::Declaration(fact) => Some(Gauge::Declaration(*fact)),
        Number::Line(fact) => Some(Gauge::Line(*fact)),
        Number::Lines => Some(Gauge::Lines),
        _ => None,
    }
}

fn of_text(fact: Text, test: &TextTest) -> Option<Anchor> {
    let one = |share, trigger| Some(Anchor { share, triggers: vec![trigger] });
    match test {
        TextTest::Equals(text) => one(share_of_value(fact), Trigger::Equals(fact, text.clone())),
        TextTest::Starts(head) => one(share_of_head(fact, head), Trigger::Starts(fact, head.clone())),
        TextTest::In(set) => {
            let share = set.iter().map(|_| share_of_value(fact)).sum::<u64>().min(EVERYTHING);
            one(share, Trigger::In(fact, Arc::clone(set)))
        }
        TextTest::InList(list) => {
            let share = list.entries.iter().map(|head| share_of_head(fact, head)).sum::<u64>().min(EVERYTHING);
            one(share, Trigger::InList(fact, Arc::clone(list)))
        }
        TextTest::Ends(_) | TextTest::Contains(_) => None,
    }
}

/// How common one value of a text fact is, in millionths, guessed from what the fact is.
fn share_of_value(fact: Text) -> u64 {
    match fact.name().1 {
        "trader" | "plate" | "counterparty" | "split_first" | "description" => 100,
        "declarant" | "sender" => 2_000,
        "commodity" => 1_500,
        "loading_place" | "unloading_place" | "earlier_lane" => 100_000,
        "kind" | "office" | "origin" | "quantity_unit" => 150_000,
        "counterparty_country" | "plate_country" | "tax_deadline" => 300_000,
        _ => 500_000,
    }
}

fn share_of_head(fact: Text, head: &str) -> u64 {
    if fact.name() != ("l.", "commodity") {
        return share_of_value(fact);
    }
    match head.len() {
        0 | 1 => 500_000,
        2 => 150_000,
        3 => 80_000,
        4 => 40_000,
        5 | 6 => 8_000,
        _ => 1_500,
    }
}

fn of_number(gauge: Gauge, order: Order, literal: i64) -> Option<Anchor> {
    let (share, trigger) = match order {
        Order::GreaterOrEqual => (300_000, Trigger::AtLeast(gauge, literal)),
        Order::Greater => (300_000, Trigger::AtLeast(gauge, literal.checked_add(1)?)),
        Order::LessOrEqual => (400_000, Trigger::AtMost(gauge, literal)),
        Order::Less => (400_000, Trigger::AtMost(gauge, literal.checked_sub(1)?)),
        Order::Equal if literal <= 0 => (200_000, Trigger::AtMost(gauge, literal)),
        Order::Equal => (300_000, Trigger::AtLeast(gauge, literal)),
        Order::NotEqual => return None,
    };
    let name = match gauge {
        Gauge::Declaration(fact) => DECLARATION[usize::from(fact)].name,
        Gauge::Line(fact) => LINE[usize::from(fact)].name,
        Gauge::Lines => "lines",
    };
    // Findings are rare: most traders have none.
    let rare = name.contains("_found_") && matches!(trigger, Trigger::AtLeast(_, 1..));
    Some(Anchor { share: if rare { 50_000 } else { share }, triggers: vec![trigger] })
}
