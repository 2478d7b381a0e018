//! One clause of a profile, compiled at load to a typed test that allocates nothing.
//!
//! An absent fact fulfils only `absent`: every comparison with it, `ne` included, is false, so that nobody is selected by a gap.
use crate::vocabulary::{Kind, Seen};
use values::{CountryCode, CurrencyCode, Decimal, Direction, OfficeCode};

/// Operator of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Present and not equal.
    Ne,
    /// One of the values.
    In,
    /// Begins with one of the values.
    Prefix,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Not stated.
    Absent,
    /// Stated.
    Present,
}

crate::names::coded!(
    Op, "eq, ne, in, prefix, lt, le, gt, ge, absent or present",
    Eq = "eq", Ne = "ne", In = "in", Prefix = "prefix", Lt = "lt", Le = "le", Gt = "gt", Ge = "ge", Absent = "absent", Present = "present",
);

/// Why a clause cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClauseFault {
    /// The vocabulary has no such fact.
    #[error("unknown fact {0:?}")]
    UnknownFact(String),
    /// No such operator.
    #[error("unknown operator {0:?}: expected eq, ne, in, prefix, lt, le, gt, ge, absent or present")]
    UnknownOp(String),
    /// The operator does not fit the type of the fact.
    #[error("operator {op} does not fit {fact}")]
    WrongOp {
        /// Operator.
        op: Op,
        /// Name of the fact.
        fact: String,
    },
    /// A value does not have the type of the fact.
    #[error("{fact}: {found} is not {expected}")]
    WrongType {
        /// Name of the fact.
        fact: String,
        /// The value as written.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// Number of values does not fit the operator.
    #[error("operator {op} takes {expected}")]
    WrongCount {
        /// Operator.
        op: Op,
        /// `no value`, `one value`, `one value or more`.
        expected: &'static str,
    },
}

/// A compiled comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Absent,
    Present,
    OneOf(Box<[String]>),
    NotText(String),
    Prefix(Box<[String]>),
    Numbers(Box<[i64]>),
    Compare(Op, i64),
    Flag(bool),
}

impl Test {
    /// Compiles the values as written in a profile.
    pub fn compile(fact: &str, kind: Kind, op: Op, written: &[toml::Value]) -> Result<Self, Vec<ClauseFault>> {
        let fits = match op {
            Op::Absent | Op::Present => true,
            Op::Eq | Op::Ne => true,
            Op::In => kind != Kind::Flag,
            Op::Prefix => matches!(kind, Kind::Text | Kind::Commodity),
            Op::Lt | Op::Le | Op::Gt | Op::Ge => matches!(kind, Kind::Number(_)),
        };
        if !fits {
            return Err(vec![ClauseFault::WrongOp { op, fact: fact.to_owned() }]);
        }
        let expected = match op {
            Op::Absent | Op::Present if !written.is_empty() => Some("no value"),
            Op::In | Op::Prefix if written.is_empty() => Some("one value or more"),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge if written.len() != 1 => Some("one value"),
            _ => None,
        };
        if let Some(expected) = expected {
            return Err(vec![ClauseFault::WrongCount { op, expected }]);
        }
        match (op, kind) {
            (Op::Absent, _) => Ok(Self::Absent),
            (Op::Present, _) => Ok(Self::Present),
            (_, Kind::Number(scale)) => {
                let numbers = all(fact, written, |value| number(value, scale))?;
                match (op, numbers.first()) {
                    (Op::In, _) | (_, None) => Ok(Self::Numbers(numbers.into_boxed_slice())),
                    (_, Some(first)) => Ok(Self::Compare(op, *first)),
                }
            }
            (_, Kind::Flag) => {
                let flags = all(fact, written, |value| value.as_bool().ok_or("true or false"))?;
                Ok(Self::Flag(flags.first().copied().unwrap_or_default() == (op == Op::Eq)))
            }
            _ => {
                let mut texts = all(fact, written, |value| code(value, kind, op))?;
                match (op, texts.pop()) {
                    (Op::Ne, Some(only)) => Ok(Self::NotText(only)),
                    (_, last) => {
                        texts.extend(last);
                        let texts = texts.into_boxed_slice();
                        Ok(if op == Op::Prefix { Self::Prefix(texts) } else { Self::OneOf(texts) })
                    }
                }
            }
        }
    }

