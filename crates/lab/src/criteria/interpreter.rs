//! The same criteria under the interpreter of the crate `cel`: the anchor of the measurement and the oracle of the differential test.
use std::{any::Any, sync::Arc};

use cel::{
    Context, Env, ExecutionError, Program, Value,
    common::{
        ast::{Expr, LiteralValue},
        traits::{Container, Indexer},
        types::{CelInt, CelList, CelString, Type},
        value::{CowVal, StaticVal, Val},
    },
    parser::Macro,
};
use risk_domain::{
    Facts, LineFacts, Lists,
    criteria::{
        List,
        vocabulary::{DECLARATION, LINE, LINES, Read},
    },
};

/// The standard environment with `list("name")`, which stands for a variable of its own.
///
/// # Panics
/// Never: the standard library has no `list`.
pub fn environment() -> Arc<Env> {
    let mut env = Env::stdlib();
    let list = Macro::global("list", 1, |helper, _, args| match args.first().map(|a| &a.expr) {
        Some(Expr::Literal(LiteralValue::String(name))) => Ok(Some(helper.next_expr(Expr::Ident(variable(name.inner()))))),
        _ => Ok(None),
    });
    assert_eq!(env.add_macro(list), Ok(()));
    Arc::new(env)
}

fn variable(list: &str) -> String {
    format!("list_{list}")
}

/// A program for the interpreter.
///
/// # Panics
/// When the text is not CEL: it was compiled by us before.
pub fn program(env: &Env, source: &str) -> Program {
    env.compile(source).unwrap_or_else(|errors| panic!("{source}: {errors}"))
}

/// All facts of a declaration and all lists as variables.
pub fn context<'v>(env: &Arc<Env>, facts: &'v Facts, lists: &Lists) -> Context<'v, 'v> {
    let mut context = Context::with_env(Arc::clone(env));
    for name in &DECLARATION {
        match name.read {
            Read::Text(read) => context.add_variable_as_val(name.name, Box::new(CelString::from(read(facts)))),
            Read::Number(read) => context.add_variable_as_val(name.name, Box::new(CelInt::from(read(facts)))),
            Read::LineText(_) | Read::LineNumber(_) => {}
        }
    }
    let lines: Vec<Box<dyn Val + 'v>> = facts.lines.iter().map(|line| -> Box<dyn Val + 'v> { Box::new(Line(line)) }).collect();
    context.add_variable_as_val(LINES, Box::new(CelList::from(lines)));
    for name in lists.names() {
        if let Some(list) = lists.get(name) {
            context.add_variable_as_val(variable(name), Box::new(Named(Arc::clone(list))));
        }
    }
    context
}

/// Whether the program is true.
///
/// # Panics
/// When it fails for another reason than an absent number or calculation out of range: then the context is wrong.
pub fn holds(program: &Program, context: &Context<'_, '_>) -> bool {
    match program.execute(context) {
        Ok(Value::Bool(value)) => value,
        Err(ExecutionError::NoSuchKey(_) | ExecutionError::Overflow(..) | ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_)) => {
            false
        }
        other => panic!("{other:?}"),
    }
}

static NAMED: Type = Type::new_unspecified_type("named_list");

/// A named list that answers `in`.
#[derive(Debug)]
struct Named(Arc<List>);

impl Container for Named {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        let text = value.downcast_ref::<CelString<'_>>().ok_or_else(|| ExecutionError::function_error("in", "not a text"))?;
        Ok(self.0.holds(text.inner()))
    }
}

impl Val for Named {
    fn get_type(&self) -> &Type {
        &NAMED
    }
    fn cel_type() -> &'static Type {
        &NAMED
    }
    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(Self(Arc::clone(&self.0)))
    }
    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Named {}

static LINE_TYPE: Type = Type::new_unspecified_type("line");

/// A goods line that is read where it stands, so that the interpreter copies nothing.
#[derive(Debug, Clone, Copy)]
struct Line<'f>(&'f LineFacts);

impl Indexer for Line<'_> {
    fn get<'b, 'v>(&'b self, name: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let name = name.downcast_ref::<CelString<'_>>().map_or("", |n| n.inner());
        let absent = || ExecutionError::no_such_key(name);
        match LINE.iter().find(|n| n.name == name).ok_or_else(absent)?.read {
            Read::LineText(read) => Ok(CowVal::owned(CelString::from(read(self.0)))),
            Read::LineNumber(read) => Ok(CowVal::owned(CelInt::from(read(self.0).ok_or_else(absent)?))),
            Read::Text(_) | Read::Number(_) => Err(absent()),
        }
    }

    fn steal<'v>(self: Box<Self>, name: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(name).map(CowVal::into_owned)
    }
}

impl Val for Line<'_> {
    fn get_type(&self) -> &Type {
        &LINE_TYPE
    }
    fn cel_type() -> &'static Type {
        &LINE_TYPE
    }
    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}
