//! What tests look at: names, literals, lists and calculations, each with its type.
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use super::{
    check::Check,
    fault::suggestion,
    operand::Operand,
    predicate::{Arithmetic, Number, Text},
    vocabulary::{DECLARATION, LINE, LINES, Name, Read},
};

impl Check<'_> {
    /// A value that tests look at; `None` when a fault was told.
    pub fn operand(&mut self, node: &IdedExpr) -> Option<Operand> {
        let at = self.source.start(node);
        match &node.expr {
            Expr::Ident(name) => self.name(at, name),
            Expr::Select(select) => self.field(node, select),
            Expr::Literal(LiteralValue::Int(n)) => Some(Operand::Number(Number::Literal(*n.inner()))),
            Expr::Literal(LiteralValue::String(text)) => Some(Operand::Literal(text.inner().into())),
            Expr::Literal(LiteralValue::Double(_) | LiteralValue::UInt(_)) => {
                self.complain(at, "numbers are whole and without suffix: amounts have units such as 10^-4 of the currency");
                None
            }
            Expr::List(list) if list.optional_indices.is_empty() => {
                let entries: Vec<Option<Operand>> = list.elements.iter().map(|e| self.operand(e)).collect();
                let entries: Option<Vec<Operand>> = entries.into_iter().collect();
                match Operand::list(entries?) {
                    Ok(list) => Some(list),
                    Err(text) => {
                        self.complain(at, text);
                        None
                    }
                }
            }
            Expr::Call(call) => self.computed(node, call),
            _ => {
                self.complain(at, "this is not supported in a criterion");
                None
            }
        }
    }

    fn name(&mut self, at: usize, name: &str) -> Option<Operand> {
        if self.line.as_deref() == Some(name) {
            self.complain(at, format!("{name} is a line: name one of its facts, as in {name}.commodity"));
            return None;
        }
        if name == LINES {
            return Some(Operand::Lines);
        }
        if let Some(operand) = find(&DECLARATION, name) {
            return Some(operand);
        }
        let text = if LINE.iter().any(|n| n.name == name) {
            format!("{name} is a fact of a line: ask for it as in lines.exists(l, l.{name} ...)")
        } else {
            format!("{name} is not a fact of the declaration{}", suggestion(name, DECLARATION.iter().map(|n| n.name).chain([LINES])))
        };
        self.complain(at, text);
        None
    }

    fn field(&mut self, node: &IdedExpr, select: &SelectExpr) -> Option<Operand> {
        let field = select.field.as_str();
        let at = self.source.start(node);
        match &select.operand.expr {
            Expr::Ident(name) if self.line.as_deref() == Some(name) => {
                let found = find(&LINE, field);
                if found.is_none() {
                    let text = format!("{field} is not a fact of a line{}", suggestion(field, LINE.iter().map(|n| n.name)));
                    self.complain(at, text);
                }
                found
            }
            Expr::Ident(name) if name == LINES => {
                self.complain(at, format!("lines has no {field}: ask as in lines.exists(l, l.{field} ...)"));
                None
            }
            Expr::Ident(name) if !DECLARATION.iter().any(|n| n.name == name) => {
                self.complain(at, format!("{name} is not known here: facts of lines are asked as in lines.exists({name}, {name}.{field} ...)"));
                None
            }
            _ => {
                if self.operand(&select.operand).is_some() {
                    self.complain(at, format!("a fact has no parts: .{field} is not known"));
                }
                None
            }
        }
    }

    fn computed(&mut self, node: &IdedExpr, call: &CallExpr) -> Option<Operand> {
        let at = self.source.start(node);
        let told = match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            ("size", Some(one), []) | ("size", None, [one]) => match self.operand(one)? {
                Operand::Lines => return Some(Operand::Number(Number::Lines)),
                Operand::Text(text) => return Some(Operand::Number(Number::Size(text))),
                other => format!("size() counts lines or the characters of a text, not {}", other.kind().told()),
            },
            ("list", None, [name]) => match self.operand(name)? {
                Operand::Literal(name) => match self.lists.get(&name) {
                    Some(list) => return Some(Operand::Named(name, list.clone())),
                    None => format!("there is no list \"{name}\" in force{}", suggestion(&name, self.lists.names())),
                },
                _ => "list() wants the name of a list in quotes".to_owned(),
            },
            (operators::NEGATE, None, [one]) => match self.operand(one)? {
                Operand::Number(n) => return Some(Operand::Number(Number::Negative(Box::new(n)))),
                other => format!("- wants a number, not {}", other.kind().told()),
            },
            (name, None, [left, right]) if arithmetic(name).is_some() => {
                let (left, right) = (self.operand(left), self.operand(right));
                match (left?, arithmetic(name)?, right?) {
                    (Operand::Number(l), by, Operand::Number(r)) => return Some(Operand::Number(Number::Of(Box::new((l, by, r))))),
                    (l, _, r) => format!("{} and {} cannot be calculated with", l.kind().told(), r.kind().told()),
                }
            }
            (operators::CONDITIONAL, ..) => "? : is not supported: write it with && and ||".to_owned(),
            (operators::INDEX, ..) => "[ ] after a name is not supported: lines are asked with lines.exists and lines.all".to_owned(),
            (name, ..) if name.starts_with(['_', '!', '@']) || is_test(name) => "a test stands where a text or a number is wanted".to_owned(),
            (name, ..) => {
                let known = ["size", "list", "has", "startsWith", "endsWith", "contains", "exists", "all"];
                format!("there is no function {name} with these arguments{}", suggestion(name, known.into_iter().filter(|k| *k != name)))
            }
        };
        self.complain(at, told);
        None
    }
}

fn is_test(name: &str) -> bool {
    matches!(name, "startsWith" | "endsWith" | "contains")
}

fn find(names: &[Name], written: &str) -> Option<Operand> {
    let place = names.iter().position(|n| n.name == written)?;
    let fact = u8::try_from(place).ok()?;
    Some(match names[place].read {
        Read::Text(_) => Operand::Text(Text::Declaration(fact)),
        Read::LineText(_) => Operand::Text(Text::Line(fact)),
        Read::Number(_) => Operand::Number(Number::Declaration(fact)),
        Read::LineNumber(_) => Operand::Number(Number::Line(fact)),
    })
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        _ => return None,
    })
}
