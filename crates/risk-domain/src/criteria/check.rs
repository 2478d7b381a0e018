//! From the parsed expression to typed predicates: every wrong name, type and construct is told at once.
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use super::{
    fault::LanguageFault,
    lists::Lists,
    operand::Operand,
    predicate::{Number, Order, Test},
    source::Source,
    vocabulary::{DECLARATION, LINE, LINES, MAY_BE_ABSENT},
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
