//! The text of an expression: parsing it, and finding places and clauses in it again.
use cel::{
    common::ast::{Expr, IdedExpr, SourceInfo, operators},
    parser::Parser,
};

use super::{
    fault::LanguageFault,
    pieces::{Piece, bounded, pieces},
};

/// A parsed expression with its text.
pub struct Source<'s> {
    text: &'s str,
    places: SourceInfo,
}

/// Nesting that no reasonable criterion needs: deeper ones are refused before they cost stack.
const DEPTH: u16 = 32;

/// Parses the text as CEL.
///
/// # Errors
/// Everything that is not CEL.
pub fn parse(text: &str) -> Result<(IdedExpr, Source<'_>), Vec<LanguageFault>> {
    if let Err((at, said)) = bounded(text) {
        return Err(vec![place(text, at, said)]);
    }
    match Parser::new().max_recursion_depth(DEPTH).parse_with_source_info(text) {
        Ok((expression, places)) => Ok((expression, Source { text, places })),
        Err(errors) => Err(errors
            .errors
            .into_iter()
            .map(|e| {
                let from_one = |n: isize| u32::try_from(n).unwrap_or(0).max(1);
                LanguageFault { line: from_one(e.pos.0), column: from_one(e.pos.1), text: plain(&e.msg) }
            })
            .collect()),
    }
}

/// The parser's complaint as a sentence for someone who has never seen a grammar.
fn plain(message: &str) -> String {
    let quoted = |text: &str| text.split_once('\'').and_then(|(_, rest)| rest.rsplit_once('\'')).map(|(inner, _)| inner.trim().to_owned());
    let (said, _) = message.split_once(" expecting ").unwrap_or((message, ""));
    if said.contains("'<EOF>'") {
        return "the expression ends too early".to_owned();
    }
    if said.contains("Recursion limit") {
        return format!("more than {DEPTH} parentheses, calls and lists within each other");
    }
    match quoted(said) {
        Some(token) if token == "=" => "= is not a test: write ==".to_owned(),
        Some(token) if said.contains("token recognition") => format!("{token} is not understood here"),
        Some(token) if said.starts_with("Syntax error") => format!("{token} is not expected here"),
        _ if said.contains("invalid int literal") => "the number does not fit 64 bits".to_owned(),
        _ if said.contains("has() macro") => "has() asks for a fact of a line, as in has(l.value_per_kg)".to_owned(),
        _ => said.trim_start_matches("Syntax error: ").to_owned(),
    }
}

/// A fault at a place in bytes.
fn place(source: &str, at: usize, text: String) -> LanguageFault {
    let before = source.get(..at).unwrap_or(source);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    LanguageFault { line: narrow(line), column: narrow(column), text }
}

impl Source<'_> {
    /// Where a node's own token stands, in bytes.
    pub fn offset(&self, node: &IdedExpr) -> usize {
        self.places.offset_for(node.id).and_then(|(start, _)| usize::try_from(start).ok()).unwrap_or(0)
    }

    /// Where the text of a node begins: at the token of its leftmost part.
    pub fn start(&self, node: &IdedExpr) -> usize {
        let own = self.offset(node);
        let left = match &node.expr {
            Expr::Select(select) => Some(self.start(&select.operand)),
            Expr::Call(call) => call.target.as_deref().or(call.args.first()).map(|n| self.start(n)),
            Expr::Comprehension(comprehension) => Some(self.start(&comprehension.iter_range)),
            _ => None,
        };
        let start = left.map_or(own, |left| own.min(left));
        // The token of a call is its parenthesis: the name stands before it.
        let before = self.text.get(..start).unwrap_or("");
        if self.text.as_bytes().get(start) == Some(&b'(') {
            before.trim_end().trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len()
        } else {
            start
        }
    }

    /// A fault at a place in bytes.
    pub fn fault(&self, at: usize, text: impl Into<String>) -> LanguageFault {
        place(self.text, at, text.into())
    }

    /// The operands of the outermost `&&`s with their texts, in the order of the source.
    pub fn clauses<'e>(&self, root: &'e IdedExpr) -> Vec<(&'e IdedExpr, String)> {
        let (mut operands, mut cuts) = (Vec::new(), Vec::new());
        self.flatten(root, &mut operands, &mut cuts);
        let begins = std::iter::once(0).chain(cuts.iter().map(|cut| cut + 2));
        let ends = cuts.iter().copied().chain(std::iter::once(self.text.len()));
        let texts: Vec<String> = begins.zip(ends).map(|(from, to)| tidy(self.text.get(from..to).unwrap_or(""))).collect();
        operands.into_iter().zip(texts).collect()
    }

    fn flatten<'e>(&self, node: &'e IdedExpr, operands: &mut Vec<&'e IdedExpr>, cuts: &mut Vec<usize>) {
        match &node.expr {
            Expr::Call(call) if call.func_name == operators::LOGICAL_AND && call.args.len() == 2 => {
                self.flatten(&call.args[0], operands, cuts);
                cuts.push(self.offset(node));
                self.flatten(&call.args[1], operands, cuts);
            }
            _ => operands.push(node),
        }
    }
}

/// One line without comments and without parentheses that were opened or closed outside.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Vec<usize> = Vec::new();
    for (_, piece) in pieces(text) {
        match piece {
            Piece::Quoted(quoted) => out.push_str(quoted),
            Piece::Plain('(') => {
                open.push(out.len());
                out.push('(');
            }
            Piece::Plain(')') => {
                if open.pop().is_some() {
                    out.truncate(out.trim_end_matches(' ').len());
                    out.push(')');
                }
            }
            Piece::Plain(c) if !c.is_whitespace() => out.push(c),
            _ if out.ends_with([' ', '(']) => {}
            _ => out.push(' '),
        }
    }
    for at in open.into_iter().rev() {
        out.remove(at);
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_keep_their_text_without_comments_and_outer_parentheses() {
        let text = "a == r\"x && (\\\" && // first\n  ((b(1) ||\n   c) && d(2) ) && e(  (f) )";
        let (root, source) = parse(text).unwrap();
        let texts: Vec<String> = source.clauses(&root).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["a == r\"x && (\\\"", "(b(1) || c)", "d(2)", "e((f))"]);
    }

    #[test]
    fn what_is_not_the_language_is_said_plainly_with_its_place() {
        let told = |text: &str| parse(text).map(|_| ()).unwrap_err()[0].to_string();
        assert_eq!(told("a =="), "line 1, column 5: the expression ends too early");
        assert_eq!(told("a &&\n  b = 3"), "line 2, column 5: = is not a test: write ==");
        assert_eq!(told("a == 'x &&\n b == 'y'"), "line 1, column 6: the quotation mark is not closed on its line");
        assert_eq!(told("a in ]"), "line 1, column 6: ] is not expected here");
        assert_eq!(told("99999999999999999999 > a"), "line 1, column 1: the number does not fit 64 bits");
        assert_eq!(told("has(a)"), "line 1, column 5: has() asks for a fact of a line, as in has(l.value_per_kg)");
    }
}
