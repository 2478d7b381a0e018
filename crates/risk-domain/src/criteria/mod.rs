//! The language of risk profiles: CEL over the facts of a declaration, checked when it is saved, compiled once to typed predicates.
//!
//! `docs/criteria.md` describes the vocabulary and the part of CEL that is taken.

mod anchor;
mod check;
mod fast;
mod fault;
mod index;
mod lists;
mod operand;
mod pieces;
mod predicate;
mod seen;
mod source;
mod value;
pub mod vocabulary;

use std::sync::Arc;

use self::{check::Check, predicate::Test};
pub use self::{
    fault::LanguageFault,
    index::{Index, Scratch},
    lists::{List, ListKind, Lists, TextSet},
};
use crate::facts::Facts;

/// A compiled expression; cheap to clone.
#[derive(Debug, Clone)]
pub struct Criterion(Arc<Compiled>);

/// The operands of the outermost `&&`s: as tests, and as written.
#[derive(Debug)]
struct Compiled {
    tests: Box<[Test]>,
    texts: Box<[String]>,
}

/// Longest expression in bytes: what the parser does with a broken one of this length stays within the stack of a worker thread.
/// Long enumerations belong in named lists.
pub const LONGEST: usize = 4_096;

impl Criterion {
    /// Compiles an expression against the lists that are valid.
    ///
    /// # Errors
    /// Every fault with line and column. What is not CEL at all is told first: names and types are looked at once it can be read.
    pub fn compile(source: &str, lists: &Lists) -> Result<Self, Vec<LanguageFault>> {
        if source.len() > LONGEST {
            return Err(vec![LanguageFault { line: 1, column: 1, text: format!("the expression is longer than {LONGEST} bytes") }]);
        }
        let (root, source) = source::parse(source)?;
        let mut check = Check { source: &source, lists, line: None, faults: Vec::new() };
        let clauses = source.clauses(&root).into_iter();
        let (tests, texts): (Vec<Test>, Vec<String>) = clauses.map(|(node, text)| (check.test(node, false), text)).unzip();
        if check.faults.is_empty() {
            Ok(Self(Arc::new(Compiled { tests: tests.into(), texts: texts.into() })))
        } else {
            check.faults.sort();
            check.faults.dedup();
            Err(check.faults)
        }
    }

    /// Whether it is true; unknown is not.
    pub fn holds(&self, facts: &Facts) -> bool {
        // One clause that is false or unknown keeps the whole from being true.
        self.0.tests.iter().all(|test| test.holds(facts, None) == Some(true))
    }

    /// When it holds: the number of the first line that passes the first `lines.exists` that any line passes, or 0 when it looks at the
    /// declaration as a whole.
    pub fn first_match(&self, facts: &Facts) -> Option<u32> {
        first_match(&self.0.tests, facts)
    }

    /// Calls back with the index of every line that passes the `lines.exists` of [`Self::first_match`]; with every line when there is none.
    /// Asked only where the criterion holds.
    pub fn each_line(&self, facts: &Facts, mut found: impl FnMut(usize)) {
        let body = self.first_lines(facts);
        for (index, line) in facts.lines.iter().enumerate() {
            if body.is_none_or(|b| b.holds(facts, Some(line)) == Some(true)) {
                found(index);
            }
        }
    }

    fn first_lines(&self, facts: &Facts) -> Option<&Test> {
        self.0.tests.iter().find_map(|test| test.first_lines(facts))
    }

    /// The clauses that hold, each as written with the values that it saw: for officers and auditors, never for declarants.
    pub fn clauses_matched(&self, facts: &Facts) -> Vec<String> {
        let clauses = self.0.tests.iter().zip(&self.0.texts);
        let held = clauses.filter(|(test, _)| test.holds(facts, None) == Some(true));
        held.map(|(test, text)| {
            let seen = seen::values(test, facts);
            if seen.is_empty() { text.clone() } else { format!("{text} [{seen}]") }
        })
        .collect()
    }
}

/// [`Criterion::first_match`], with every test evaluated at most once unless it has a `lines.exists` below an `||`.
fn first_match(tests: &[Test], facts: &Facts) -> Option<u32> {
    let mut first = None;
    for test in tests {
        if let Test::Lines { every: false, body } = test {
            let line = facts.lines.iter().find(|l| body.holds(facts, Some(l)) == Some(true))?;
            first = first.or(Some(line.line));
        } else if test.holds(facts, None) != Some(true) {
            return None;
        } else if first.is_none()
            && let Some(body) = test.first_lines(facts)
        {
            first = facts.lines.iter().find(|l| body.holds(facts, Some(l)) == Some(true)).map(|l| l.line);
        }
    }
    Some(first.unwrap_or(0))
}

#[cfg(test)]
pub(crate) mod tests;
