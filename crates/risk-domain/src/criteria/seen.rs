//! The values that a test saw, for whoever may hear them.
use super::predicate::{Number, Test, Text, declared, of_line};
use super::vocabulary::{DECLARATION, LINE};
use crate::facts::{Facts, LineFacts};

/// The facts of a test with their values; for lines those of the first line that passes.
pub fn values(test: &Test, facts: &Facts) -> String {
    let mut seen = Vec::new();
    gather(test, facts, None, &mut seen);
    seen.join(", ")
}

fn note(seen: &mut Vec<String>, text: String) {
    if !seen.contains(&text) {
        seen.push(text);
    }
}

fn gather(test: &Test, facts: &Facts, line: Option<&LineFacts>, seen: &mut Vec<String>) {
    match test {
        Test::Known(_) => {}
        // Of alternatives only those that hold say why.
        Test::Any(tests) => tests.iter().filter(|t| t.holds(facts, line) == Some(true)).for_each(|t| gather(t, facts, line, seen)),
        Test::All(tests) => tests.iter().for_each(|t| gather(t, facts, line, seen)),
        Test::Text { fact, .. } => text(*fact, facts, line, seen),
        Test::Same { left, right, .. } => [left, right].into_iter().for_each(|fact| text(*fact, facts, line, seen)),
        Test::Plain { fact, .. } => number(&Number::Declaration(*fact), facts, line, seen),
        Test::Compare(parts) => [&parts.0, &parts.2].into_iter().for_each(|n| number(n, facts, line, seen)),
        Test::NumberIn { number: n, .. } => number(n, facts, line, seen),
        Test::Has { fact, .. } => number(&Number::Line(*fact), facts, line, seen),
        Test::Lines { every: true, .. } => note(seen, format!("all {} lines", facts.lines.len())),
        Test::Lines { every: false, body } => {
            if let Some(line) = facts.lines.iter().find(|l| body.holds(facts, Some(l)) == Some(true)) {
                note(seen, format!("line {}", line.line));
                gather(body, facts, Some(line), seen);
            }
        }
    }
}

fn text(fact: Text, facts: &Facts, line: Option<&LineFacts>, seen: &mut Vec<String>) {
    let (dot, name) = fact.name();
    note(seen, format!("{dot}{name} = \"{}\"", fact.of(facts, line)));
}

fn number(number: &Number, facts: &Facts, line: Option<&LineFacts>, seen: &mut Vec<String>) {
    match number {
        Number::Literal(_) => {}
        Number::Declaration(fact) => note(seen, format!("{} = {}", DECLARATION[usize::from(*fact)].name, declared(*fact, facts))),
        Number::Line(fact) => {
            let value = line.and_then(|l| of_line(*fact, l)).map_or_else(|| "absent".to_owned(), |n| n.to_string());
            note(seen, format!("l.{} = {value}", LINE[usize::from(*fact)].name));
        }
        Number::Lines => note(seen, format!("size(lines) = {}", facts.lines.len())),
        Number::Size(fact) => text(*fact, facts, line, seen),
        Number::Negative(inner) => self::number(inner, facts, line, seen),
        Number::Of(parts) => [&parts.0, &parts.2].into_iter().for_each(|n| self::number(n, facts, line, seen)),
    }
}
