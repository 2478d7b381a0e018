//! The rules of a declaration as a table: each row has its code, its place, its sentences, its check and its counterexample.
//!
//! Codes are those of the national system's functions IDA (import) and EDA (export), public help files of the VNACCS terminal;
//! the sentences are ours. Where several national codes share one summary, [`tables of rules`](catalogue) say how they are told apart.
mod access;
mod bonded;
mod case;
mod check;
mod form;
mod general;
mod head_items;
mod invoice;
mod item;
mod line_arithmetic;
mod line_items;
mod line_relations;
mod lines;
mod own;
mod parties;
mod relation;
mod tax;
#[cfg(test)]
mod tests;
mod transport;
mod valuation;
mod valuation_relations;
mod wording;

use std::sync::OnceLock;

use values::Direction;

use crate::draft::Draft;
use crate::fault::Fault;
use check::Check;
pub(crate) use relation::View;

/// National function that a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// Import declaration.
    Ida,
    /// Export declaration.
    Eda,
}

/// Family of a refusal: the first letter of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `S`: one item.
    Single,
    /// `R`: a relation of items.
    Relation,
    /// `E`: business.
    Business,
    /// `L`: reference table and format of the message.
    Reference,
    /// `CG`: our own, beyond the national list.
    Own,
}

/// One row of the catalogue.
#[derive(Debug)]
pub struct Rule {
    /// Whether it is a rule of import or of export declarations.
    pub function: Function,
    /// `S1013`, `R1027`, `CG001`.
    pub code: &'static str,
    /// Where its faults point, `*` for any one step; `/**` for anywhere.
    pub pointer: &'static str,
    /// Vietnamese sentence.
    pub text_vi: String,
    /// English sentence.
    pub text_en: String,
    check: &'static Check,
}

/// Which functions a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Both,
    Import,
    Export,
}

/// A row as written in the tables below.
struct Row(Scope, &'static str, Check);

/// Tables by subject, in the order in which faults are reported.
static SUBJECTS: [&[Row]; 10] = [
    own::ROWS,
    general::ROWS,
    parties::ROWS,
    transport::ROWS,
    invoice::ROWS,
    valuation::ROWS,
    tax::ROWS,
    bonded::ROWS,
    lines::ROWS,
    line_relations::ROWS,
];

/// Every rule, import before export: what `parse` runs, documents print and counterexamples are made from.
pub fn catalogue() -> &'static [Rule] {
    static CATALOGUE: OnceLock<Vec<Rule>> = OnceLock::new();
    CATALOGUE.get_or_init(|| [Function::Ida, Function::Eda].into_iter().flat_map(rules).collect())
}

fn rules(function: Function) -> impl Iterator<Item = Rule> {
    let rows = SUBJECTS.iter().copied().flatten();
    rows.filter(move |row| function.is_in(row.0)).map(move |Row(_, code, check)| {
        let (text_vi, text_en) = wording::sentences(check);
        Rule { function, code, pointer: check.pattern(), text_vi, text_en, check }
    })
}

/// Rules of one direction.
pub(crate) fn of(direction: Direction) -> impl Iterator<Item = &'static Rule> {
    let function = Function::of(direction);
    catalogue().iter().filter(move |rule| rule.function == function)
}

impl Rule {
    /// Family, from the code.
    pub fn family(&self) -> Family {
        match self.code.as_bytes().first() {
            Some(b'S') => Family::Single,
            Some(b'R') => Family::Relation,
            Some(b'E') => Family::Business,
            Some(b'L') => Family::Reference,
            _ => Family::Own,
        }
    }

    /// Turns a good draft of the rule's direction into one that breaks it; other rules may break with it.
    pub fn spoil(&self, draft: &mut Draft) {
        self.check.spoil(draft);
    }

    /// Whether the rule counts the members of lists.
    pub(crate) fn is_about_counts(&self) -> bool {
        matches!(self.code, "CG007" | "L0991")
    }

    pub(crate) fn find(&'static self, view: &View<'_>, faults: &mut Vec<Fault>) {
        self.check.find(view, &mut |pointer| {
            faults.push(Fault { code: self.code, pointer, text_vi: &self.text_vi, text_en: &self.text_en });
        });
    }
}

impl Function {
    /// The function that lodges declarations of a direction.
    pub const fn of(direction: Direction) -> Self {
        match direction {
            Direction::Import => Self::Ida,
            Direction::Export => Self::Eda,
        }
    }

    /// Its name in the national system.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ida => "IDA",
            Self::Eda => "EDA",
        }
    }

    fn is_in(self, scope: Scope) -> bool {
        match scope {
            Scope::Both => true,
            Scope::Import => self == Self::Ida,
            Scope::Export => self == Self::Eda,
        }
    }
}

/// Writes one item of a draft, for tests that try any text anywhere.
#[cfg(test)]
pub(crate) fn set_item(draft: &mut Draft, at: usize, text: &str) {
    let items: Vec<_> = general::all_items().collect();
    items[at % items.len()].set(draft, text);
}
