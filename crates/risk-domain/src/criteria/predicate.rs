//! Typed predicates: what an expression becomes, and how it is evaluated.
//!
//! Evaluation has three values, as CEL has: a test of an absent number (or of arithmetic that leaves 64 bits) is neither true nor false but
//! unknown. `&&` and `||` forget an unknown operand when the other decides, `exists` and `all` likewise over the lines, `!` keeps it, and a
//! criterion matches only when it is true. Negation is pushed to the leaves when an expression is compiled, so no predicate has a `Not`.
use std::sync::Arc;

use super::{
    lists::{List, TextSet},
    vocabulary::{DECLARATION, LINE, Read},
};
use crate::facts::{Facts, LineFacts};

/// A text fact, by its place in the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text {
    Declaration(u8),
    Line(u8),
}

/// A test of one text fact.
#[derive(Debug, Clone)]
pub enum TextTest {
    Equals(Box<str>),
    In(Arc<TextSet>),
    InList(Arc<List>),
    Starts(Box<str>),
    Ends(Box<str>),
    Contains(Box<str>),
}

/// An integer.
#[derive(Debug, Clone)]
pub enum Number {
    Literal(i64),
    Declaration(u8),
    Line(u8),
    /// How many lines.
    Lines,
    /// Characters of a text.
    Size(Text),
    Negative(Box<Number>),
    Of(Box<(Number, Arithmetic, Number)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// A test of the declaration, or of one of its lines.
#[derive(Debug, Clone)]
pub enum Test {
    Known(bool),
    All(Vec<Test>),
    Any(Vec<Test>),
    /// `is` false: the test must fail.
    Text {
        fact: Text,
        test: TextTest,
        is: bool,
    },
    Same {
        left: Text,
        right: Text,
        is: bool,
    },
    /// A fact of the declaration beside a literal: the commonest test has its own shape.
    Plain {
        fact: u8,
        order: Order,
        literal: i64,
    },
    Compare(Box<(Number, Order, Number)>),
    NumberIn {
        number: Number,
        values: Box<[i64]>,
        is: bool,
    },
    Has {
        fact: u8,
        is: bool,
    },
    /// At least one line (`every` false) or every line passes.
    Lines {
        every: bool,
        body: Box<Test>,
    },
}

impl Text {
    /// As written, `l.` before a fact of a line.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Declaration(n) => ("", DECLARATION[usize::from(n)].name),
            Self::Line(n) => ("l.", LINE[usize::from(n)].name),
        }
    }

    /// Reads the fact; '' for a fact of a line where there is none.
    pub fn of<'f>(self, facts: &'f Facts, line: Option<&'f LineFacts>) -> &'f str {
        match self {
            Self::Declaration(n) => match DECLARATION[usize::from(n)].read {
                Read::Text(read) => read(facts),
                _ => "",
            },
            Self::Line(n) => match (LINE[usize::from(n)].read, line) {
                (Read::LineText(read), Some(line)) => read(line),
                _ => "",
            },
        }
    }
}

impl TextTest {
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Equals(other) => text == &**other,
            Self::In(set) => set.contains(text),
            Self::InList(list) => list.holds(text),
            Self::Starts(head) => text.starts_with(&**head),
            Self::Ends(tail) => text.ends_with(&**tail),
            Self::Contains(part) => text.contains(&**part),
        }
    }
}

/// Reads a number of the declaration.
pub fn declared(fact: u8, facts: &Facts) -> i64 {
    match DECLARATION[usize::from(fact)].read {
        Read::Number(read) => read(facts),
        _ => 0,
    }
}

/// Reads a number of a line.
pub fn of_line(fact: u8, line: &LineFacts) -> Option<i64> {
    match LINE[usize::from(fact)].read {
        Read::LineNumber(read) => read(line),
        _ => None,
    }
}

impl Number {
    /// `None`: unknown.
    pub fn of(&self, facts: &Facts, line: Option<&LineFacts>) -> Option<i64> {
        match self {
            Self::Literal(n) => Some(*n),
            Self::Declaration(fact) => Some(declared(*fact, facts)),
            Self::Line(fact) => of_line(*fact, line?),
            Self::Lines => i64::try_from(facts.lines.len()).ok(),
            Self::Size(text) => i64::try_from(text.of(facts, line).chars().count()).ok(),
            Self::Negative(n) => n.of(facts, line)?.checked_neg(),
            Self::Of(parts) => parts.1.of(parts.0.of(facts, line)?, parts.2.of(facts, line)?),
        }
    }
}

impl Arithmetic {
    /// `None` beyond 64 bits and for a division by zero.
    pub fn of(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Self::Add => left.checked_add(right),
            Self::Subtract => left.checked_sub(right),
            Self::Multiply => left.checked_mul(right),
            Self::Divide => left.checked_div(right),
            Self::Remainder => left.checked_rem(right),
        }
    }
}

impl Order {
    pub fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }

    /// True where this is false.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
        }
    }

    /// The same test with its sides exchanged.
    pub const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// `decisive` if one outcome is, else unknown if one is, else the opposite of `decisive`.
fn fold(outcomes: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for outcome in outcomes {
        match outcome {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

impl Test {
    /// Whether it holds; `None`: unknown. `line` is the line that a test within `lines.exists` or `lines.all` is about.
    pub fn holds(&self, facts: &Facts, line: Option<&LineFacts>) -> Option<bool> {
        match self {
            Self::Known(value) => Some(*value),
            Self::All(tests) => fold(tests.iter().map(|t| t.holds(facts, line)), false),
            Self::Any(tests) => fold(tests.iter().map(|t| t.holds(facts, line)), true),
            Self::Text { fact, test, is } => Some(test.holds(fact.of(facts, line)) == *is),
            Self::Same { left, right, is } => Some((left.of(facts, line) == right.of(facts, line)) == *is),
            Self::Plain { fact, order, literal } => Some(order.holds(declared(*fact, facts), *literal)),
            Self::Compare(parts) => Some(parts.1.holds(parts.0.of(facts, line)?, parts.2.of(facts, line)?)),
            Self::NumberIn { number, values, is } => Some(values.contains(&number.of(facts, line)?) == *is),
            Self::Has { fact, is } => Some(line.is_some_and(|l| of_line(*fact, l).is_some()) == *is),
            Self::Lines { every, body } => fold(facts.lines.iter().map(|l| body.holds(facts, Some(l))), !every),
        }
    }

    /// The first `lines.exists`, in the order of the source, that some line passes: its body.
    pub fn first_lines(&self, facts: &Facts) -> Option<&Self> {
        match self {
            Self::Lines { every: false, body } => facts.lines.iter().any(|l| body.holds(facts, Some(l)) == Some(true)).then_some(body),
            Self::All(tests) | Self::Any(tests) => tests.iter().find_map(|t| t.first_lines(facts)),
            _ => None,
        }
    }
}
