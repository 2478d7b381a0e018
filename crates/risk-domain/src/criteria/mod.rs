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
mod predicate;
mod seen;
mod source;
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
pub struct Criterion(Arc<[Clause]>);

/// One operand of the outermost `&&`s.
#[derive(Debug)]
struct Clause {
    test: Test,
    text: Box<str>,
}

/// Longest expression in bytes.
pub const LONGEST: usize = 16_384;

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
        let clauses: Arc<[Clause]> =
            source.clauses(&root).into_iter().map(|(node, text)| Clause { test: check.test(node, false), text: text.into() }).collect();
        if check.faults.is_empty() {
            Ok(Self(clauses))
        } else {
            check.faults.sort();
            check.faults.dedup();
            Err(check.faults)
        }
    }

    /// Whether it is true; unknown is not.
    pub fn holds(&self, facts: &Facts) -> bool {
        // One clause that is false or unknown keeps the whole from being true.
        self.0.iter().all(|clause| clause.test.holds(facts, None) == Some(true))
    }

    /// When it holds: the number of the first line that passes the first `lines.exists` that any line passes, or 0 when it looks at the
    /// declaration as a whole.
    pub fn first_match(&self, facts: &Facts) -> Option<u32> {
        if !self.holds(facts) {
            return None;
        }
        let Some(body) = self.first_lines(facts) else { return Some(0) };
        facts.lines.iter().find(|l| body.holds(facts, Some(l)) == Some(true)).map(|l| l.line)
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
        self.0.iter().find_map(|clause| clause.test.first_lines(facts))
    }

    /// The clauses that hold, each as written with the values that it saw: for officers and auditors, never for declarants.
    pub fn clauses_matched(&self, facts: &Facts) -> Vec<String> {
        let held = self.0.iter().filter(|clause| clause.test.holds(facts, None) == Some(true));
        held.map(|clause| {
            let seen = seen::values(&clause.test, facts);
            if seen.is_empty() { clause.text.to_string() } else { format!("{} [{seen}]", clause.text) }
        })
        .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
