//! The text of an expression in pieces: what is in quotes, what is a remark, and the rest.
/// One piece with its place in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'s> {
    /// With its quotes; a prefix such as `r` stands before it as plain characters.
    Quoted(&'s str),
    /// `// ...` without the end of its line.
    Remark,
    Plain(char),
    /// A quotation mark without its partner.
    Open,
}

/// Splits a text as CEL's lexer does: quotes of one or three marks, with escapes unless the text is raw.
pub fn pieces(text: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at;
        let first = rest.chars().next()?;
        if matches!(first, '"' | '\'') {
            let raw = text[..at].ends_with(['r', 'R']);
            let Some(length) = quoted(rest, first, raw) else {
                at = text.len();
                return Some((start, Piece::Open));
            };
            at += length;
            return Some((start, Piece::Quoted(&rest[..length])));
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            return Some((start, Piece::Remark));
        }
        at += first.len_utf8();
        Some((start, Piece::Plain(first)))
    })
}

/// Length of the quoted text that begins here.
fn quoted(rest: &str, mark: char, raw: bool) -> Option<usize> {
    let triple: String = [mark; 3].iter().collect();
    let close = if rest.starts_with(&triple) { triple } else { mark.to_string() };
    let mut at = close.len();
    while let Some(c) = rest.get(at..)?.chars().next() {
        if rest[at..].starts_with(&close) {
            return Some(at + close.len());
        }
        if c == '\n' && close.len() == 1 {
            return None;
        }
        at += c.len_utf8();
        if c == '\\' && !raw {
            at += rest[at..].chars().next()?.len_utf8();
        }
    }
    None
}

/// Operators in one operand; each costs the parser a step of its stack.
const MOST_OPERATORS: u32 = 24;

/// Refuses what would cost the parser its stack or mislead it: an open quote, or an operand with more operators than anyone writes.
pub fn bounded(text: &str) -> Result<(), (usize, String)> {
    let mut operators = 0;
    let mut word = String::new();
    let mut before = ' ';
    for (at, piece) in pieces(text) {
        let c = match piece {
            Piece::Open => return Err((at, "the quotation mark is not closed on its line".to_owned())),
            Piece::Quoted(_) | Piece::Remark => ' ',
            Piece::Plain(c) => c,
        };
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            before = c;
            continue;
        }
        operators += u32::from(word == "in");
        word.clear();
        match c {
            // A lone one is dropped by the parser, which then goes on with the operand.
            '&' | '|' if before == c => operators = 0,
            ',' => operators = 0,
            '.' | '[' | '{' | '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '?' | ':' => operators += 1,
            _ => {}
        }
        before = c;
        if operators > MOST_OPERATORS {
            return Err((at, format!("more than {MOST_OPERATORS} operators in one operand: write it in parts joined by && and ||")));
        }
    }
    Ok(())
}
