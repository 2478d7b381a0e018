//! What tests look at, with its type: which pairs make a test, and which do not.
use std::sync::Arc;

use super::{
    lists::{List, ListKind, TextSet},
    predicate::{Number, Order, Test, Text, TextTest},
    vocabulary::LINE,
};

/// A typed value of an expression.
#[derive(Debug, Clone)]
pub enum Operand {
    Number(Number),
    Text(Text),
    /// A text in quotes.
    Literal(Box<str>),
    /// `["CN", "LA"]`.
    Texts(Vec<Box<str>>),
    /// `[1, 2]`.
    Numbers(Vec<i64>),
    /// `list("risk_goods_1")`.
    Named(Box<str>, Arc<List>),
    /// All lines.
    Lines,
}

/// The type of an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    List,
    Lines,
}

impl Kind {
    pub const fn told(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Lines => "the list of lines",
        }
    }
}

/// Up to this many texts are compared one by one.
const FEW: usize = 4;

const NO_FACT: &str = "this test looks at no fact, so it is always true or always false";

impl Operand {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Text(_) | Self::Literal(_) => Kind::Text,
            Self::Texts(_) | Self::Numbers(_) | Self::Named(..) => Kind::List,
            Self::Lines => Kind::Lines,
        }
    }

    /// A list in brackets: texts in quotes or whole numbers.
    pub fn list(entries: Vec<Self>) -> Result<Self, String> {
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Self::Literal(text) => texts.push(text),
                Self::Number(Number::Literal(n)) => numbers.push(n),
                _ => return Err("a list in brackets holds texts in quotes or whole numbers".to_owned()),
            }
        }
        match (texts.is_empty(), numbers.is_empty()) {
            (false, true) => Ok(Self::Texts(texts)),
            (true, false) => Ok(Self::Numbers(numbers)),
            (true, true) => Err("the list is empty".to_owned()),
            (false, false) => Err("a list holds texts or numbers, not both".to_owned()),
        }
    }

    /// `self in list`; `is` false: not in it.
    pub fn in_list(self, list: Self, is: bool) -> Result<Test, String> {
        match (self, list) {
            (Self::Text(fact), Self::Texts(mut texts)) if texts.len() <= FEW => {
                texts.sort_unstable();
                texts.dedup();
                let mut tests: Vec<Test> = texts.into_iter().map(|text| Test::Text { fact, test: TextTest::Equals(text), is }).collect();
                Ok(match (tests.pop(), tests.is_empty(), is) {
                    (Some(only), true, _) => only,
                    (last, _, true) => Test::Any(tests.into_iter().chain(last).collect()),
                    (last, _, false) => Test::All(tests.into_iter().chain(last).collect()),
                })
            }
            (Self::Text(fact), Self::Texts(texts)) => Ok(Test::Text { fact, test: TextTest::In(Arc::new(TextSet::new(texts))), is }),
            (Self::Text(fact), Self::Named(name, list)) => {
                let commodity = matches!(fact, Text::Line(n) if LINE[usize::from(n)].name == "commodity");
                if list.kind == ListKind::Commodity && !commodity {
                    return Err(format!("list \"{name}\" holds commodity codes: only a line's commodity can be in it"));
                }
                Ok(Test::Text { fact, test: TextTest::InList(list), is })
            }
            (Self::Number(Number::Literal(_)) | Self::Literal(_), _) => Err(NO_FACT.to_owned()),
            (Self::Number(number), Self::Numbers(values)) => Ok(Test::NumberIn { number, values: values.into(), is }),
            (_, other) if other.kind() != Kind::List => {
                Err(format!("in wants a list in brackets or list(\"name\") on its right, not {}", other.kind().told()))
            }
            (one, Self::Numbers(_)) => Err(format!("{} cannot be in a list of numbers", one.kind().told())),
            (one, _) => Err(format!("{} cannot be in a list of texts", one.kind().told())),
        }
    }

    /// `self.startsWith(part)`, `endsWith`, `contains`.
    pub fn with_part(self, name: &str, part: Self, is: bool) -> Result<Test, String> {
        match (self, part) {
            (Self::Text(_), Self::Literal(part)) if part.is_empty() => Err(format!("every text {name} \"\": say what")),
            (Self::Text(fact), Self::Literal(part)) => {
                let test = match name {
                    "startsWith" => TextTest::Starts(part),
                    "endsWith" => TextTest::Ends(part),
                    _ => TextTest::Contains(part),
                };
                Ok(Test::Text { fact, test, is })
            }
            (Self::Text(_), other) => Err(format!("{name} wants a text in quotes, not {}", other.described())),
            (Self::Literal(_), _) => Err(NO_FACT.to_owned()),
            (one, _) => Err(format!("{name} is a test of a text, not of {}", one.kind().told())),
        }
    }

    fn described(&self) -> &'static str {
        if let Self::Text(_) = self { "another fact" } else { self.kind().told() }
    }

    /// `self order other`; `not`: the opposite.
    pub fn compared(self, order: Order, other: Self, not: bool) -> Result<Test, String> {
        let order = if not { order.opposite() } else { order };
        match (self, other) {
            (Self::Number(Number::Literal(_)), Self::Number(Number::Literal(_))) | (Self::Literal(_), Self::Literal(_)) => Err(NO_FACT.to_owned()),
            (Self::Number(Number::Declaration(fact)), Self::Number(Number::Literal(literal))) => Ok(Test::Plain { fact, order, literal }),
            (Self::Number(Number::Literal(literal)), Self::Number(Number::Declaration(fact))) => {
                Ok(Test::Plain { fact, order: order.turned(), literal })
            }
            (Self::Number(left), Self::Number(right)) => Ok(Test::Compare(Box::new((left, order, right)))),
            (one, other) if one.kind() == Kind::Text && other.kind() == Kind::Text => {
                let is = match order {
                    Order::Equal => true,
                    Order::NotEqual => false,
                    _ => return Err("texts are compared with == and != alone".to_owned()),
                };
                match (one, other) {
                    (Self::Text(left), Self::Text(right)) => Ok(Test::Same { left, right, is }),
                    (Self::Text(fact), Self::Literal(text)) | (Self::Literal(text), Self::Text(fact)) => {
                        Ok(Test::Text { fact, test: TextTest::Equals(text), is })
                    }
                    _ => Err(NO_FACT.to_owned()),
                }
            }
            (one, other) if one.kind() == Kind::Lines || other.kind() == Kind::Lines => {
                Err("the list of lines is not a number: write size(lines)".to_owned())
            }
            (one, other) => Err(format!("{} is compared with {}", one.kind().told(), other.kind().told())),
        }
    }
}
