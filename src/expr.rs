//! Expressions of playbooks: CEL behind one function.
//!
//! An error in an expression is never false: it is returned, and the caller says so on screen. Only the recursive-descent
//! parser of the `cel` crate is used, with caps on source, depth and nodes; the crate's default parser overflows the stack
//! on deep input. Nothing here knows playbooks, records or clocks.

mod compare;
mod parts;
mod threshold;
mod tree;
mod work;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use cel::objects::{Key, Map};
use cel::parser::PrattParser;
use cel::{Context, ExecutionError};
use serde_json::Value;

use crate::model::limits;

pub use threshold::{Metric, Operator, Threshold, threshold};

pub use parts::parts;

/// Names that an expression of a playbook may use.
pub const NAMES: [&str; 19] = [
    "count",
    "rows",
    "value",
    "last",
    "max",
    "sum",
    "exit",
    "stdout",
    "lines",
    "status",
    "body",
    "inputs",
    "severity",
    "mode",
    "decision",
    "result",
    "milestone",
    "incident_id",
    "operator",
];

/// Functions that an expression may call beside the macros and operators of CEL.
pub const FUNCTIONS: [&str; 20] = [
    "distinct",
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "bytes",
    "max",
    "min",
    "type",
    "bool",
    "has",
    "all",
    "exists",
    "exists_one",
    "dyn",
];

/// What is said of an index that a list does not have.
pub const NO_SUCH_ROW: &str = "there is no row of that number";

/// Nesting of brackets and operators while parsing.
const PARSE_DEPTH: u16 = 48;
/// Nodes of one expression.
const NODES: usize = 2_000;
/// Depth of the parsed tree: `1 + 1 + …` nests to the left without any bracket, and evaluation recurses. Without
/// optimisation each level takes some 35 KiB of stack, and a task's thread has 2 MiB.
const TREE_DEPTH: usize = 24;

/// What the loops of one expression may look at, in parts of the expression and rows: some 10,000 rows with a long
/// condition, or 500 rows against 500 others.
const WORK: u64 = 5_000_000;
/// The same where somebody waits for a key.
const WORK_AT_ONCE: u64 = 50_000;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression(IdedExpr);

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// One line, lower case.
    pub message: String,
    /// Byte of the expression's text where it went wrong.
    pub position: usize,
}

/// What the names of an expression stand for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    values: Vec<(String, Value)>,
}

impl Scope {
    /// A scope without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same scope with one more name; a later value of the same name wins.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a name; a later value of the same name wins.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expression, ExprError> {
    let fail = |message: String, position| Err(ExprError { message, position });
    if text.len() > limits::EXPRESSION_BYTES {
        let length = text.len();
        return fail(
            format!(
                "the expression has {length} bytes, at most {} are read",
                limits::EXPRESSION_BYTES
            ),
            0,
        );
    }
    if text.trim().is_empty() {
        return fail("expected an expression, found nothing".into(), 0);
    }
    let parsed = PrattParser::new()
        .max_recursion_depth(PARSE_DEPTH)
        .max_expression_node_count(NODES)
        .parse(text);
    match parsed {
        Ok(mut tree) if depth_within(&tree, TREE_DEPTH) => {
            compare::tighten(&mut tree, false);
            Ok(Expression(tree))
        }
        Ok(_) => fail(
            format!("the expression nests deeper than {TREE_DEPTH} levels"),
            0,
        ),
        Err(errors) => match errors.errors.first() {
            Some(error) => fail(plain_message(&error.msg), byte_of(text, error.pos)),
            None => fail("not an expression".into(), 0),
        },
    }
}

/// Free variables of an expression, sorted: those bound by `exists`, `all`, `map` or `filter` are not among them.
pub fn variables(expression: &Expression) -> Vec<String> {
    let mut found = References::default();
    found.visit(&expression.0, &mut Vec::new());
    found.variables.into_iter().map(str::to_owned).collect()
}

/// Functions an expression calls by name, sorted; operators are not among them.
pub fn functions(expression: &Expression) -> Vec<String> {
    let mut found = References::default();
    found.visit(&expression.0, &mut Vec::new());
    found.functions.into_iter().map(str::to_owned).collect()
}

/// Literal keys that are looked up in a name: `result["a"].count > 0` looks `a` up in `result`.
pub fn keys_of(expression: &Expression, name: &str) -> Vec<String> {
    let mut found = References::default();
    found.visit(&expression.0, &mut Vec::new());
    found
        .keys
        .into_iter()
        .filter(|(variable, _)| *variable == name)
        .map(|(_, key)| key)
        .collect()
}

/// Members that are asked of what literal keys look up in a name: `result["a"].count > 0` asks for `count` of `a`.
pub fn members_of(expression: &Expression, name: &str) -> Vec<(String, String)> {
    let mut found = References::default();
    found.visit(&expression.0, &mut Vec::new());
    let members = found.members.into_iter();
    members
        .filter(|(variable, ..)| *variable == name)
        .map(|(_, key, member)| (key, member))
        .collect()
}