    /// Whether a value as seen fulfils the test.
    pub fn holds(&self, seen: Seen<'_>) -> bool {
        match (self, seen) {
            (Self::Absent, seen) => seen == Seen::Absent,
            (_, Seen::Absent) => false,
            (Self::Present, _) => true,
            (Self::OneOf(values), Seen::Text(text)) => values.iter().any(|v| v == text),
            (Self::NotText(value), Seen::Text(text)) => value != text,
            (Self::Prefix(values), Seen::Text(text)) => values.iter().any(|v| text.starts_with(v.as_str())),
            (Self::Numbers(values), Seen::Number(number)) => values.contains(&number),
            (Self::Compare(op, value), Seen::Number(number)) => match op {
                Op::Ne => number != *value,
                Op::Lt => number < *value,
                Op::Le => number <= *value,
                Op::Gt => number > *value,
                Op::Ge => number >= *value,
                _ => number == *value,
            },
            (Self::Flag(value), Seen::Flag(flag)) => *value == flag,
            _ => false,
        }
    }
}

/// The clause as traces show it, e.g. `line.commodity_code prefix 2701|2702`.
pub(crate) fn describe(fact: &str, op: Op, written: &[toml::Value]) -> String {
    let values: Vec<String> = written.iter().map(plain).collect();
    if values.is_empty() { format!("{fact} {op}") } else { format!("{fact} {op} {}", values.join("|")) }
}

fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn all<T>(fact: &str, written: &[toml::Value], read: impl Fn(&toml::Value) -> Result<T, &'static str>) -> Result<Vec<T>, Vec<ClauseFault>> {
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    for value in written {
        match read(value) {
            Ok(read) => values.push(read),
            Err(expected) => faults.push(ClauseFault::WrongType { fact: fact.to_owned(), found: plain(value), expected }),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// A whole number, or a decimal as text, at the scale of the fact; floats are refused, as they are not exact.
fn number(value: &toml::Value, scale: u32) -> Result<i64, &'static str> {
    const EXPECTED: &str = "a whole number, or a decimal number as text";
    let text = match value {
        toml::Value::Integer(whole) => return whole.checked_mul(10_i64.pow(scale)).ok_or(EXPECTED),
        toml::Value::String(text) => text,
        _ => return Err(EXPECTED),
    };
    match scale {
        0 => Decimal::<0>::parse(text).map(Decimal::units),
        2 => Decimal::<2>::parse(text).map(Decimal::units),
        3 => Decimal::<3>::parse(text).map(Decimal::units),
        _ => Decimal::<4>::parse(text).map(Decimal::units),
    }
    .map_err(|_| EXPECTED)
}

fn code(value: &toml::Value, kind: Kind, op: Op) -> Result<String, &'static str> {
    let text = value.as_str().ok_or("text")?;
    let right = match kind {
        Kind::Direction => Direction::parse(text).map_err(|e| e.expected).map(drop),
        Kind::Country => CountryCode::parse(text).map_err(|e| e.expected).map(drop),
        Kind::Currency => CurrencyCode::parse(text).map_err(|e| e.expected).map(drop),
        Kind::Office => OfficeCode::parse(text).map_err(|e| e.expected).map(drop),
        Kind::Commodity => {
            let shortest = if op == Op::Prefix { 2 } else { 8 };
            let digits = (shortest..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            if digits { Ok(()) } else { Err("digits of a commodity code") }
        }
        _ if text.is_empty() => Err("a text that is not empty"),
        _ => Ok(()),
    };
    right.map(|()| text.to_owned())
}
