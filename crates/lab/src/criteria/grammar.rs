//! Expressions drawn from the whole grammar, with literals taken from a declaration so that many of them hold.
use fastrand::Rng;
use risk_domain::{
    Facts, Lists,
    criteria::{
        ListKind,
        vocabulary::{DECLARATION, LINE, Name, Read},
    },
};

/// Draws expressions about one declaration.
pub struct Grammar<'g> {
    pub rng: &'g mut Rng,
    pub facts: &'g Facts,
    pub lists: &'g Lists,
}

impl Grammar<'_> {
    fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.rng.usize(..all.len())]
    }

    /// A test; `line`: within `lines.exists` or `lines.all`.
    pub fn test(&mut self, depth: u32, line: bool) -> String {
        if depth == 0 {
            return self.leaf(line);
        }
        match self.rng.u32(..10) {
            0..3 => format!("({} && {})", self.test(depth - 1, line), self.test(depth - 1, line)),
            3 => format!("{} || {} && {}", self.test(depth - 1, line), self.test(depth - 1, line), self.leaf(line)).replacen("", "(", 1) + ")",
            4 | 5 => format!("({} || {})", self.test(depth - 1, line), self.test(depth - 1, line)),
            6 => format!("!({})", self.test(depth - 1, line)),
            7 | 8 if !line => {
                let how = *self.pick(&["exists", "exists", "all"]);
                format!("lines.{how}(l, {})", self.test(depth - 1, true))
            }
            _ => self.leaf(line),
        }
    }

    fn leaf(&mut self, line: bool) -> String {
        match self.rng.u32(..20) {
            0 => (*self.pick(&["true", "false"])).to_owned(),
            1 if line => format!("{}has(l.value_per_kg)", if self.rng.bool() { "!" } else { "" }),
            2..4 if !line => format!("lines.exists(l, {})", self.leaf(true)),
            4..12 => self.of_text(line),
            _ => self.of_number(line),
        }
    }

    /// A text fact as written with a value of it.
    fn text(&mut self, line: bool) -> (String, String) {
        let of_line = line && self.rng.u8(..3) > 0;
        loop {
            let name: &Name = if of_line { self.pick(&LINE) } else { self.pick(&DECLARATION) };
            match name.read {
                Read::Text(read) => return (name.name.to_owned(), read(self.facts).to_owned()),
                Read::LineText(read) => {
                    let value = self.facts.lines.first().map_or("", read);
                    return (format!("l.{}", name.name), value.to_owned());
                }
                Read::Number(_) | Read::LineNumber(_) => {}
            }
        }
    }

    fn of_text(&mut self, line: bool) -> String {
        let (name, value) = self.text(line);
        let value = if self.rng.u8(..4) == 0 { "X".to_owned() } else { value };
        let chars: Vec<char> = value.chars().collect();
        let cut = if chars.is_empty() { 0 } else { self.rng.usize(1..=chars.len()) };
        let head: String = chars[..cut].iter().collect();
        let tail: String = chars[chars.len() - cut..].iter().collect();
        match self.rng.u32(..9) {
            0 => format!("{name} == '{value}'"),
            1 => format!("\"{value}\" != {name}"),
            2 => format!("{name} {} {}", self.pick(&["==", "!="]), self.text(line).0),
            3 if cut > 0 => format!("{name}.startsWith(\"{head}\")"),
            4 if cut > 0 => format!("{name}.{}(\"{tail}\")", self.pick(&["endsWith", "contains"])),
            5 if line => {
                let lists: Vec<&str> = self.lists.names().collect();
                format!("l.commodity in list(\"{}\")", self.pick(&lists))
            }
            6 => {
                let lists: Vec<&str> = self.lists.names().filter(|n| self.lists.get(n).is_some_and(|l| l.kind == ListKind::Text)).collect();
                format!("{name} in list(\"{}\")", self.pick(&lists))
            }
            7 => format!("{name} in [\"A\", \"{value}\", \"B\", \"C\", \"D\", \"E\"]"),
            _ => format!("{name} in [\"{value}\", \"A\"]"),
        }
    }

    /// A number as written with about its value.
    fn number(&mut self, depth: u32, line: bool) -> (String, i64) {
        if depth > 0 && self.rng.u8(..4) == 0 {
            let ((left, a), (right, b)) = (self.number(depth - 1, line), self.number(depth - 1, line));
            return match self.rng.u32(..6) {
                0 => (format!("({left} - {right})"), a.wrapping_sub(b)),
                1 => (format!("{left} * {right}"), a.wrapping_mul(b)),
                2 => (format!("{left} / {right}"), a.checked_div(b).unwrap_or(0)),
                3 => (format!("{left} % {right}"), a.checked_rem(b).unwrap_or(0)),
                4 => (format!("-{left}"), a.wrapping_neg()),
                _ => (format!("({left} + {right})"), a.wrapping_add(b)),
            };
        }
        match self.rng.u32(..8) {
            0 => ("size(lines)".to_owned(), i64::try_from(self.facts.lines.len()).unwrap_or(0)),
            1 => {
                let (name, value) = self.text(line);
                (format!("size({name})"), i64::try_from(value.chars().count()).unwrap_or(0))
            }
            2 => {
                let n = self.rng.i64(-3..9);
                (n.to_string(), n)
            }
            _ => self.fact(line),
        }
    }

    fn fact(&mut self, line: bool) -> (String, i64) {
        let of_line = line && self.rng.u8(..3) > 0;
        loop {
            let name: &Name = if of_line { self.pick(&LINE) } else { self.pick(&DECLARATION) };
            match name.read {
                Read::Number(read) => return (name.name.to_owned(), read(self.facts)),
                Read::LineNumber(read) => {
                    let value = self.facts.lines.first().and_then(read).unwrap_or(0);
                    return (format!("l.{}", name.name), value);
                }
                Read::Text(_) | Read::LineText(_) => {}
            }
        }
    }

    fn of_number(&mut self, line: bool) -> String {
        let (name, value) = if self.rng.bool() { self.fact(line) } else { self.number(2, line) };
        // Two literals alone make no test.
        let (name, value) = if name.parse::<i64>().is_ok() { self.fact(line) } else { (name, value) };
        let near = value.saturating_add(*self.pick(&[0, 0, 1, -1]));
        let order = *self.pick(&["==", "!=", "<", "<=", ">", ">="]);
        match self.rng.u32(..6) {
            0 => format!("{name} in [{near}, 7]"),
            1 => format!("{near} {order} {name}"),
            2 => format!("{name} {order} {}", self.fact(line).0),
            _ => format!("{name} {order} {near}"),
        }
    }
}