/// True when the expression asks `all()`, which holds for an empty list.
pub fn uses_all(text: &str) -> bool {
    text.match_indices(".all").any(|(at, word)| {
        text.get(at + word.len()..)
            .unwrap_or_default()
            .trim_start()
            .starts_with('(')
    })
}

/// Evaluates an expression where it must not take long. An unknown name, a comparison with null, a missing column: all
/// are errors, never false.
pub fn evaluate(expression: &Expression, scope: &Scope) -> Result<Value, String> {
    resolve(expression, &context(expression, scope, WORK_AT_ONCE)?)
}

/// Evaluates an expression that must be true or false.
pub fn holds(expression: &Expression, scope: &Scope) -> Result<bool, String> {
    evaluate(expression, scope).and_then(truth)
}

/// An expression with a scope made ready once, to be asked again and again with a few names changed. For expressions over
/// rows, away from whoever waits for a key.
pub struct Prepared<'e> {
    expression: &'e Expression,
    context: Context<'static, 'static>,
}

impl<'e> Prepared<'e> {
    /// Makes the scope ready.
    pub fn new(expression: &'e Expression, scope: &Scope) -> Result<Self, String> {
        Ok(Self {
            expression,
            context: context(expression, scope, WORK)?,
        })
    }

    /// Evaluates it; the names given stand before those of the scope.
    pub fn evaluate(&self, names: &Scope) -> Result<Value, String> {
        let mut inner = self.context.new_inner_scope();
        for (name, value) in &names.values {
            inner.add_variable_from_value(name.as_str(), to_cel(value));
        }
        resolve(self.expression, &inner)
    }

    /// The same for one that must be true or false.
    pub fn holds(&self, names: &Scope) -> Result<bool, String> {
        self.evaluate(names).and_then(truth)
    }
}

/// True when an expression has no name to look up: it is the same whatever there is.
pub fn is_constant(expression: &Expression) -> bool {
    variables(expression).is_empty()
}

fn context(
    expression: &Expression,
    scope: &Scope,
    work: u64,
) -> Result<Context<'static, 'static>, String> {
    if work::bound(&expression.0, scope) > work {
        return Err(
            "it goes through too many rows, one loop inside another: count or join them in the query"
                .into(),
        );
    }
    let mut context = Context::default();
    for name in variables(expression) {
        if let Some(value) = scope.get(&name) {
            context.add_variable_from_value(name, to_cel(value));
        }
    }
    let added = context
        .add_function("distinct", distinct)
        .and_then(|()| compare::add_functions(&mut context));
    added.map_err(|error| error.to_string())?;
    Ok(context)
}

fn resolve(expression: &Expression, context: &Context<'_, '_>) -> Result<Value, String> {
    let value = context
        .resolve(&expression.0)
        .map_err(|error| execution_message(&error))?;
    value.json().map_err(|error| error.to_string())
}

fn truth(value: Value) -> Result<bool, String> {
    match value {
        Value::Bool(answer) => Ok(answer),
        other => Err(format!("expected true or false, the expression is {other}")),
    }
}

/// Names, functions and looked-up keys of a tree.
#[derive(Default)]
struct References<'a> {
    variables: BTreeSet<&'a str>,
    functions: BTreeSet<&'a str>,
    keys: Vec<(&'a str, String)>,
    members: Vec<(&'a str, String, String)>,
}

impl<'a> References<'a> {
    fn visit(&mut self, tree: &'a IdedExpr, bound: &mut Vec<&'a str>) {
        self.keys.extend(looked_up(&tree.expr));
        match &tree.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => {
                let name = name.as_str();
                if !name.starts_with('@') && !bound.contains(&name) {
                    self.variables.insert(name);
                }
            }
            Expr::Call(call) => {
                if call
                    .func_name
                    .chars()
                    .next()
                    .is_some_and(char::is_alphabetic)
                {
                    self.functions.insert(&call.func_name);
                }
                if let Some(target) = &call.target {
                    self.visit(target, bound);
                }
                for argument in &call.args {
                    self.visit(argument, bound);
                }
            }
            Expr::Select(select) => {
                if let Some((name, key)) = looked_up(&select.operand.expr) {
                    self.members.push((name, key, select.field.clone()));
                }
                self.visit(&select.operand, bound);
            }
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => {
                for part in tree::children(tree) {
                    self.visit(part, bound);
                }
            }
            Expr::Comprehension(loops) => {
                self.visit(&loops.iter_range, bound);
                self.visit(&loops.accu_init, bound);
                let outer = bound.len();
                bound.push(&loops.iter_var);
                bound.extend(loops.iter_var2.as_deref());
                bound.push(&loops.accu_var);
                self.visit(&loops.loop_cond, bound);
                self.visit(&loops.loop_step, bound);
                self.visit(&loops.result, bound);
                bound.truncate(outer);
            }
        }
    }
}

