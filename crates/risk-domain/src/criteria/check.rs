//! From the parsed expression to typed predicates: every wrong name, type and construct is told at once.
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use super::{
    fault::{LanguageFault, suggestion},
    lists::Lists,
    operand::Operand,
    predicate::{Arithmetic, Number, Order, Test, Text},
    source::Source,
    vocabulary::{DECLARATION, LINE, LINES, MAY_BE_ABSENT, Name, Read},
};

/// Walks one expression.
pub struct Check<'c> {
    pub source: &'c Source<'c>,
    pub lists: &'c Lists,
    /// Name of the line within `lines.exists` and `lines.all`.
    pub line: Option<String>,
    pub faults: Vec<LanguageFault>,
}

/// Stands for a part that has a fault; the expression is refused, so it is never evaluated.
const REFUSED: Test = Test::Known(false);

impl Check<'_> {
    pub fn complain(&mut self, at: usize, text: impl Into<String>) {
        self.faults.push(self.source.fault(at, text));
    }

    /// A test; `not`: its opposite.
    pub fn test(&mut self, node: &IdedExpr, not: bool) -> Test {
        match &node.expr {
            Expr::Call(call) => self.call(node, call, not),
            Expr::Comprehension(comprehension) => self.lines(node, comprehension, not),
            Expr::Select(select) if select.test => self.has(node, select, not),
            Expr::Literal(LiteralValue::Boolean(value)) => Test::Known(*value.inner() != not),
            _ => {
                if let Some(operand) = self.operand(node) {
                    let at = self.source.start(node);
                    self.complain(at, format!("{} is not a test: compare it with something", operand.kind().told()));
                }
                REFUSED
            }
        }
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr, not: bool) -> Test {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [left, right]) => {
                let mut tests = Vec::new();
                for side in [left, right] {
                    match (self.test(side, not), (name == operators::LOGICAL_AND) != not) {
                        (Test::All(inner), true) | (Test::Any(inner), false) => tests.extend(inner),
                        (test, _) => tests.push(test),
                    }
                }
                if (name == operators::LOGICAL_AND) == not { Test::Any(tests) } else { Test::All(tests) }
            }
            (operators::LOGICAL_NOT, None, [inner]) => self.test(inner, !not),
            (operators::IN, None, [item, list]) => self.membership(item, list, not),
            ("startsWith" | "endsWith" | "contains", Some(text), [part]) => self.part(name, text, part, not),
            (_, None, [left, right]) if order(name).is_some() => self.comparison(node, (left, order(name).unwrap_or(Order::Equal), right), not),
            (operators::CONDITIONAL, ..) => self.refuse(node, "? : is not supported: write it with && and ||"),
            (operators::INDEX, ..) => self.refuse(node, "[ ] after a name is not supported: lines are asked with lines.exists and lines.all"),
            _ => {
                if let Some(operand) = self.operand(node) {
                    let at = self.source.start(node);
                    self.complain(at, format!("{} is not a test: compare it with something", operand.kind().told()));
                }
                REFUSED
            }
        }
    }

    pub fn refuse(&mut self, node: &IdedExpr, text: &str) -> Test {
        let at = self.source.start(node);
        self.complain(at, text);
        REFUSED
    }

    fn lines(&mut self, node: &IdedExpr, macros: &ComprehensionExpr, not: bool) -> Test {
        let step = match &macros.loop_step.expr {
            Expr::Call(call) if call.args.len() == 2 => Some((call.func_name.as_str(), &call.args[1])),
            _ => None,
        };
        let start = matches!(&macros.accu_init.expr, Expr::Literal(LiteralValue::Boolean(_)));
        let (every, body) = match step {
            Some((operators::LOGICAL_OR, body)) if start => (false, body),
            Some((operators::LOGICAL_AND, body)) if start => (true, body),
            _ => return self.refuse(node, "only lines.exists and lines.all are supported, not exists_one, map or filter"),
        };
        if !matches!(&macros.iter_range.expr, Expr::Ident(name) if name == LINES) {
            return self.refuse(node, "only lines has exists and all");
        }
        if self.line.is_some() {
            return self.refuse(node, "a test of lines cannot stand within another");
        }
        let name = &macros.iter_var;
        if name == LINES || DECLARATION.iter().any(|n| n.name == name) {
            return self.refuse(node, &format!("{name} is a fact of the declaration: give the line another name, such as l"));
        }
        self.line = Some(name.clone());
        let body = self.test(body, not);
        self.line = None;
        Test::Lines { every: every != not, body: Box::new(body) }
    }

    fn has(&mut self, node: &IdedExpr, select: &SelectExpr, not: bool) -> Test {
        let plain = IdedExpr { id: select.operand.id, expr: Expr::Select(SelectExpr { test: false, ..select.clone() }) };
        match self.operand(&plain) {
            Some(Operand::Number(Number::Line(fact))) if LINE[usize::from(fact)].name == MAY_BE_ABSENT => Test::Has { fact, is: !not },
            Some(_) => {
                let at = self.source.start(node);
                let name = &select.field;
                self.complain(at, format!("{name} is always there: ask has() for {MAY_BE_ABSENT} alone, and compare a text with \"\""));
                REFUSED
            }
            None => REFUSED,
        }
    }

    fn membership(&mut self, item: &IdedExpr, list: &IdedExpr, not: bool) -> Test {
        let left = self.operand(item);
        let right = self.operand(list);
        let (Some(left), Some(right)) = (left, right) else { return REFUSED };
        match left.in_list(right, !not) {
            Ok(test) => test,
            Err(text) => {
                let at = self.source.start(item);
                self.complain(at, text);
                REFUSED
            }
        }
    }

    fn part(&mut self, name: &str, text: &IdedExpr, part: &IdedExpr, not: bool) -> Test {
        let (left, right) = (self.operand(text), self.operand(part));
        let (Some(left), Some(right)) = (left, right) else { return REFUSED };
        match left.with_part(name, right, !not) {
            Ok(test) => test,
            Err(told) => {
                let at = self.source.start(text);
                self.complain(at, told);
                REFUSED
            }
        }
    }

    fn comparison(&mut self, node: &IdedExpr, (left, order, right): (&IdedExpr, Order, &IdedExpr), not: bool) -> Test {
        let (one, other) = (self.operand(left), self.operand(right));
        let (Some(one), Some(other)) = (one, other) else { return REFUSED };
        match one.compared(order, other, not) {
            Ok(test) => test,
            Err(text) => {
                let at = self.source.start(node);
                self.complain(at, text);
                REFUSED
            }
        }
    }

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

fn order(name: &str) -> Option<Order> {
    Some(match name {
        operators::EQUALS => Order::Equal,
        operators::NOT_EQUALS => Order::NotEqual,
        operators::LESS => Order::Less,
        operators::LESS_EQUALS => Order::LessOrEqual,
        operators::GREATER => Order::Greater,
        operators::GREATER_EQUALS => Order::GreaterOrEqual,
        _ => return None,
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