/// The name in which a literal key is looked up, and the key: `result["a"]` and `result.a`.
fn looked_up(tree: &Expr) -> Option<(&str, String)> {
    match tree {
        Expr::Call(call) if call.func_name == "_[_]" => match call.args.as_slice() {
            [operand, index] => match (&operand.expr, &index.expr) {
                (Expr::Ident(name), Expr::Literal(LiteralValue::String(key))) => {
                    Some((name, key.inner().to_owned()))
                }
                _ => None,
            },
            _ => None,
        },
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) => Some((name, select.field.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn depth_within(tree: &IdedExpr, left: usize) -> bool {
    let Some(left) = left.checked_sub(1) else {
        return false;
    };
    let parts = tree::children(tree);
    parts.into_iter().all(|part| depth_within(part, left))
}

/// `distinct(rows, "column")`: how many different values that are neither null nor empty.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the crate passes arguments of functions by value"
)]
fn distinct(rows: Arc<Vec<cel::Value>>, column: Arc<String>) -> Result<i64, ExecutionError> {
    let fail = |message: String| Err(ExecutionError::function_error("distinct", message));
    let mut seen = BTreeSet::new();
    for row in rows.iter() {
        let cel::Value::Map(row) = row else {
            return fail("expected a list of rows".into());
        };
        let Some(value) = row.map.get(&Key::String(Arc::clone(&column))) else {
            return fail(format!("the rows have no column {column}"));
        };
        match value {
            cel::Value::Null => {}
            cel::Value::String(text) if text.is_empty() => {}
            other => {
                let text = other
                    .json()
                    .map_err(|error| ExecutionError::function_error("distinct", error))?;
                seen.insert(text.to_string());
            }
        }
    }
    Ok(i64::try_from(seen.len()).unwrap_or(i64::MAX))
}

fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(answer) => cel::Value::Bool(*answer),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => cel::Value::Int(whole),
            (None, Some(real)) => cel::Value::Float(real),
            (None, None) => cel::Value::Null,
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(items) => cel::Value::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(members) => {
            let map: HashMap<Key, cel::Value> = members
                .iter()
                .map(|(name, value)| (Key::String(Arc::new(name.clone())), to_cel(value)))
                .collect();
            cel::Value::Map(Map { map: Arc::new(map) })
        }
    }
}

/// The crate's words for a failure, without the values in question: those may be a secret or a whole table.
fn execution_message(error: &ExecutionError) -> String {
    match error {
        ExecutionError::ValuesNotComparable(left, right) => format!(
            "{} cannot be compared with {}",
            type_words(left.type_of()),
            type_words(right.type_of())
        ),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => format!(
            "{} does not work between {} and {}",
            sign(operator),
            type_words(left.type_of()),
            type_words(right.type_of())
        ),
        ExecutionError::NoSuchOverload(_) => overload_message(&error.to_string()),
        ExecutionError::NoSuchKey(key) => format!("nothing here is named {key}"),
        ExecutionError::UndeclaredReference(name) => format!("{name} is not known here"),
        ExecutionError::IndexOutOfBounds(_) => NO_SUCH_ROW.into(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "division by zero".into()
        }
        ExecutionError::FunctionError { function, message } if function.starts_with('@') => {
            message.clone()
        }
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        other => {
            let text = other.to_string();
            text.chars().take(200).collect()
        }
    }
}

/// `found no matching overload for '_>_' applied to '(null_type, int)'`, for people.
fn overload_message(text: &str) -> String {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let operator = quoted.next().unwrap_or_default().trim_matches('_');
    let types = quoted.next().unwrap_or_default();
    let types: Vec<String> = types
        .trim_matches(['(', ')'])
        .split(", ")
        .map(type_words)
        .collect();
    match types.as_slice() {
        [left, right] if ["<", "<=", ">", ">="].contains(&operator) => {
            format!("{left} cannot be compared with {right}")
        }
        [left, right] => format!("{operator} does not work between {left} and {right}"),
        _ => format!("{operator} does not work with {}", types.join(", ")),
    }
}

/// The name of a type, for people.
fn type_words(name: impl std::fmt::Display) -> String {
    let name = name.to_string();
    match name.as_str() {
        "int" | "uint" => "a whole number",
        "float" | "double" => "a number",
        "string" => "a text",
        "bool" => "true or false",
        "list" => "a list",
        "map" => "a map",
        "null" | "null_type" => "NULL",
        other => other,
    }
    .to_owned()
}

/// How an operator is written that the crate calls by a word.
fn sign(operator: &str) -> &str {
    match operator {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        other => other,
    }
}

fn plain_message(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim();
    let line = line.strip_prefix("Syntax error: ").unwrap_or(line);
    line.chars().take(200).collect()
}

/// The byte that a 1-based line and column (in characters) points at.
fn byte_of(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or_default();
    let column = usize::try_from(column - 1).unwrap_or_default();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest
        .char_indices()
        .nth(column)
        .map_or(rest.len(), |(at, _)| at);
    (start + within).min(text.len())
}

#[cfg(test)]
mod tests;
